"""What a session tells besides the messages of the device."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .messages.components import ControlType, Instruction, Label, Message
from .messages.session import ReceptionStatusValue, ResourceManagerDetails


class CloseReason(StrEnum):
    """Why a session ended."""

    DEVICE_TERMINATED = "device_terminated"
    DEVICE_RECONNECTS = "device_reconnects"
    CONNECTION_LOST = "connection_lost"
    REPLACED = "replaced"
    STOPPED = "stopped"
    NO_VERSION = "no_version"
    NOT_IDENTIFIED = "not_identified"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    REFUSED_BY_DEVICE = "refused_by_device"
    ANOTHER_DEVICE = "another_device"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChosen:
    """The session speaks this version.

    Attributes:
        version: as the device spells it.
        spoken: False when it is none that we know.
    """

    version: str
    spoken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """The device said who it is, for the first time or again with other details."""

    details: ResourceManagerDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTypeActivated:
    """The device follows this control type from now on; nothing of an earlier one holds any more."""

    control_type: ControlType


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTypeDeactivated:
    """The device does not follow this control type any more; all that it said within it is void."""

    control_type: ControlType


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTypeRefused:
    """The device does not want to follow a control type that it called available."""

    control_type: ControlType
    status: ReceptionStatusValue


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionAnswered:
    """The device received an instruction; anything but OK means that it will not follow it.

    Attributes:
        status: None when no answer came in time. Some devices never answer, so it says nothing about the instruction.
    """

    instruction: Instruction
    status: ReceptionStatusValue | None
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionRevoked:
    """An instruction that was still to come has been taken back, because it lost its ground or we want it so."""

    instruction: Instruction


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The session ended, and its connection is to be closed after what is still to be sent."""

    reason: CloseReason


type SessionEvent = (
    VersionChosen
    | Identified
    | ControlTypeActivated
    | ControlTypeDeactivated
    | ControlTypeRefused
    | InstructionAnswered
    | InstructionRevoked
    | Closed
)

# Messages of the device that passed all checks are events themselves: descriptions, statuses, forecasts, measurements,
# RevokeObject, InstructionStatusUpdate. Those of a control type come between its activation and its deactivation.
type Event = Message | SessionEvent


class Output(NamedTuple):
    """What to send, in this order, and then what happened, in this order."""

    texts: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
