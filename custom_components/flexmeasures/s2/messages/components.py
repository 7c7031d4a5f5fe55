"""What several S2 messages are made of. Names are those of the standard; numbers keep the units of the wire.

Power is in W and consumption positive, rates are per second, times are aware UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

# An S2 identifier as the device wrote it; never a UUID object, because many devices use other words.
type Identifier = str

# Words for people from a device: one line, without markup, at most 200 characters.
type Label = str

# From 0 to 1: where in its ranges an operation mode runs.
type Factor = float


class ControlType(StrEnum):
    """How a device lets itself be controlled."""

    POWER_ENVELOPE_BASED_CONTROL = "POWER_ENVELOPE_BASED_CONTROL"
    POWER_PROFILE_BASED_CONTROL = "POWER_PROFILE_BASED_CONTROL"
    OPERATION_MODE_BASED_CONTROL = "OPERATION_MODE_BASED_CONTROL"
    FILL_RATE_BASED_CONTROL = "FILL_RATE_BASED_CONTROL"
    DEMAND_DRIVEN_BASED_CONTROL = "DEMAND_DRIVEN_BASED_CONTROL"
    NOT_CONTROLABLE = "NOT_CONTROLABLE"
    NO_SELECTION = "NO_SELECTION"


class Commodity(StrEnum):
    """What flows through a device."""

    GAS = "GAS"
    HEAT = "HEAT"
    ELECTRICITY = "ELECTRICITY"
    OIL = "OIL"


class CommodityQuantity(StrEnum):
    """What a power value measures; each has one unit."""

    ELECTRIC_POWER_L1 = "ELECTRIC.POWER.L1"
    ELECTRIC_POWER_L2 = "ELECTRIC.POWER.L2"
    ELECTRIC_POWER_L3 = "ELECTRIC.POWER.L3"
    ELECTRIC_POWER_3_PHASE_SYMMETRIC = "ELECTRIC.POWER.3_PHASE_SYMMETRIC"
    NATURAL_GAS_FLOW_RATE = "NATURAL_GAS.FLOW_RATE"
    HYDROGEN_FLOW_RATE = "HYDROGEN.FLOW_RATE"
    HEAT_TEMPERATURE = "HEAT.TEMPERATURE"
    HEAT_FLOW_RATE = "HEAT.FLOW_RATE"
    HEAT_THERMAL_POWER = "HEAT.THERMAL_POWER"
    OIL_FLOW_RATE = "OIL.FLOW_RATE"

    @property
    def is_electric(self) -> bool:
        """True when it is electric power in W."""
        return self.value.startswith("ELECTRIC.")

    @property
    def unit(self) -> str:
        """The unit of its values on the wire."""
        return "W" if self.is_electric else _UNITS[self]


_UNITS = {
    CommodityQuantity.NATURAL_GAS_FLOW_RATE: "L/s",
    CommodityQuantity.HYDROGEN_FLOW_RATE: "g/s",
    CommodityQuantity.HEAT_TEMPERATURE: "°C",
    CommodityQuantity.HEAT_FLOW_RATE: "L/s",
    CommodityQuantity.HEAT_THERMAL_POWER: "W",
    CommodityQuantity.OIL_FLOW_RATE: "L/h",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of the standard.

    Attributes:
        message_id: its name, for the ReceptionStatus that answers it.
    """

    message_type: ClassVar[str]

    message_id: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What the energy manager tells a device to do.

    Attributes:
        id: its name, also used as the message's: devices mix the two up.
        execution_time: aware; in the past it means as soon as possible.
        abnormal_condition: whether what is reserved for abnormal conditions may be used.
    """

    message_type: ClassVar[str]

    id: Identifier
    execution_time: datetime
    abnormal_condition: bool = False

    @property
    def message_id(self) -> Identifier:
        """The name of the message that carries it."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """Two numbers and what lies between.

    Where a factor chooses (fill rate, supply), the start belongs to factor 0 and the end to factor 1, so the start may
    be the larger one. Where it bounds something (fill level, limits, costs), the start is never above the end.
    """

    start_of_range: float
    end_of_range: float

    @property
    def lowest(self) -> float:
        """The smaller of its ends."""
        return min(self.start_of_range, self.end_of_range)

    @property
    def highest(self) -> float:
        """The larger of its ends."""
        return max(self.start_of_range, self.end_of_range)

    def at(self, factor: float) -> float:
        """Return the number that belongs to a factor: linear from start to end."""
        return self.start_of_range + factor * (self.end_of_range - self.start_of_range)

    def contains(self, number: float) -> bool:
        """Tell whether the number lies between the ends; both belong to the range."""
        return self.lowest <= number <= self.highest


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRange(NumberRange):
    """The power of an operation mode: the start at factor 0, the end at factor 1."""

    commodity_quantity: CommodityQuantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerValue:
    """A power at one moment or over one element, in the unit of its quantity."""

    commodity_quantity: CommodityQuantity
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A value that is expected, and how far off it may be.

    Attributes:
        wire_prefix: what every name of these begins with on the wire: usage_rate_ makes usage_rate_expected.
        upper_limit: the value is certainly not above.
        upper_95_ppr: upper end of the range that holds the value with a probability of 95 %.
    """

    wire_prefix: ClassVar[str]

    expected: float = field(metadata={"wire_suffix": "expected"})
    upper_limit: float | None = field(default=None, metadata={"wire_suffix": "upper_limit"})
    upper_95_ppr: float | None = field(default=None, metadata={"wire_suffix": "upper_95PPR"})
    upper_68_ppr: float | None = field(default=None, metadata={"wire_suffix": "upper_68PPR"})
    lower_68_ppr: float | None = field(default=None, metadata={"wire_suffix": "lower_68PPR"})
    lower_95_ppr: float | None = field(default=None, metadata={"wire_suffix": "lower_95PPR"})
    lower_limit: float | None = field(default=None, metadata={"wire_suffix": "lower_limit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerForecastValue(Expectation):
    """A power that is expected, in the unit of its quantity."""

    wire_prefix: ClassVar[str] = "value_"

    commodity_quantity: CommodityQuantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A permitted change from one operation mode to another.

    Attributes:
        start_timers: timers that (re)start when the change starts.
        blocking_timers: timers that forbid the change while they run.
        transition_costs: in the device's currency.
    """

    id: Identifier
    from_id: Identifier = field(metadata={"wire_name": "from"})
    to_id: Identifier = field(metadata={"wire_name": "to"})
    start_timers: tuple[Identifier, ...]
    blocking_timers: tuple[Identifier, ...]
    abnormal_condition_only: bool
    transition_costs: float | None = None
    transition_duration: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A time that has to pass before some transitions are possible again."""

    id: Identifier
    duration: timedelta
    diagnostic_label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationModeStatus(Message):
    """Which operation mode runs, and since when.

    Attributes:
        previous_operation_mode_id: None while the device has known no other.
        transition_timestamp: when the change to the present mode began.
    """

    active_operation_mode_id: Identifier
    operation_mode_factor: Factor
    previous_operation_mode_id: Identifier | None = None
    transition_timestamp: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationModeTimerStatus(Message):
    """When a timer ends; in the future while it runs."""

    timer_id: Identifier
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationModeInstruction(Instruction):
    """Run in this operation mode, at this factor."""

    operation_mode_id: Identifier
    operation_mode_factor: Factor


def total_electric_power(values: Iterable[PowerValue]) -> float | None:
    """Return the W of all phases together; None when no value is electric.

    The value of 3_PHASE_SYMMETRIC is the total of three phases already, so it wins over single phases beside it.
    """
    return _total({value.commodity_quantity: value.value for value in values})


def total_electric_range(ranges: Iterable[PowerRange]) -> NumberRange | None:
    """Return the W of all phases together, from factor 0 to factor 1; None when no range is electric."""
    by_quantity = {power.commodity_quantity: power for power in ranges}
    start = _total({name: power.start_of_range for name, power in by_quantity.items()})
    end = _total({name: power.end_of_range for name, power in by_quantity.items()})
    if start is None or end is None:
        return None
    return NumberRange(start_of_range=start, end_of_range=end)


def _total(values: dict[CommodityQuantity, float]) -> float | None:
    symmetric = values.get(CommodityQuantity.ELECTRIC_POWER_3_PHASE_SYMMETRIC)
    if symmetric is not None:
        return symmetric
    phases = [value for quantity, value in values.items() if quantity.is_electric]
    return sum(phases) if phases else None
