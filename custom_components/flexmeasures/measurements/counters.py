"""From the readings of a meter that counts up to mean power, or energy, per slot of a sensor's grid."""

from datetime import datetime, timedelta
from math import isfinite
from typing import override

from .accumulators import MeanAccumulator
from .counter_rules import CounterReading, CounterRules
from .holding import CLOCK_SET_BACK, Accumulator
from .intervals import Interval, as_utc, floor_to_grid

_HOUR = timedelta(hours=1)
# Devices show zero, or another number, for some seconds while they boot. What lasts longer is meant.
_CONFIRMED_AFTER = timedelta(seconds=60)
# Meters report every second to every five minutes while they count; one that is silent for longer counts nothing.
_MAX_WAIT = timedelta(minutes=5)
# A counter that is back at its old level so soon after it fell was only away; one that restarted takes longer.
_AWAY = timedelta(hours=1)


class CounterAccumulator(Accumulator):
    """Spreads what a meter counted between two readings evenly over the time between them.

    A slot is therefore returned when a reading or a life sign at its end or later is known, or ``max_wait`` after its
    end; then the meter is taken to have counted nothing since its last sign. What is counted later is in later slots,
    so that the sum is right in any case.

    A reading that does not follow from the one before it (less, or more than the maximum power allows) is doubted: if
    the meter returns to where it was, the reading is forgotten; if it counts on from there, or stays for more than a
    minute, the meter continues there, and the energy in between is unknown unless the rules explain it.

    Attributes:
        implausible: how many jumps beyond the maximum power have become a gap.
    """

    __slots__ = (
        "_changed",
        "_doubted",
        "_fallen_from",
        "_is_missing",
        "_is_silent",
        "_max_hold",
        "_max_wait",
        "_mean",
        "_per_slot",
        "_reading",
        "_resolution",
        "_rules",
        "_seen_at",
        "_spread_gaps",
        "_starts_over",
        "implausible",
    )

    def __init__(
        self,
        resolution: timedelta,
        rules: CounterRules | None = None,
        *,
        as_energy: bool = False,
        factor: float = 1,
        minimum_coverage: float = 0.5,
        max_hold: timedelta | None = None,
        max_wait: timedelta = _MAX_WAIT,
        spread_gaps: bool = False,
    ) -> None:
        """Begin without any reading.

        Readings are in the counter's unit and as it counts, whatever the sign of the FlexMeasures sensor.

        Args:
            resolution: length of the slots.
            rules: what is known of the counter.
            as_energy: True for energy per slot, False for mean power. Both are extrapolated to the whole slot where
                only a part of it is known.
            factor: FlexMeasures sensor's unit per counter's unit (energy), or per counter's unit per hour (power);
                negative where the sensor's sign is the other one.
            minimum_coverage: share of a slot that must be known; with less the slot's value is None.
            max_hold: silence that is a gap; None for none while the entity shows a number.
            max_wait: how long a slot waits for the first reading after its end.
            spread_gaps: spread what was counted during a gap evenly over it; else the gap stays one. Slots in a gap
                then wait for its end.

        Raises:
            ValueError: the resolution is not positive, or the coverage is not within 0 and 1.
        """
        self._mean = MeanAccumulator(resolution, minimum_coverage=minimum_coverage)
        self._resolution = resolution
        self._rules = rules or CounterRules()
        self._per_slot = factor * (resolution / _HOUR if as_energy else 1)
        self._max_hold = max_hold
        self._max_wait = max_wait
        self._spread_gaps = spread_gaps
        # The last reading that is believed; moved on when the meter shows the same later.
        self._reading: CounterReading | None = None
        # The same value with the time at which the counter came to it.
        self._changed: CounterReading | None = None
        self._doubted: CounterReading | None = None
        # Last reading or life sign.
        self._seen_at: datetime | None = None
        # A gap has begun: because the entity said so, or because it said nothing.
        self._is_missing = self._is_silent = False
        self._starts_over = False
        # What the counter showed before it fell, with the time at which it had.
        self._fallen_from: CounterReading | None = None
        self.implausible = 0

    def start_over(self) -> None:
        """Take over that the next reading counts from zero, since the entity's last reset is another."""
        self._starts_over = True

    @override
    def add(self, time: datetime, value: float | None) -> None:
        time = as_utc(time)
        self._end_silence(time)
        if value is None or not isfinite(value):
            self._settle(time)
            self._miss()
            self._is_silent = False
            return
        newest = self._doubted or self._reading
        if newest and time <= newest.time:
            if newest.time - time <= CLOCK_SET_BACK:
                return  # No time for it to have been counted in: it is part of what the next reading tells.
            self._forget(time)
        self._seen_at = time
        self._judge(CounterReading(time, value))

    def _judge(self, reading: CounterReading) -> None:
        if self._reading is None or (self._is_missing and not self._spread_gaps):
            self._begin(reading)
        elif self._starts_over:
            self._starts_over = False
            self._doubted = None
            assert self._changed is not None
            duration = reading.time - self._changed.time
            is_possible = self._rules.is_possible(reading.value, duration)
            self.implausible += not is_possible
            self._continue(reading, reading.value if is_possible else None)
        elif self._follows(reading):
            self._doubted = None
            self._continue(reading, reading.value - self._reading.value)
        elif self._doubted is None:
            self._doubted = reading
        else:
            self._judge_again(self._doubted, reading)

    def _begin(self, reading: CounterReading) -> None:
        """Take the first reading, also after a gap; zero may be shown before the meter has read its memory."""
        self._starts_over = False
        self._reading = self._changed = None
        if self._doubted and reading.time - self._doubted.time > _CONFIRMED_AFTER:
            self._settle(reading.time)
            self._judge(reading)
        elif reading.value != 0 or self._rules.can_decrease:
            self._doubted = None
            self._accept(reading)
        elif self._doubted is None:
            self._doubted = reading

    def _follows(self, reading: CounterReading) -> bool:
        assert self._changed is not None
        level = self._fallen_from
        if level and reading.value >= level.value:
            # What leaps back to where it was did not count all that again.
            leaps = reading.value - self._changed.value > level.value / 2
            if leaps and reading.time - level.time <= _AWAY:
                return False
            self._fallen_from = None
        return self._rules.follows(self._changed, reading)

    def _judge_again(self, doubted: CounterReading, reading: CounterReading) -> None:
        """Look at a doubted reading in the light of the next one, which does not follow from what was before."""
        counts_on = reading.value != doubted.value and self._rules.follows(doubted, reading)
        if counts_on or reading.time - doubted.time > _CONFIRMED_AFTER:
            self._confirm(doubted)
            self._judge(reading)
        elif reading.value != doubted.value:
            self._doubted = reading

    def _confirm(self, doubted: CounterReading) -> None:
        """Continue at the reading that was doubted."""
        self._doubted = None
        if self._reading is None or self._changed is None:
            self._accept(doubted)
        elif doubted.value < self._reading.value:
            self._fallen_from = CounterReading(doubted.time, self._reading.value)
            self._continue(doubted, self._rules.energy_over_fall(self._changed, doubted))
        else:
            self._fallen_from = None
            self.implausible += 1
            self._continue(doubted, None)

    def _continue(self, reading: CounterReading, energy: float | None) -> None:
        """Spread the energy, or a gap, over the time since the last reading."""
        assert self._reading is not None
        power = None
        if energy is not None:
            power = energy / ((reading.time - self._reading.time) / _HOUR)
        self._mean.add(self._reading.time, power)
        self._accept(reading)

    def _accept(self, reading: CounterReading) -> None:
        if self._changed is None or reading.value != self._changed.value:
            self._changed = reading
        self._reading = reading
        self._is_missing = self._is_silent = False

    @override
    def alive(self, time: datetime) -> None:
        time = as_utc(time)
        if self._seen_at is None or time <= self._seen_at:
            return
        self._end_silence(time)
        self._seen_at = time
        self._settle(time)
        if self._is_silent and self._reading:
            self._is_missing = self._is_silent = False
            if not self._spread_gaps:
                self._accept(CounterReading(time, self._reading.value))
        self._repeat(time)

    def _repeat(self, time: datetime) -> None:
        """Take over that nothing was counted until the time."""
        known = self._reading
        if known and not self._doubted and not self._is_missing and time > known.time:
            self._continue(CounterReading(time, known.value), 0)

    def _settle(self, time: datetime) -> None:
        """Believe what the meter has shown for long enough."""
        if self._doubted and time - self._doubted.time > _CONFIRMED_AFTER:
            self._confirm(self._doubted)

    def _end_silence(self, time: datetime) -> None:
        """Make a gap of too long a silence."""
        if self._max_hold and self._seen_at and time - self._seen_at > self._max_hold:
            self._is_silent |= self._reading is not None and not self._is_missing
            self._miss()

    def _miss(self) -> None:
        """Begin a gap: at the last reading, since nobody knows what was counted after it."""
        self._doubted = None
        if self._reading and not self._is_missing:
            self._is_missing = True
            if not self._spread_gaps:
                self._mean.add(self._reading.time, None)

    def _forget(self, time: datetime) -> None:
        """Begin anew at a time that has been before."""
        self._mean.add(time, None)
        self._reading = self._changed = self._doubted = None

    @override
    def close(self, until: datetime) -> list[Interval]:
        until = as_utc(until)
        self._end_silence(until)
        self._settle(until)
        self._repeat(floor_to_grid(until - self._max_wait, self._resolution))
        return [
            Interval(
                start=slot.start,
                value=None if slot.value is None else slot.value * self._per_slot,
                coverage=slot.coverage,
            )
            for slot in self._mean.close(min(until, self._known_until(until)))
        ]

    def _known_until(self, until: datetime) -> datetime:
        """Return until when no later reading can change anything."""
        if self._reading is None:
            return self._doubted.time if self._doubted else until
        if self._is_missing and not self._spread_gaps:
            return until
        return self._reading.time
