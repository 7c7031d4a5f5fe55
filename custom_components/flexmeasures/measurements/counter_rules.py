"""What a counter can have done between two of its readings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)
# Readings come in bursts after the network has stuck, and counters step by whole watt hours: what was counted in the
# last 10 s may arrive in an instant.
_BURST = timedelta(seconds=10)
# Home Assistant's own statistics take a fall below this share for a new cycle, and a lesser one for a dip.
_RESTART_SHARE = 0.9
# Without a maximum power, a rollover explains a fall only if no more than this share of the counter's range was
# counted between the readings.
_ROLLOVER_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class CounterReading:
    """What a counter shows, in its own unit, and when it began to."""

    time: datetime
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterRules:
    """What is known of a counter.

    Attributes:
        maximum_power: the largest power that is possible, in the counter's unit per hour, such as twice the fuse;
            None when unknown, and then no jump is too large.
        rollover_at: what the counter would show if it did not start over at zero; None when it never does.
        can_decrease: whether it counts down, too, as one for imports less exports does.
    """

    maximum_power: float | None = None
    rollover_at: float | None = None
    can_decrease: bool = False

    def is_possible(self, energy: float, duration: timedelta) -> bool:
        """Return whether so much energy can have been counted since the counter last changed."""
        if self.maximum_power is None:
            return True
        return abs(energy) <= self.maximum_power * ((duration + _BURST) / _HOUR)

    def follows(self, earlier: CounterReading, later: CounterReading) -> bool:
        """Return whether the counter can have counted from one reading to the other.

        Args:
            earlier: with the time of the counter's last change.
            later: a later reading.
        """
        energy = later.value - earlier.value
        if energy < 0 and not self.can_decrease:
            return False
        return self.is_possible(energy, later.time - earlier.time)

    def energy_over_fall(self, earlier: CounterReading, later: CounterReading) -> float | None:
        """Return what was counted while a counter started over; None when that is unknown.

        A counter that restarted at zero shows what it has counted since: the least that it can have been. It is
        believed if the maximum power says so; a counter that was exchanged shows anything.

        Args:
            earlier: with the time of the counter's last change.
            later: with a smaller value.
        """
        duration = later.time - earlier.time
        if self.rollover_at is not None:
            energy = later.value + self.rollover_at - earlier.value
            most = _ROLLOVER_SHARE * self.rollover_at
            if energy >= 0 and (
                energy <= most if self.maximum_power is None else self.is_possible(energy, duration)
            ):
                return energy
        has_restarted = 0 <= later.value < _RESTART_SHARE * earlier.value
        if has_restarted and self.maximum_power is not None:
            return later.value if self.is_possible(later.value, duration) else None
        return None
