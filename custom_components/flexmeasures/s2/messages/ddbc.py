"""Demand driven based control: devices that meet a demand in one of several ways, such as a hybrid heat pump.

A demand and a supply have the unit that the device gives them, per second.
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
class OperationMode:
    """One way in which an actuator can meet the demand.

    Attributes:
        power_ranges: from factor 0 to factor 1, one for each quantity.
        supply_range: from factor 0 to factor 1.
        running_costs: per second, in the device's currency, without the commodity; uncertainty, not tied to the factor.
    """

    id: Identifier = field(metadata={"wire_name": "Id"})
    power_ranges: tuple[PowerRange, ...]
    supply_range: NumberRange
    abnormal_condition_only: bool
    diagnostic_label: Label | None = None
    running_costs: NumberRange | None = field(default=None, metadata={"bounds": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorDescription:
    """What meets the demand, alone or with others."""

    id: Identifier
    # The name on the wire is the standard's own typing error.
    supported_commodities: tuple[Commodity, ...] = field(
        metadata={"wire_name": "supported_commodites"}
    )
    operation_modes: tuple[OperationMode, ...]
    transitions: tuple[Transition, ...]
    timers: tuple[Timer, ...]
    diagnostic_label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemDescription(Message):
    """Actuators that meet one demand, valid from a moment on until the next description takes over.

    Attributes:
        present_demand_rate: None from version 1.0.0 on, which has a message of its own for it.
    """

    message_type: ClassVar[str] = "DDBC.SystemDescription"

    valid_from: datetime
    actuators: tuple[ActuatorDescription, ...]
    provides_average_demand_rate_forecast: bool
    present_demand_rate: NumberRange | None = field(default=None, metadata={"bounds": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentDemandStatus(Message):
    """The demand now; from version 1.0.0 on."""

    message_type: ClassVar[str] = "DDBC.PresentDemandStatus"

    present_demand_rate: NumberRange = field(metadata={"bounds": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorStatus(OperationModeStatus):
    """How an actuator runs."""

    message_type: ClassVar[str] = "DDBC.ActuatorStatus"

    actuator_id: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerStatus(OperationModeTimerStatus):
    """When a timer of an actuator ends; in the future while it runs."""

    message_type: ClassVar[str] = "DDBC.TimerStatus"

    actuator_id: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageDemandRateForecastElement(Expectation):
    """The demand that is expected for a while."""

    wire_prefix: ClassVar[str] = "demand_rate_"

    duration: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageDemandRateForecast(Message):
    """The demand that is expected, element after element from the start time."""

    message_type: ClassVar[str] = "DDBC.AverageDemandRateForecast"

    start_time: datetime
    elements: tuple[AverageDemandRateForecastElement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction(OperationModeInstruction):
    """Run an actuator in this operation mode, at this factor."""

    message_type: ClassVar[str] = "DDBC.Instruction"

    actuator_id: Identifier
