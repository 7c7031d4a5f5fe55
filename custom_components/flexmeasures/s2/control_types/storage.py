"""The storage of a fill rate based device, made ready for many decisions, and how its fill level moves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ..messages import frbc
from ..messages.components import Commodity
from .energy import derived_capacity_per_unit, mend_discharge_rate
from .modes import Actuator, Element, Mode
from .spans import Span, electric_span, span_of
from .timeline import Timeline

# At a border between two rates that push against each other the level would cross it without end: a crossing takes at
# least this, and a whole forecast at most this many crossings.
_LEAST_CROSSING = 1.0  # s
_MOST_CROSSINGS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What a system description says of one storage and its actuators.

    Attributes:
        levels: from empty to full, in the device's own unit.
        capacity_per_unit: kWh behind one unit; None when neither the user nor the description tells.
        mended: ids of actuators whose discharge rates lacked their sign.
        unplanned: ids of actuators that also use something else than electricity.
    """

    actuators: tuple[Actuator, ...]
    levels: Span
    capacity_per_unit: float | None
    mended: frozenset[str]
    unplanned: frozenset[str]

    @classmethod
    def of(
        cls, description: frbc.SystemDescription, capacity_per_unit: float | None, *, lenient: bool
    ) -> Storage:
        """Return the storage of a description.

        Args:
            description: as the RM sent it.
            capacity_per_unit: kWh behind one unit, where the user knows it.
            lenient: whether to give discharge rates the sign that they lack.
        """
        plain = tuple(_actuator(part, lenient=False) for part in description.actuators)
        actuators = (
            tuple(_actuator(part, lenient=True) for part in description.actuators)
            if lenient
            else plain
        )
        return cls(
            actuators=actuators,
            levels=Span(
                description.storage.fill_level_range.lowest,
                description.storage.fill_level_range.highest,
            ),
            capacity_per_unit=capacity_per_unit or derived_capacity_per_unit(actuators),
            mended=frozenset(
                new.id for new, old in zip(actuators, plain, strict=True) if new != old
            ),
            unplanned=frozenset(
                part.id for part in description.actuators if _uses_other_commodities(part)
            ),
        )

    def energy(self, level: float) -> float | None:
        """Return the kWh stored at a fill level, within the storage; None while nothing tells."""
        if self.capacity_per_unit is None:
            return None
        return (self.levels.clamp(level) - self.levels.low) * self.capacity_per_unit

    def actuator(self, actuator_id: str) -> Actuator | None:
        """Return the actuator of an id."""
        for part in self.actuators:
            if part.id == actuator_id:
                return part
        return None


def _actuator(description: frbc.ActuatorDescription, *, lenient: bool) -> Actuator:
    # What runs on fuel as well may give electricity while it fills the storage with heat.
    mend = lenient and set(description.supported_commodities) <= {Commodity.ELECTRICITY}
    return Actuator.of(
        description.id,
        (
            Mode(
                mode.id,
                order,
                mode.abnormal_condition_only,
                tuple(_element(element, mend=mend) for element in mode.elements),
            )
            for order, mode in enumerate(description.operation_modes)
        ),
        description.transitions,
        description.timers,
    )


def _element(element: frbc.OperationModeElement, *, mend: bool) -> Element:
    levels = span_of(element.fill_level_range)
    plain = Element(
        levels.low, levels.high, electric_span(element.power_ranges), span_of(element.fill_rate)
    )
    return mend_discharge_rate(plain) if mend else plain


def _uses_other_commodities(description: frbc.ActuatorDescription) -> bool:
    return any(
        not power.commodity_quantity.is_electric and power.highest > 0
        for mode in description.operation_modes
        for element in mode.elements
        for power in element.power_ranges
    )


class Movement(NamedTuple):
    """How a fill level moves where it is.

    Attributes:
        rate: units per second, without usage.
        low: down to where the rate stays.
        high: up to where the rate stays.
    """

    rate: float
    low: float
    high: float


def move(
    level: float,
    span: tuple[datetime, datetime],
    usage: Timeline[float],
    movement: Callable[[float], Movement],
    levels: Span,
) -> float:
    """Return the fill level at the end of a span of time; exact while rates are constant between borders.

    Args:
        level: at the begin.
        span: begin and end.
        usage: units taken per second.
        movement: what actuators and leakage do at a level.
        levels: from empty to full; the level stays within.
    """
    begin, end = span
    time = begin
    while time < end:
        until, here = end, movement(level)
        rate = here.rate
        if usage:
            until = min(end, usage.next_change(time) or end)
            rate -= usage.at(time) or 0.0
        if rate:
            seconds = (until - time).total_seconds()
            crossing = ((here.high if rate > 0 else here.low) - level) / rate
            if crossing < seconds:
                least = (end - begin).total_seconds() / _MOST_CROSSINGS
                seconds = min(seconds, max(crossing, least, _LEAST_CROSSING))
                until = time + timedelta(seconds=seconds)
            level = levels.clamp(level + rate * seconds)
        time = until
    return level
