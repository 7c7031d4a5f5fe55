"""The sum of mean times covered time is the integral of what the entity showed, whatever the events."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
import math
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st

from custom_components.flexmeasures.measurements import (
    CounterAccumulator,
    Interval,
    MeanAccumulator,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = timedelta(days=1)

# A few hours before the nights in which clocks change: Lord Howe (twice), Amsterdam (twice), St John's; a plain day.
BEGINS = [
    datetime(2026, 4, 4, 12, tzinfo=UTC),
    datetime(2026, 10, 3, 13, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
    datetime(2026, 10, 24, 22, tzinfo=UTC),
    datetime(2026, 11, 1, 3, tzinfo=UTC),
    datetime(2026, 11, 22, 12, tzinfo=UTC),
]
ZONES = [
    UTC,
    *map(
        ZoneInfo,
        ("Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "Europe/Amsterdam"),
    ),
]
RESOLUTIONS = [timedelta(seconds=60), timedelta(minutes=7), timedelta(minutes=15), DAY]
HOLDS = [timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=2)]

# Microseconds from one event to the next: the same instant, usual, a slot's whole length, late, long; a clock set back.
STEPS = (
    st.just(0)
    | st.integers(1, MINUTE)
    | st.sampled_from([MINUTE, 15 * MINUTE, 16 * MINUTE])
    | st.integers(-MINUTE, -1)
    | st.integers(0, 3 * HOUR)
)
STEPS_BACK = st.integers(-3 * HOUR, -MINUTE - 1) | st.just(-HOUR)
# Numbers whose product with a duration is too small for a float say nothing about a home.
NUMBERS = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-250)
VALUES = st.none() | NUMBERS | st.sampled_from([math.nan, math.inf, -math.inf])


@dataclass(frozen=True)
class Event:
    """A reading or a life sign, and perhaps the question what is closed then."""

    step: int
    value: float | None
    zone: tzinfo
    is_life_sign: bool
    closes: bool


EVENTS = st.builds(
    Event,
    step=STEPS | STEPS_BACK,
    value=VALUES,
    zone=st.sampled_from(ZONES),
    is_life_sign=st.sampled_from([False, False, False, True]),
    closes=st.sampled_from([False, False, False, True]),
)
type Stretch = tuple[int, int, Fraction]


@dataclass
class Reference:
    """The stretches that the entity showed something for, in exact arithmetic and microseconds since 1970.

    Attributes:
        stretches: of all that was shown since the clock was set back last.
        slots: the stretches within each slot that is over, as they were when it ended last.
    """

    length: int
    hold: int
    stretches: list[Stretch] = field(default_factory=list)
    slots: dict[int, list[Stretch]] = field(default_factory=dict)
    newest: int | None = None
    shown: Fraction | None = None
    hold_end: int = 0
    is_known: bool = False

    def add(self, time: int, value: float | None) -> None:
        """Show the value from the time on."""
        if self.newest is None or time >= self.newest:
            self.reach(time)
        elif self.newest - time > MINUTE:
            self._set_back(time)
        if value is not None and math.isfinite(value):
            self.shown, self.is_known = Fraction(value), True
        else:
            self.shown = None
        assert self.newest is not None
        self.hold_end = self.newest + self.hold

    def alive(self, time: int) -> None:
        """Show the same at the time, be it one that has passed."""
        if self.shown is None or self.newest is None:
            return
        if time > self.newest:
            self.reach(time)
        self.hold_end = max(self.hold_end, time + self.hold)

    def close(self, time: int) -> None:
        """End the slots that are over at the time."""
        if self.newest is not None:
            self.reach(max(self.newest, self._slot_of(time)))

    def reach(self, time: int) -> None:
        """Show what is shown until the time."""
        if self.newest is not None:
            end = min(time, self.hold_end)
            if self.shown is not None and end > self.newest:
                self.stretches.append((self.newest, end, self.shown))
            if self.is_known:
                first = self._slot_of(self.newest)
                for slot in range(first, self._slot_of(time), self.length):
                    self.slots[slot] = list(self._within(slot))
        self.newest = time

    def _set_back(self, time: int) -> None:
        """Measure anew from the time on; from the next slot on where only the rest of one is left."""
        slot = self._slot_of(time)
        if time > slot and self.slots and slot <= max(self.slots):
            time = slot + self.length
        self.stretches = []
        self.newest = time

    def _slot_of(self, time: int) -> int:
        return time // self.length * self.length

    def _within(self, slot: int) -> Iterator[Stretch]:
        for first, last, value in self.stretches:
            begin, end = max(first, slot), min(last, slot + self.length)
            if begin < end:
                yield begin, end, value


def run(
    begin: datetime,
    resolution: timedelta,
    hold: timedelta | None,
    events: list[Event],
    latest_by: int,
) -> tuple[Reference, dict[datetime, Interval]]:
    """Give the events to both; return what the accumulator told last about each slot.

    Args:
        begin: of the events.
        resolution: of the slots.
        hold: the longest, without a life sign.
        events: what happens.
        latest_by: microseconds by which an event may be earlier than the newest.
    """
    mean = MeanAccumulator(resolution, minimum_coverage=0, max_hold=hold)
    reference = Reference(
        length=resolution // MICROSECOND, hold=(hold or 1000 * DAY) // MICROSECOND
    )
    told: dict[datetime, Interval] = {}
    now = latest = (begin - EPOCH) // MICROSECOND
    for event in events:
        now = max(now + event.step, latest - latest_by)
        latest = max(latest, now)
        time = EPOCH + now * MICROSECOND
        if event.is_life_sign:
            mean.alive(time.astimezone(event.zone))
            if hold:  # Without one, a life sign tells nothing.
                reference.alive(now)
        else:
            mean.add(time.astimezone(event.zone), event.value)
            reference.add(now, event.value)
        if event.closes:
            reference.close(now)
            told |= {slot.start: slot for slot in mean.close(time)}
    end = (latest // reference.length + 2) * reference.length
    told |= {slot.start: slot for slot in mean.close(EPOCH + end * MICROSECOND)}
    reference.reach(end)
    return reference, told


def check(reference: Reference, told: dict[datetime, Interval]) -> Fraction:
    """Compare every slot; return the sum of means times covered time."""
    assert {(start - EPOCH) // MICROSECOND for start in told} == set(reference.slots)
    total = Fraction(0)
    for start, slot in told.items():
        stretches = reference.slots[(start - EPOCH) // MICROSECOND]
        covered = sum(end - begin for begin, end, _ in stretches)
        integral = sum((end - begin) * value for begin, end, value in stretches)
        size = sum((end - begin) * abs(value) for begin, end, value in stretches)
        assert slot.coverage == covered / reference.length
        assert (slot.value is None) == (covered == 0)
        product = Fraction(slot.value or 0) * Fraction(slot.coverage) * reference.length
        assert abs(product - integral) <= size / 10**9
        total += product
    return total


@given(
    begin=st.sampled_from(BEGINS),
    resolution=st.sampled_from(RESOLUTIONS),
    hold=st.none() | st.sampled_from(HOLDS),
    events=st.lists(EVENTS, max_size=40),
)
def test_every_slot_holds_its_part_of_the_integral(
    begin: datetime, resolution: timedelta, hold: timedelta | None, events: list[Event]
) -> None:
    """Late, repeated and missing readings, in any order, on any clock."""
    reference, told = run(begin, resolution, hold, events, latest_by=MINUTE)

    integral = sum((last - first) * value for first, last, value in reference.stretches)
    size = sum((last - first) * abs(value) for first, last, value in reference.stretches)
    assert abs(check(reference, told) - integral) <= size / 10**9
    starts = list(told)
    assert starts == [starts[0] + index * resolution for index in range(len(starts))]


@given(
    begin=st.sampled_from(BEGINS),
    resolution=st.sampled_from(RESOLUTIONS),
    hold=st.none() | st.sampled_from(HOLDS),
    events=st.lists(EVENTS, max_size=40),
)
def test_a_clock_that_is_set_back_leaves_the_integral_of_what_was_measured_last(
    begin: datetime, resolution: timedelta, hold: timedelta | None, events: list[Event]
) -> None:
    check(*run(begin, resolution, hold, events, latest_by=24 * HOUR))


@given(
    begin=st.sampled_from(BEGINS),
    resolution=st.sampled_from(RESOLUTIONS),
    events=st.lists(
        st.tuples(
            STEPS,
            st.none() | st.integers(0, 500),  # Watt hours counted since the reading before.
            st.sampled_from(ZONES),
            st.sampled_from(["close", "alive", "", ""]),
        ),
        max_size=40,
    ),
    as_energy=st.booleans(),
)
def test_what_a_counter_counted_is_in_its_slots(
    begin: datetime,
    resolution: timedelta,
    events: list[tuple[int, int | None, tzinfo, str]],
    as_energy: bool,
) -> None:
    """From the first reading to the last, over gaps, too: none of the energy is lost, none is invented."""
    counter = CounterAccumulator(
        resolution, spread_gaps=True, minimum_coverage=0, as_energy=as_energy
    )
    slots: list[Interval] = []
    time, latest, count = begin, begin, 1000
    counter.add(time, count / 1000)
    for step, counted, zone, then in events:
        # Late by no more than a minute after the newest; the clock is not set back.
        time = max(time + step * MICROSECOND, latest - timedelta(minutes=1))
        latest = max(latest, time)
        if counted is None:
            counter.add(time.astimezone(zone), None)
        else:
            count += counted
            counter.add(time.astimezone(zone), count / 1000)
        if then == "close":
            slots += counter.close(latest)
        elif then == "alive" and counted is not None:
            latest += timedelta(seconds=10)
            counter.alive(latest.astimezone(zone))
    end = (latest - EPOCH) // resolution * resolution + EPOCH + resolution
    counter.add(end, count / 1000)
    slots += counter.close(end)

    hours = resolution / timedelta(hours=1)
    per_value = 1 if as_energy else hours
    energy = math.fsum((slot.value or 0) * slot.coverage * per_value for slot in slots)
    assert math.isclose(energy, (count - 1000) / 1000, rel_tol=1e-9, abs_tol=1e-9)
    assert [slot.start for slot in slots] == [
        slots[0].start + index * resolution for index in range(len(slots))
    ]
