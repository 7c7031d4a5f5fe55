"""What a storage loses by itself, in the two shapes that FlexMeasures knows."""

from dataclasses import dataclass
from datetime import timedelta
import math

from ..messages.frbc import LeakageBehaviour

# Below this share of explained variance "proportional to the fill level" would be a wrong picture.
_GOOD_FIT = 0.9


@dataclass(frozen=True, slots=True)
class Leakage:
    """The loss of a storage at its present fill level.

    Attributes:
        constant: units of fill level per second.
        proportional: share of what is stored, per second; one of both is 0.
    """

    constant: float
    proportional: float

    def storage_efficiency(self, resolution: timedelta) -> float:
        """Return the share of the stored energy that is left after one step."""
        return math.exp(-self.proportional * resolution.total_seconds())


def leakage_rate(behaviour: LeakageBehaviour | None, level: float) -> float:
    """Return the loss in units per second at a fill level; outside of all ranges that of the nearest one."""
    if behaviour is None:
        return 0.0
    nearest = min(
        behaviour.elements,
        key=lambda element: max(
            element.fill_level_range.lowest - level, level - element.fill_level_range.highest, 0.0
        ),
    )
    return nearest.leakage_rate


def leakage_of(behaviour: LeakageBehaviour | None, empty: float, level: float) -> Leakage:
    """Return the shape of the loss: proportional where the rates grow with the fill level, else constant.

    Args:
        behaviour: what the device says of it; None without any loss.
        empty: fill level at which nothing is stored.
        level: present fill level, whose rate is the constant one.
    """
    proportional = _proportional(behaviour, empty) if behaviour else None
    if proportional is not None:
        return Leakage(0.0, proportional)
    return Leakage(leakage_rate(behaviour, level), 0.0)


def _proportional(behaviour: LeakageBehaviour, empty: float) -> float | None:
    """Return the slope of rate over stored level by least squares through the origin; None when that fits badly."""
    points = [
        (
            (element.fill_level_range.lowest + element.fill_level_range.highest) / 2 - empty,
            element.leakage_rate,
        )
        for element in behaviour.elements
    ]
    squares = sum(stored * stored for stored, _ in points)
    mean = sum(rate for _, rate in points) / len(points)
    spread = sum((rate - mean) ** 2 for _, rate in points)
    if len(points) < 2 or squares == 0 or spread == 0:
        return None
    slope = sum(stored * rate for stored, rate in points) / squares
    missed = sum((rate - slope * stored) ** 2 for stored, rate in points)
    return slope if slope > 0 and 1 - missed / spread > _GOOD_FIT else None
