"""What a device has taken, and given, within the times in which it wants to have taken so much."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..messages.components import total_electric_power
from ..messages.session import PowerMeasurement

# A measured power counts no longer than this without a new one: a device that fell silent may have stopped.
LONGEST_HOLD = timedelta(minutes=5)
# As many as of energy constraints: of a device that names more the oldest are forgotten.
MOST_WINDOWS = 16

# From when until when.
type Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Taken:
    """What went through the device's connection within a window.

    Attributes:
        consumed: J, positive.
        produced: J, positive.
    """

    consumed: float = 0.0
    produced: float = 0.0

    def with_power(self, window: Window, start: datetime, end: datetime, power: float) -> Taken:
        """Return it with a power in W, consumption positive, held from start to end, as far as that lies within."""
        begin, until = window
        seconds = max(0.0, (min(end, until) - max(start, begin)).total_seconds())
        return Taken(
            self.consumed + max(0.0, power) * seconds, self.produced + max(0.0, -power) * seconds
        )


class TakenEnergy:
    """Counts measured energy for every window that a device named, also while it is let go or was away.

    It outlives control types and sessions: a device that comes back names the same window, and what it took before
    counts. Without measurements nothing is counted, so that a car is rather left too much room than too little.
    """

    def __init__(self) -> None:
        """Begin without any window."""
        self._windows: dict[Window, Taken] = {}
        self._measured: tuple[datetime, float] | None = None

    def watch(self, window: Window, now: datetime) -> None:
        """Count for a window from now on, or go on counting for it; those that have ended are dropped."""
        taken = self._windows.pop(window, Taken())
        kept = {known: value for known, value in self._windows.items() if known[1] > now}
        newest = list(kept.items())[-(MOST_WINDOWS - 1) :]
        self._windows = dict([*newest, (window, taken)])

    def receive(self, message: PowerMeasurement) -> None:
        """Take in what the device measured; one older than the last is of no use."""
        power = total_electric_power(message.values)
        at = message.measurement_timestamp
        if power is None or (self._measured is not None and at <= self._measured[0]):
            return
        self._windows = {window: self.within(window, at) for window in self._windows}
        self._measured = (at, power)

    def interrupt(self) -> None:
        """Hold the last power no longer: the device is away, and its clock may be another one when it comes back."""
        self._measured = None

    def within(self, window: Window, now: datetime) -> Taken:
        """Return what was taken in a window up to now, the last power held for at most five minutes."""
        taken = self._windows.get(window, Taken())
        if self._measured is None:
            return taken
        since, power = self._measured
        return taken.with_power(window, since, max(since, min(now, since + LONGEST_HOLD)), power)
