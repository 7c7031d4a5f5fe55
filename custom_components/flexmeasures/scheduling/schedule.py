"""The time line of one flexible device."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
import math

from .grid import as_utc


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a schedule.

    Attributes:
        power: W, consumption positive; None where the server gave no value.
    """

    start: datetime
    end: datetime
    power: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Power of one flexible device, step by step, as one job of the server computed it.

    Attributes:
        start: begin of the first step.
        resolution: length of every step, as the answer gave it.
        powers: W per step, consumption positive; None where the server gave no value.
        computed_at: when the answer was received.
        schedule_id: the job that computed it.
    """

    start: datetime
    resolution: timedelta
    powers: tuple[float | None, ...]
    computed_at: datetime
    schedule_id: str

    def __post_init__(self) -> None:
        """Bring times to UTC and refuse what is not a time line.

        Raises:
            ValueError: a time is naive, there is no step, steps have no length, or a power is not finite.
        """
        object.__setattr__(self, "start", as_utc(self.start, "start"))
        object.__setattr__(self, "computed_at", as_utc(self.computed_at, "computed_at"))
        if not self.powers:
            raise ValueError("a schedule needs at least one step")
        if self.resolution <= timedelta(0):
            raise ValueError("steps need a positive length")
        if not all(power is None or math.isfinite(power) for power in self.powers):
            raise ValueError("powers must be finite")

    @property
    def valid_until(self) -> datetime:
        """When the last step ends; nothing may follow this schedule from then on."""
        return self.start + len(self.powers) * self.resolution

    def steps(self) -> Iterator[Step]:
        """Yield every step in order of time."""
        for index, power in enumerate(self.powers):
            begin = self.start + index * self.resolution
            yield Step(begin, begin + self.resolution, power)

    def step_at(self, time: datetime) -> Step | None:
        """Return the step that holds at the time; None outside the schedule."""
        index = (time - self.start) // self.resolution
        if not 0 <= index < len(self.powers):
            return None
        begin = self.start + index * self.resolution
        return Step(begin, begin + self.resolution, self.powers[index])

    def power_at(self, time: datetime) -> float | None:
        """Return the power in W at the time, consumption positive; None where nothing is planned."""
        step = self.step_at(time)
        return step.power if step else None

    def next_boundary(self, time: datetime) -> datetime | None:
        """Return when the next step begins or the schedule ends, strictly after the time; None when it is over."""
        if time < self.start:
            return self.start
        if time >= self.valid_until:
            return None
        return self.start + ((time - self.start) // self.resolution + 1) * self.resolution
