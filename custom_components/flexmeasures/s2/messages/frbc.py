"""Fill rate based control: devices that store, such as a battery, an electric car or a tank of warm water.

A fill level has the unit that the device gives it (%, °C, kWh …); rates are in that unit per second.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from .components import (
    Commodity,
    Expectation,
    Identifier,
    Label,
    Message,
    NumberRange,
    OperationModeInstruction,
    OperationModeStatus,
    OperationModeTimerStatus,
    PowerRange,
    Timer,
    Transition,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationModeElement:
    """What an operation mode does while the fill level is within a range.

    Attributes:
        fill_rate: change of the fill level per second, from factor 0 to factor 1.
        power_ranges: from factor 0 to factor 1, one for each quantity.
        running_costs: per second, in the device's currency, without the commodity; uncertainty, not tied to the factor.
    """

    fill_level_range: NumberRange = field(metadata={"bounds": True})
    fill_rate: NumberRange
    power_ranges: tuple[PowerRange, ...]
    running_costs: NumberRange | None = field(default=None, metadata={"bounds": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationMode:
    """One way in which an actuator can run; its elements cover adjoining ranges of the fill level."""

    id: Identifier
    elements: tuple[OperationModeElement, ...]
    abnormal_condition_only: bool
    diagnostic_label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorDescription:
    """What fills or empties the storage."""

    id: Identifier
    supported_commodities: tuple[Commodity, ...]
    operation_modes: tuple[OperationMode, ...]
    transitions: tuple[Transition, ...]
    timers: tuple[Timer, ...]
    diagnostic_label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageDescription:
    """What is filled.

    Attributes:
        fill_level_range: outside of it the device may ignore instructions.
        fill_level_label: the unit of the fill level in the device's words.
    """

    fill_level_range: NumberRange = field(metadata={"bounds": True})
    provides_leakage_behaviour: bool
    provides_fill_level_target_profile: bool
    provides_usage_forecast: bool
    diagnostic_label: Label | None = None
    fill_level_label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemDescription(Message):
    """Actuators on one storage, valid from a moment on until the next description takes over."""

    message_type: ClassVar[str] = "FRBC.SystemDescription"

    valid_from: datetime
    actuators: tuple[ActuatorDescription, ...]
    storage: StorageDescription


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorStatus(OperationModeStatus):
    """How an actuator runs."""

    message_type: ClassVar[str] = "FRBC.ActuatorStatus"

    actuator_id: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageStatus(Message):
    """How full the storage is."""

    message_type: ClassVar[str] = "FRBC.StorageStatus"

    present_fill_level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerStatus(OperationModeTimerStatus):
    """When a timer of an actuator ends; in the future while it runs."""

    message_type: ClassVar[str] = "FRBC.TimerStatus"

    actuator_id: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakageBehaviourElement:
    """Loss while the fill level is within a range; positive means that the fill level falls."""

    fill_level_range: NumberRange = field(metadata={"bounds": True})
    leakage_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakageBehaviour(Message):
    """What the storage loses by itself; its elements cover adjoining ranges of the fill level."""

    message_type: ClassVar[str] = "FRBC.LeakageBehaviour"

    valid_from: datetime
    elements: tuple[LeakageBehaviourElement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageForecastElement(Expectation):
    """What is taken from the storage for a while; positive means that the fill level falls."""

    wire_prefix: ClassVar[str] = "usage_rate_"

    duration: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageForecast(Message):
    """What will be taken from the storage, element after element from the start time."""

    message_type: ClassVar[str] = "FRBC.UsageForecast"

    start_time: datetime
    elements: tuple[UsageForecastElement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FillLevelTargetProfileElement:
    """The range that the fill level should be in for a while."""

    duration: timedelta
    fill_level_range: NumberRange = field(metadata={"bounds": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class FillLevelTargetProfile(Message):
    """The ranges that the fill level should be in, element after element from the start time."""

    message_type: ClassVar[str] = "FRBC.FillLevelTargetProfile"

    start_time: datetime
    elements: tuple[FillLevelTargetProfileElement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction(OperationModeInstruction):
    """Run an actuator in this operation mode, at this factor."""

    message_type: ClassVar[str] = "FRBC.Instruction"

    actuator_id: Identifier
    # The only instruction whose operation mode the standard calls otherwise.
    operation_mode_id: Identifier = field(metadata={"wire_name": "operation_mode"})
