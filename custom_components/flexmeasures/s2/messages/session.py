"""Messages of every session, whatever the control type."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from .components import (
    Commodity,
    CommodityQuantity,
    ControlType,
    Identifier,
    Label,
    Message,
    PowerForecastValue,
    PowerValue,
)

# What a ReceptionStatus names when the message it answers has no readable name.
NIL_IDENTIFIER = "00000000-0000-0000-0000-000000000000"


class EnergyManagementRole(StrEnum):
    """The two sides of a session."""

    CEM = "CEM"
    RM = "RM"


class RoleType(StrEnum):
    """What a device does with a commodity."""

    ENERGY_PRODUCER = "ENERGY_PRODUCER"
    ENERGY_CONSUMER = "ENERGY_CONSUMER"
    ENERGY_STORAGE = "ENERGY_STORAGE"


class SessionRequestType(StrEnum):
    """What becomes of the connection."""

    RECONNECT = "RECONNECT"
    TERMINATE = "TERMINATE"


class ReceptionStatusValue(StrEnum):
    """What became of a received message."""

    OK = "OK"
    INVALID_DATA = "INVALID_DATA"
    INVALID_MESSAGE = "INVALID_MESSAGE"
    INVALID_CONTENT = "INVALID_CONTENT"
    TEMPORARY_ERROR = "TEMPORARY_ERROR"
    PERMANENT_ERROR = "PERMANENT_ERROR"


class InstructionStatus(StrEnum):
    """How far a device is with an instruction."""

    NEW = "NEW"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    REVOKED = "REVOKED"
    STARTED = "STARTED"
    SUCCEEDED = "SUCCEEDED"
    ABORTED = "ABORTED"

    @property
    def is_final(self) -> bool:
        """True when nothing more will come of the instruction."""
        return self in {self.REJECTED, self.REVOKED, self.SUCCEEDED, self.ABORTED}


class RevokableObject(StrEnum):
    """What can be taken back.

    The last four stand in the standard's text and not in its schema: they are accepted and never sent.
    """

    PEBC_POWER_CONSTRAINTS = "PEBC.PowerConstraints"
    PEBC_ENERGY_CONSTRAINT = "PEBC.EnergyConstraint"
    PEBC_INSTRUCTION = "PEBC.Instruction"
    PPBC_POWER_PROFILE_DEFINITION = "PPBC.PowerProfileDefinition"
    PPBC_SCHEDULE_INSTRUCTION = "PPBC.ScheduleInstruction"
    PPBC_START_INTERRUPTION_INSTRUCTION = "PPBC.StartInterruptionInstruction"
    PPBC_END_INTERRUPTION_INSTRUCTION = "PPBC.EndInterruptionInstruction"
    OMBC_SYSTEM_DESCRIPTION = "OMBC.SystemDescription"
    OMBC_INSTRUCTION = "OMBC.Instruction"
    FRBC_SYSTEM_DESCRIPTION = "FRBC.SystemDescription"
    FRBC_INSTRUCTION = "FRBC.Instruction"
    DDBC_SYSTEM_DESCRIPTION = "DDBC.SystemDescription"
    DDBC_INSTRUCTION = "DDBC.Instruction"
    FRBC_LEAKAGE_BEHAVIOUR = "FRBC.LeakageBehaviour"
    FRBC_USAGE_FORECAST = "FRBC.UsageForecast"
    FRBC_FILL_LEVEL_TARGET_PROFILE = "FRBC.FillLevelTargetProfile"
    DDBC_AVERAGE_DEMAND_RATE_FORECAST = "DDBC.AverageDemandRateForecast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake(Message):
    """The first message of each side; a resource manager has to offer versions in it."""

    message_type: ClassVar[str] = "Handshake"

    role: EnergyManagementRole
    supported_protocol_versions: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeResponse(Message):
    """The version that the energy manager chose among those offered."""

    message_type: ClassVar[str] = "HandshakeResponse"

    selected_protocol_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What the device does with one commodity."""

    role: RoleType
    commodity: Commodity


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceManagerDetails(Message):
    """What the device is and can.

    Attributes:
        resource_id: the device's lasting name; message names change, this one does not.
        instruction_processing_delay: how long it takes from an instruction to what it asks for.
        currency: of all its costs; None when it publishes none.
    """

    message_type: ClassVar[str] = "ResourceManagerDetails"

    resource_id: Identifier
    roles: tuple[Role, ...]
    instruction_processing_delay: timedelta
    available_control_types: tuple[ControlType, ...]
    provides_forecast: bool
    provides_power_measurement_types: tuple[CommodityQuantity, ...]
    name: Label | None = None
    manufacturer: Label | None = None
    model: Label | None = None
    serial_number: Label | None = None
    firmware_version: Label | None = None
    currency: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectControlType(Message):
    """The energy manager's choice among the available control types."""

    message_type: ClassVar[str] = "SelectControlType"

    control_type: ControlType


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest(Message):
    """The wish to end the session, for good or to begin a new one."""

    message_type: ClassVar[str] = "SessionRequest"

    request: SessionRequestType
    diagnostic_label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptionStatus:
    """The one answer to every other message; it has no name itself and is never answered."""

    message_type: ClassVar[str] = "ReceptionStatus"

    subject_message_id: Identifier
    status: ReceptionStatusValue
    diagnostic_label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeObject(Message):
    """Take back a description or an instruction.

    Attributes:
        object_id: the object's own name, or that of the message that brought it: devices use both.
    """

    message_type: ClassVar[str] = "RevokeObject"

    object_type: RevokableObject
    object_id: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionStatusUpdate(Message):
    """How far the device is with an instruction; many devices never send one."""

    message_type: ClassVar[str] = "InstructionStatusUpdate"

    instruction_id: Identifier
    status_type: InstructionStatus
    timestamp: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerMeasurement(Message):
    """Power at the device's grid connection."""

    message_type: ClassVar[str] = "PowerMeasurement"

    measurement_timestamp: datetime
    values: tuple[PowerValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerForecastElement:
    """The power that is expected for a while."""

    duration: timedelta
    power_values: tuple[PowerForecastValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerForecast(Message):
    """Power that the device expects, element after element from the start time."""

    message_type: ClassVar[str] = "PowerForecast"

    start_time: datetime
    elements: tuple[PowerForecastElement, ...]
