"""From readings to values on a sensor's grid: the mean, an extreme, or the last value of each slot."""

from datetime import UTC, datetime, timedelta
import math
from zoneinfo import ZoneInfo

import pytest

from custom_components.flexmeasures.measurements import (
    ExtremeAccumulator,
    Interval,
    LastValueAccumulator,
    MeanAccumulator,
)

from .readings import MINUTE, NOON, QUARTER, closed, feed

INSTANTANEOUS = timedelta(0)


def test_a_reading_weighs_as_long_as_it_is_shown() -> None:
    """3 kW for 5 minutes and 6 kW for 10 make 5 kW, however many events there are."""
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 3), (5, 6), (6, 6), (7, 6))

    assert mean.close(NOON + QUARTER) == [Interval(start=NOON, value=5, coverage=1)]


def test_a_slot_is_returned_once_and_not_before_its_end() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 3))

    assert closed(mean, 14.999) == []
    assert closed(mean, 15) == [(0, 3, 1)]
    assert closed(mean, 15) == []
    assert closed(mean, 29) == []


def test_a_value_is_held_over_slots_without_events() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 3), (40, 6))

    assert closed(mean, 45) == [(0, 3, 1), (15, 3, 1), (30, 4, 1)]


def test_a_reading_at_the_border_belongs_to_the_slot_that_begins_there() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 3), (15, 9))

    assert closed(mean, 30) == [(0, 3, 1), (15, 9, 1)]


def test_coverage_counts_from_the_first_reading_on() -> None:
    """Seeded 6 minutes after noon, 9 of 15 minutes are known, and nothing is invented before."""
    mean = MeanAccumulator(QUARTER)
    feed(mean, (6, 2), (12, 5))

    assert closed(mean, 15) == [(0, 3, 0.6)]


def test_before_anything_is_known_nothing_is_returned() -> None:
    mean = MeanAccumulator(QUARTER)
    assert closed(mean, 15) == []
    feed(mean, (16, None), (50, 2))

    assert closed(mean, 45) == []
    assert closed(mean, 60) == [(45, 2, pytest.approx(2 / 3))]


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_a_missing_reading_is_never_held(missing: float | None) -> None:
    """2 for 5 minutes, nothing for 5, 4 for 5: the mean of the 10 known minutes is 3."""
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 2), (5, missing), (10, 4))

    assert closed(mean, 15) == [(0, 3, pytest.approx(2 / 3))]


def test_slots_in_a_gap_are_returned_without_value() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 2), (15, None))

    assert closed(mean, 45) == [(0, 2, 1), (15, None, 0), (30, None, 0)]


@pytest.mark.parametrize(("known_minutes", "value"), [(7.4, None), (7.5, 2), (8, 2)])
def test_a_slot_of_which_less_than_half_is_known_has_no_value(
    known_minutes: float, value: float | None
) -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 2), (known_minutes, None))

    assert closed(mean, 15) == [(0, value, pytest.approx(known_minutes / 15))]


def test_the_coverage_that_is_needed_can_be_chosen() -> None:
    for minimum, value in [(0, 2), (0.1, 2), (1, None)]:
        mean = MeanAccumulator(QUARTER, minimum_coverage=minimum)
        feed(mean, (0, 2), (3, None))
        assert closed(mean, 30) == [(0, value, 0.2), (15, None, 0)]


def test_a_silent_sensor_is_held_no_longer_than_told() -> None:
    mean = MeanAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(mean, (0, 2))

    assert closed(mean, 45) == [(0, 2, 1), (15, None, pytest.approx(1 / 3)), (30, None, 0)]


def test_a_sign_of_life_prolongs_the_hold() -> None:
    mean = MeanAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(mean, (0, 2))
    mean.alive(NOON + 10 * MINUTE)

    assert closed(mean, 45) == [(0, 2, 1), (15, 2, 1), (30, None, 0)]


def test_a_sign_of_life_after_the_hold_s_end_ends_the_gap_and_does_not_fill_it() -> None:
    """Known are 0 to 5 and 8 to 13."""
    mean = MeanAccumulator(QUARTER, max_hold=5 * MINUTE)
    feed(mean, (0, 2))
    mean.alive(NOON + 8 * MINUTE)

    assert closed(mean, 15) == [(0, 2, pytest.approx(2 / 3))]


def test_an_old_sign_of_life_holds_no_longer_than_from_its_own_time() -> None:
    """At each border the front tells the same last report, of 12:10: the hold ends at 12:30 all the same."""
    mean = MeanAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(mean, (0, 2))
    slots = []
    for border in (15, 30, 45):
        mean.alive(NOON + 10 * MINUTE)
        slots += closed(mean, border)

    assert slots == [(0, 2, 1), (15, 2, 1), (30, None, 0)]


def test_a_sign_of_life_that_is_told_late_ends_a_gap_where_slots_are_still_open() -> None:
    """Silent since 12:00, held until 12:05, alive at 12:14, told at 12:16: known again from 12:15 to 12:19."""
    mean = MeanAccumulator(QUARTER, max_hold=5 * MINUTE, minimum_coverage=0.2)
    feed(mean, (0, 2))
    assert closed(mean, 15) == [(0, 2, pytest.approx(1 / 3))]
    mean.alive(NOON + 14 * MINUTE)

    assert closed(mean, 30) == [(15, 2, pytest.approx(4 / 15))]


def test_a_sign_of_life_that_is_told_late_prolongs_a_hold_that_lasts() -> None:
    mean = MeanAccumulator(QUARTER, max_hold=20 * MINUTE)
    feed(mean, (0, 2))
    assert closed(mean, 15) == [(0, 2, 1)]
    mean.alive(NOON + 10 * MINUTE)

    assert closed(mean, 45) == [(15, 2, 1), (30, None, 0)]


def test_a_sign_of_life_whose_hold_is_over_when_it_is_told_changes_nothing() -> None:
    mean = MeanAccumulator(QUARTER, max_hold=5 * MINUTE, minimum_coverage=0.2)
    feed(mean, (0, 2))
    closed(mean, 15)
    mean.alive(NOON + 9 * MINUTE)

    assert closed(mean, 30) == [(15, None, 0)]


def test_a_silent_sensor_that_becomes_unavailable_shows_nothing_that_could_be_alive() -> None:
    mean = MeanAccumulator(QUARTER, max_hold=5 * MINUTE, minimum_coverage=0.2)
    feed(mean, (0, 2), (7, None))
    mean.alive(NOON + 8 * MINUTE)

    assert closed(mean, 15) == [(0, 2, pytest.approx(1 / 3))]


def test_a_sign_of_life_of_an_unavailable_sensor_is_no_value() -> None:
    mean = MeanAccumulator(QUARTER, max_hold=5 * MINUTE)
    mean.alive(NOON)
    feed(mean, (0, 2), (1, None))
    mean.alive(NOON + 2 * MINUTE)

    assert closed(mean, 15) == [(0, None, pytest.approx(1 / 15))]


def test_of_readings_at_the_same_time_the_last_counts() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 100), (0, 3), (5, 100), (5, None), (5, 6))

    assert closed(mean, 15) == [(0, 5, 1)]


def test_a_reading_that_was_overtaken_counts_from_the_newest_on() -> None:
    """What comes last is what the entity shows: 2 until 10:00, then 5, whatever its time says."""
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 2), (10, 7), (9.5, 5))

    assert closed(mean, 15) == [(0, 3, 1)]


def test_a_reading_for_a_slot_that_has_been_returned_counts_from_its_end_on() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 2))
    assert closed(mean, 15) == [(0, 2, 1)]
    feed(mean, (14.9, 8))

    assert closed(mean, 30) == [(15, 8, 1)]


@pytest.mark.parametrize(
    ("minutes", "slots"),
    [
        # Half of the slot showed 2, half 6.
        (6.5, [(0, 4, 1)]),
        # Measured anew from there on: a slot that had not been returned.
        (6, [(0, 6, 0.6)]),
    ],
)
def test_a_clock_that_is_earlier_by_more_than_a_minute_has_been_set_back(
    minutes: float, slots: list[tuple[float, float | None, float]]
) -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 2), (7.5, 2), (minutes, 6))

    assert closed(mean, 15) == slots


def test_measuring_begins_anew_when_the_clock_has_been_set_back() -> None:
    """An hour's slots are measured again, except for the one of which only the end is left."""
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 2))
    assert closed(mean, 60) == [(0, 2, 1), (15, 2, 1), (30, 2, 1), (45, 2, 1)]
    feed(mean, (62, 2), (5, 8), (20, 8))

    assert closed(mean, 75) == [(15, 8, 1), (30, 8, 1), (45, 8, 1), (60, 8, 1)]


def test_a_clock_that_was_ahead_before_anything_was_returned_leaves_no_trace() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (124, 2), (6, 8))

    assert closed(mean, 30) == [(0, 8, 0.6), (15, 8, 1)]


def test_a_clock_that_is_set_back_to_a_border_measures_the_whole_slot_again() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 2))
    closed(mean, 30)
    feed(mean, (15, 8))

    assert closed(mean, 30) == [(15, 8, 1)]


def test_a_clock_that_leaps_by_years_does_not_fill_the_years() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 2))
    assert mean.close(NOON.replace(year=2038)) == []
    mean.add(NOON.replace(year=2038), 4)

    assert mean.close(NOON.replace(year=2038) + QUARTER) == [
        Interval(start=NOON.replace(year=2038), value=4, coverage=1)
    ]
    feed(mean, (15, 6))
    assert closed(mean, 30) == [(15, 6, 1)]


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        # The night in which the clock goes from 02:00 to 02:30.
        ("Australia/Lord_Howe", (2026, 10, 4, 1, 45), (2026, 10, 4, 2, 45)),
        # From 02:00 to 03:00, and from 03:00 to 02:00.
        ("Europe/Amsterdam", (2026, 3, 29, 1, 45), (2026, 3, 29, 3, 15)),
        ("America/St_Johns", (2026, 3, 8, 1, 45), (2026, 3, 8, 3, 15)),
        # No change of the clock, half an hour off UTC's hours.
        ("Asia/Kolkata", (2026, 3, 29, 1, 45), (2026, 3, 29, 2, 15)),
    ],
)
def test_half_an_hour_is_half_an_hour_on_a_clock_that_is_changed_in_it(
    zone: str, before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    year, month, day, hour, minute = before
    first = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))
    year, month, day, hour, minute = after
    then = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))
    mean = MeanAccumulator(QUARTER)
    mean.add(first, 2)
    mean.add(then, 4)

    slots = mean.close(then + QUARTER)
    assert [(slot.value, slot.coverage) for slot in slots] == [(2, 1), (2, 1), (4, 1)]
    assert slots[0].start == first.astimezone(UTC)
    assert slots[0].start.tzinfo is UTC


def test_the_hour_that_a_clock_repeats_is_measured_twice() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    mean = MeanAccumulator(timedelta(hours=1))
    mean.add(datetime(2026, 10, 25, 2, 0, tzinfo=zone), 2)
    mean.add(datetime(2026, 10, 25, 2, 0, fold=1, tzinfo=zone), 4)

    slots = mean.close(datetime(2026, 10, 25, 3, 0, tzinfo=zone))
    assert slots == [
        Interval(start=datetime(2026, 10, 25, 0, 0, tzinfo=UTC), value=2, coverage=1),
        Interval(start=datetime(2026, 10, 25, 1, 0, tzinfo=UTC), value=4, coverage=1),
    ]


def test_a_sum_beyond_the_range_of_numbers_is_missing() -> None:
    mean = MeanAccumulator(QUARTER)
    feed(mean, (0, 1.7e308))

    assert closed(mean, 15) == [(0, None, 1)]


def test_times_without_zone_are_refused() -> None:
    naive = NOON.replace(tzinfo=None)
    for accumulator in (
        MeanAccumulator(QUARTER, max_hold=MINUTE),
        ExtremeAccumulator(QUARTER, max, max_hold=MINUTE),
        LastValueAccumulator(INSTANTANEOUS, max_hold=MINUTE),
    ):
        accumulator.add(NOON, 1)
        with pytest.raises(ValueError, match="time zone"):
            accumulator.add(naive, 1)
        with pytest.raises(ValueError, match="time zone"):
            accumulator.alive(naive)
        with pytest.raises(ValueError, match="time zone"):
            accumulator.close(naive)


def test_settings_that_make_no_sense_are_refused() -> None:
    for resolution in (timedelta(0), -QUARTER):
        with pytest.raises(ValueError, match="positive"):
            MeanAccumulator(resolution)
    with pytest.raises(ValueError, match="positive"):
        MeanAccumulator(QUARTER, max_hold=timedelta(0))
    for coverage in (-0.1, 1.1):
        with pytest.raises(ValueError, match="coverage"):
            MeanAccumulator(QUARTER, minimum_coverage=coverage)
