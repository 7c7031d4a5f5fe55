"""What a site's connection leaves beside all that is planned, so that a device may deviate from its plan a little."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
import math

from .schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSeries:
    """Power that is not planned, per step.

    Attributes:
        start: of the first step; aware.
        resolution: length of a step.
        powers: W, consumption positive; None where nothing is known.
    """

    start: datetime
    resolution: timedelta
    powers: tuple[float | None, ...]

    def power_at(self, time: datetime) -> float | None:
        """Return the W at a time; None where nothing is known."""
        index = (time - self.start) // self.resolution
        return self.powers[index] if 0 <= index < len(self.powers) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConnection:
    """What may be taken from the grid and given to it, and what is not planned.

    Attributes:
        consumption: W at most; None without limit.
        production: W at most, positive; None without limit.
        others: power that is foreseen and not planned.
    """

    consumption: float | None = None
    production: float | None = None
    others: tuple[PowerSeries, ...] = ()

    def leeway(self, planned: Schedule, together: Sequence[Schedule]) -> tuple[float, ...]:
        """Return the W per step by which a device may consume or produce more than planned.

        What the connection leaves is shared equally, since all devices may deviate at once.

        Args:
            planned: the device's own schedule, which is one of those.
            together: all schedules of the site.

        Returns:
            0 where a power is not known; infinite without limits.
        """
        if self.consumption is None and self.production is None:
            return (math.inf,) * len(planned.powers)
        series: tuple[Schedule | PowerSeries, ...] = (*together, *self.others)
        finest = min(each.resolution for each in series)
        return tuple(
            min(
                self._left(series, step.start + part * finest)
                for part in range(max(1, (step.end - step.start) // finest))
            )
            / len(together)
            for step in planned.steps()
        )

    def _left(self, series: Sequence[Schedule | PowerSeries], time: datetime) -> float:
        powers = [each.power_at(time) for each in series]
        known = [power for power in powers if power is not None]
        if len(known) < len(powers):
            return 0.0
        net = sum(known)
        left = (
            math.inf if self.consumption is None else self.consumption - net,
            math.inf if self.production is None else self.production + net,
        )
        return max(0.0, min(left))
