"""From the readings of a meter that counts up to mean power, or energy, per slot of a sensor's grid."""

from datetime import datetime, timedelta
import math
from zoneinfo import ZoneInfo

import pytest

from custom_components.flexmeasures.measurements import CounterAccumulator, CounterRules, Interval
from custom_components.flexmeasures.measurements.counter_rules import CounterReading

from .readings import MINUTE, NOON, QUARTER, counted, feed

# 12 kW: 0.2 kWh a minute, and as much as 0.0333 kWh more may arrive in a burst.
FUSE = CounterRules(maximum_power=12)


def test_mean_power_is_what_was_counted_in_the_time() -> None:
    """1 kWh in a quarter of an hour is 4 kW."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.2), (15, 101))

    (slot,) = counter.close(NOON + QUARTER)
    assert slot == Interval(start=NOON, value=slot.value, coverage=1)
    assert slot.value == pytest.approx(4, rel=1e-12)


def test_energy_per_slot_is_what_was_counted_in_it() -> None:
    counter = CounterAccumulator(QUARTER, as_energy=True)
    feed(counter, (0, 100), (5, 100.2), (15, 101), (30, 101.5))

    assert counted(counter, 30) == [(0, 1, 1), (15, 0.5, 1)]


def test_the_factor_gives_the_sensor_s_unit_and_sign() -> None:
    """2 kWh in a quarter of an hour that were produced: 8 kW, or -8000 W of consumption."""
    power = CounterAccumulator(QUARTER, factor=-1000)
    energy = CounterAccumulator(QUARTER, as_energy=True, factor=-1000)
    for counter, value in ((power, -8000), (energy, -2000)):
        feed(counter, (0, 100), (15, 102))
        assert counted(counter, 15) == [(0, value, 1)]


def test_what_was_counted_over_a_border_is_split_by_time() -> None:
    """0.3 kWh from 12:10 to 12:20, half of it in each slot; the rest of the second slot counts 0.6 kWh."""
    counter = CounterAccumulator(QUARTER, as_energy=True)
    feed(counter, (0, 100), (10, 100), (20, 100.3), (30, 100.9))

    assert counted(counter, 30) == [(0, 0.15, 1), (15, 0.75, 1)]


def test_readings_an_hour_apart_fill_the_slots_between_them() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (60, 102))

    assert counted(counter, 60) == [(0, 2, 1), (15, 2, 1), (30, 2, 1), (45, 2, 1)]


def test_a_slot_waits_for_the_first_reading_after_its_end() -> None:
    """From 12:14 to 12:16 the meter counts 0.2 kWh: 6 kW, of which a minute lies in the slot."""
    counter = CounterAccumulator(QUARTER, as_energy=True)
    feed(counter, (0, 100), (14, 100))
    assert counted(counter, 15) == []
    feed(counter, (16, 100.2))

    assert counted(counter, 16) == [(0, 0.1, 1)]


def test_a_slot_that_is_known_is_returned_when_it_is_asked_for() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (30, 102))

    assert counted(counter, 29) == [(0, 4, 1)]
    assert counted(counter, 30) == [(15, 4, 1)]


def test_a_slot_does_not_wait_longer_than_told_and_the_sum_stays_right() -> None:
    """What was counted between 12:14 and 12:21 is then in the slot that is open."""
    counter = CounterAccumulator(QUARTER, as_energy=True)
    feed(counter, (0, 100), (14, 100.1))
    assert counted(counter, 19.9) == []
    assert counted(counter, 20) == [(0, 0.1, 1)]
    feed(counter, (21, 100.3), (30, 100.3))

    assert counted(counter, 30) == [(15, 0.2, 1)]


def test_a_meter_that_counts_nothing_says_so_without_reporting() -> None:
    """A night of sunlessness: the entity shows 100 kWh all the time."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (1, 100))

    assert counted(counter, 60) == [(0, 0, 1), (15, 0, 1), (30, 0, 1)]
    assert counted(counter, 65) == [(45, 0, 1)]


def test_a_sign_of_life_says_that_nothing_was_counted() -> None:
    """Nothing until 12:12, so that all of the 0.3 kWh came in the three minutes after it: 6 kW."""
    counter = CounterAccumulator(timedelta(minutes=3))
    feed(counter, (0, 100))
    counter.alive(NOON + 12 * MINUTE)
    feed(counter, (15, 100.3))

    assert counted(counter, 15) == [(0, 0, 1), (3, 0, 1), (6, 0, 1), (9, 0, 1), (12, 6, 1)]


def test_old_signs_of_life_change_nothing() -> None:
    counter = CounterAccumulator(QUARTER)
    counter.alive(NOON)
    feed(counter, (0, 100), (10, 100.5))
    counter.alive(NOON + 5 * MINUTE)
    counter.alive(NOON - 120 * MINUTE)
    feed(counter, (15, 101))

    assert counted(counter, 15) == [(0, 4, 1)]


def test_coverage_counts_from_the_first_reading_on() -> None:
    """0.2 kWh in 12 of 15 minutes: 1 kW, and a quarter of a kilowatt hour if it was the same before."""
    for as_energy, value in ((False, 1), (True, 0.25)):
        counter = CounterAccumulator(QUARTER, as_energy=as_energy)
        feed(counter, (3, 100), (15, 100.2))
        assert counted(counter, 15) == [(0, value, 0.8)]


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_gap_begins_at_the_last_reading_and_stays_one(missing: float | None) -> None:
    """Known are 12:00 to 12:05 and 12:11 to 12:15 with 0.5 kWh and 0.04 kWh: 0.54 kWh in 9 minutes are 3.6 kW."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.5), (7, missing), (11, 109), (15, 109.04))

    assert counted(counter, 15) == [(0, 3.6, 0.6)]


def test_slots_in_a_gap_do_not_wait_for_its_end() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (15, 101), (16, None))

    assert counted(counter, 45) == [(0, 4, 1), (15, None, 0), (30, None, 0)]


def test_a_gap_is_filled_with_its_mean_power_when_asked_for() -> None:
    """2 kWh from 12:15 to 12:45: 4 kW. The slots wait until the meter is back."""
    counter = CounterAccumulator(QUARTER, spread_gaps=True)
    feed(counter, (0, 100), (15, 100.5), (16, None))
    assert counted(counter, 40) == [(0, 2, 1)]
    feed(counter, (45, 102.5))

    assert counted(counter, 45) == [(15, 4, 1), (30, 4, 1)]


def test_a_meter_that_is_silent_for_too_long_leaves_a_gap() -> None:
    counter = CounterAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(counter, (0, 100), (15, 101))
    assert counted(counter, 45) == [(0, 4, 1), (15, None, 0), (30, None, 0)]
    feed(counter, (45, 109), (60, 110))

    assert counted(counter, 60) == [(45, 4, 1)]


@pytest.mark.parametrize(("spread_gaps", "value", "coverage"), [(False, None, 0), (True, 0, 1)])
def test_a_silent_meter_that_shows_the_same_again_has_counted_nothing(
    spread_gaps: bool, value: float | None, coverage: float
) -> None:
    """Whether that tells about the gap is what was asked for."""
    counter = CounterAccumulator(QUARTER, max_hold=20 * MINUTE, spread_gaps=spread_gaps)
    feed(counter, (0, 100), (15, 101))
    counter.alive(NOON + 45 * MINUTE)
    feed(counter, (60, 102))

    assert counted(counter, 60) == [
        (0, 4, 1),
        (15, value, coverage),
        (30, value, coverage),
        (45, 4, 1),
    ]


def test_an_unavailable_meter_has_no_sign_of_life() -> None:
    counter = CounterAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(counter, (0, 100), (15, 101), (16, None))
    counted(counter, 45)
    counter.alive(NOON + 45 * MINUTE)
    feed(counter, (50, None))
    counter.alive(NOON + 55 * MINUTE)

    assert counted(counter, 60) == [(45, None, 0)]


def test_a_silent_meter_that_becomes_unavailable_has_no_sign_of_life() -> None:
    counter = CounterAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(counter, (0, 100), (15, 101))
    counted(counter, 45)
    feed(counter, (50, None))
    counter.alive(NOON + 51 * MINUTE)
    feed(counter, (58, 102), (60, 102.1))

    assert counted(counter, 60) == [(45, None, pytest.approx(2 / 15))]


def test_readings_at_one_time_are_part_of_what_the_next_one_tells() -> None:
    """Between 12:05 and 12:15 the meter counts 0.5 kWh, whatever came when."""
    counter = CounterAccumulator(QUARTER)
    feed(counter, (0, 100), (5, 100.25), (5, 100.3), (4.5, 100.2), (15, 100.75))

    assert counted(counter, 15) == [(0, 3, 1)]


def test_measuring_begins_anew_when_the_clock_has_been_set_back() -> None:
    counter = CounterAccumulator(QUARTER)
    feed(counter, (60, 100), (75, 101))
    assert counted(counter, 75) == [(60, 4, 1)]
    feed(counter, (15, 101), (30, 102), (75, 105))

    assert counted(counter, 75) == [(15, 4, 1), (30, 4, 1), (45, 4, 1), (60, 4, 1)]


def test_a_clock_that_is_changed_between_two_readings_changes_nothing() -> None:
    """From 01:45 to 03:15 in the night in which 02:00 becomes 03:00: half an hour."""
    zone = ZoneInfo("Europe/Amsterdam")
    counter = CounterAccumulator(QUARTER)
    counter.add(datetime(2026, 3, 29, 1, 45, tzinfo=zone), 100)
    counter.add(datetime(2026, 3, 29, 3, 15, tzinfo=zone), 101)

    slots = counter.close(datetime(2026, 3, 29, 3, 15, tzinfo=zone))
    assert [(slot.value, slot.coverage) for slot in slots] == [(2, 1), (2, 1)]


def test_times_without_zone_are_refused() -> None:
    naive = NOON.replace(tzinfo=None)
    counter = CounterAccumulator(QUARTER)
    with pytest.raises(ValueError, match="time zone"):
        counter.add(naive, 1)
    with pytest.raises(ValueError, match="time zone"):
        counter.alive(naive)
    with pytest.raises(ValueError, match="time zone"):
        counter.close(naive)


@pytest.mark.parametrize(
    ("seconds", "energy", "is_possible"),
    # 12 kW are 0.2 kWh a minute, and ten seconds' count may arrive in an instant.
    [(50, 0.2, True), (50, 0.21, False), (0.01, 0.033, True), (0.01, 0.034, False)],
)
def test_what_the_maximum_power_allows(seconds: float, energy: float, is_possible: bool) -> None:
    begin = CounterReading(NOON, 0)
    end = CounterReading(NOON + timedelta(seconds=seconds), energy)

    assert FUSE.follows(begin, end) is is_possible
    assert CounterRules().follows(begin, end)


@pytest.mark.parametrize(
    ("later", "energy"),
    [
        # A restart, a dip, and what no counter shows.
        (0.89, 0.89),
        (0.91, None),
        (-0.01, None),
    ],
)
def test_a_restart_is_a_fall_to_less_than_nine_tenths(later: float, energy: float | None) -> None:
    fall = CounterReading(NOON, 1), CounterReading(NOON + QUARTER, later)

    assert FUSE.energy_over_fall(*fall) == energy
    assert CounterRules().energy_over_fall(*fall) is None
