"""How often and how soon an actuator may be written to."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)
# Of the writes of a day this share is kept for the safe value.
_RESERVED_SHARE = 0.1


class GuardRail(StrEnum):
    """What holds a write back."""

    BUDGET = "budget"
    DWELL = "dwell"
    IGNORED = "ignored"
    MINIMUM_OFF = "minimum_off"
    MINIMUM_ON = "minimum_on"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Held:
    """A write that is held back.

    Attributes:
        rail: by what.
        until: when to try again; None when only an event changes it.
    """

    rail: GuardRail
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRails:
    """What protects a device from being written to too often, and its owner from being fought.

    Attributes:
        deadband: W; a power that differs by less from what stands is not written, unless the device should rest.
        minimum_dwell: least time between two writes; the safe value does not wait.
        minimum_on, minimum_off: least time that the device runs, and stands still; the safe value does not wait.
        writes_per_day: at most so many writes in any 24 hours. Flash memory of inverters bears about 270 a day.
        settle_time: how long the actuator may take to show a value that was written.
        retries: how often a write that did not take is repeated.
        suspension: how long a person's change is left alone; None until the plan's next block, or for an hour.
        refresh_every: how often what stands is written again, for devices that forget; None for never.

    Raises:
        ValueError: a number is negative, or the writes of a day do not suffice for a value and its safe value.
    """

    deadband: float = 50.0
    minimum_dwell: timedelta = timedelta(seconds=30)
    minimum_on: timedelta = _NOTHING
    minimum_off: timedelta = _NOTHING
    writes_per_day: int = 200
    settle_time: timedelta = timedelta(seconds=30)
    retries: int = 3
    suspension: timedelta | None = None
    refresh_every: timedelta | None = None

    def __post_init__(self) -> None:
        if not self.deadband >= 0 or self.retries < 0:
            raise ValueError("deadband and retries must not be negative")
        times = (self.minimum_dwell, self.minimum_on, self.minimum_off, self.settle_time)
        if min(times) < _NOTHING:
            raise ValueError("times must not be negative")
        for optional in (self.suspension, self.refresh_every):
            if optional is not None and optional <= _NOTHING:
                raise ValueError("suspension and refresh must be longer than nothing")
        if self.writes_per_day <= self.reserve:
            raise ValueError(f"writes_per_day must be more than {self.reserve}")

    @property
    def reserve(self) -> int:
        """Return how many writes of a day are kept for the safe value: it with all its retries always fits."""
        return max(1 + self.retries, int(self.writes_per_day * _RESERVED_SHARE))


class WriteLog:
    """The writes of the last 24 hours.

    When it fails, an inverter's memory wears out.
    """

    __slots__ = ("_times",)

    def __init__(self, times: Iterable[datetime] = ()) -> None:
        """Take over what was written before a restart."""
        self._times = deque(sorted(times))

    @property
    def last(self) -> datetime | None:
        """Return when the last write was."""
        return self._times[-1] if self._times else None

    def times(self) -> tuple[datetime, ...]:
        """Return when the writes were, oldest first."""
        return tuple(self._times)

    def advance(self, now: datetime) -> None:
        """Forget writes that are 24 hours old, and bring later ones to now: the clock was set back."""
        while self._times and self._times[0] <= now - _DAY:
            self._times.popleft()
        if self._times and self._times[-1] > now:
            self._times = deque(min(time, now) for time in self._times)

    def record(self, now: datetime) -> None:
        """Count a write."""
        self._times.append(now)

    def take_back(self) -> None:
        """Count the last write no more: it never was sent."""
        self._times.pop()

    def count(self) -> int:
        """Return how many writes there were in the 24 hours before `advance` was last called."""
        return len(self._times)

    def free_at(self, limit: int) -> datetime | None:
        """Return when one more write stays within the limit in any 24 hours; None when now."""
        if len(self._times) < limit:
            return None
        return self._times[len(self._times) - limit] + _DAY


class Guard:
    """Owns when the actuator was written to and when its device started or stopped, and holds writes back by that.

    When this fails, a compressor is started every minute.

    Attributes:
        running: whether the device was last told to run; None while that is not known.
        turned_at: when that last changed.
        log: the writes of the last 24 hours.
    """

    __slots__ = ("_rails", "log", "running", "turned_at")

    def __init__(
        self, rails: GuardRails, writes: Iterable[datetime], turned_at: datetime | None
    ) -> None:
        """Go on with what was known before a restart."""
        self._rails = rails
        self.log = WriteLog(writes)
        self.running: bool | None = None
        self.turned_at = turned_at

    def turn(self, runs: bool, now: datetime) -> None:
        """Take over that the device runs or stands still from now on."""
        if runs is not self.running:
            self.running, self.turned_at = runs, now

    def free_at(self, *, is_urgent: bool) -> datetime | None:
        """Return when one more write fits into the budget; None when now. What is urgent has all of it."""
        reserve = 0 if is_urgent else self._rails.reserve
        return self.log.free_at(self._rails.writes_per_day - reserve)

    def hold(self, now: datetime, *, is_urgent: bool, runs: bool) -> Held | None:
        """Return what holds a write back the longest; None when nothing does.

        Args:
            now: aware time.
            is_urgent: whether it is the safe value, or ends a power beyond the limits: it only waits for the budget.
            runs: whether the device runs after it.
        """
        waits = [(GuardRail.BUDGET, self.free_at(is_urgent=is_urgent))]
        if not is_urgent:
            waits += self._waits(runs=runs)
        held = [Held(rail, until) for rail, until in waits if until and until > now]
        return max(held, key=lambda wait: wait.until or now, default=None)

    def _waits(self, *, runs: bool) -> Iterator[tuple[GuardRail, datetime | None]]:
        if self.log.last:
            yield GuardRail.DWELL, self.log.last + self._rails.minimum_dwell
        if self.turned_at and self.running is not None and self.running is not runs:
            if runs:
                yield GuardRail.MINIMUM_OFF, self.turned_at + self._rails.minimum_off
            else:
                yield GuardRail.MINIMUM_ON, self.turned_at + self._rails.minimum_on
