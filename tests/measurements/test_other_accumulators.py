"""Extremes, last values, and instantaneous sensors."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.flexmeasures.measurements import (
    ExtremeAccumulator,
    Interval,
    LastValueAccumulator,
)

from .readings import MINUTE, NOON, QUARTER, closed, feed

INSTANTANEOUS = timedelta(0)


def test_the_largest_value_of_a_slot() -> None:
    """What is held from the slot before counts, too: it was shown in this one."""
    largest = ExtremeAccumulator(QUARTER, max)
    feed(largest, (0, 2), (5, 7), (6, 3), (20, -1), (30, -2))

    assert closed(largest, 45) == [(0, 7, 1), (15, 3, 1), (30, -2, 1)]


def test_the_smallest_value_of_a_slot() -> None:
    smallest = ExtremeAccumulator(QUARTER, min)
    feed(smallest, (0, 2), (5, 7), (6, 3), (20, -1), (30, 5))

    assert closed(smallest, 45) == [(0, 2, 1), (15, -1, 1), (30, 5, 1)]


def test_an_extreme_that_was_shown_for_no_time_does_not_count() -> None:
    largest = ExtremeAccumulator(QUARTER, max)
    feed(largest, (0, 2), (5, 900), (5, 3), (14, 4), (15, 1))

    assert closed(largest, 30) == [(0, 4, 1), (15, 1, 1)]


def test_an_extreme_of_less_than_half_a_slot_is_none() -> None:
    largest = ExtremeAccumulator(QUARTER, max)
    feed(largest, (0, 2), (6, None), (16, 1))

    assert closed(largest, 30) == [(0, None, 0.4), (15, 1, pytest.approx(14 / 15))]


def test_the_value_at_the_slot_s_end() -> None:
    """However short: the state of charge is what it is."""
    last = LastValueAccumulator(QUARTER)
    feed(last, (0, 50), (14, 51), (15, 52), (20, None), (29, 53), (40, None))

    assert closed(last, 45) == [
        (0, 51, 1),
        (15, 53, pytest.approx(6 / 15)),
        (30, None, pytest.approx(10 / 15)),
    ]


def test_an_instantaneous_sensor_has_its_value_at_whole_minutes() -> None:
    last = LastValueAccumulator(INSTANTANEOUS)
    feed(last, (0.2, 50), (0.7, 51), (1.1, 52), (1.9, 53))

    assert closed(last, 1) == [(1, 51, 1)]
    assert closed(last, 1.99) == []
    assert closed(last, 2) == [(2, 53, 1)]


def test_a_reading_at_a_whole_minute_is_the_one_of_that_minute() -> None:
    last = LastValueAccumulator(INSTANTANEOUS)
    feed(last, (0, 50), (1, 51), (2, 52))

    assert closed(last, 2) == [(0, 50, 1), (1, 51, 1), (2, 52, 1)]


def test_a_reading_at_a_whole_minute_of_a_clock_that_is_changed_then() -> None:
    """At 03:00 clocks in Amsterdam are set back to 02:00."""
    zone = ZoneInfo("Europe/Amsterdam")
    last = LastValueAccumulator(INSTANTANEOUS)
    last.add(datetime(2026, 10, 25, 2, 0, fold=1, tzinfo=zone), 50)
    moment = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)

    assert last.close(moment) == [Interval(start=moment, value=50, coverage=1)]


def test_an_instantaneous_sensor_s_unchanged_value_is_told_every_quarter_of_an_hour() -> None:
    last = LastValueAccumulator(INSTANTANEOUS)
    feed(last, (0, 50), (3, 50), (20, 51))

    assert closed(last, 40) == [(0, 50, 1), (15, 50, 1), (20, 51, 1), (35, 51, 1)]


def test_an_instantaneous_sensor_has_no_value_where_none_is_known() -> None:
    """After a gap even the same value is news."""
    last = LastValueAccumulator(INSTANTANEOUS)
    feed(last, (0, 50), (1, None), (5, 50))

    assert closed(last, 8) == [(0, 50, 1), (5, 50, 1)]


def test_an_instantaneous_sensor_that_is_silent_is_told_no_longer_than_its_hold() -> None:
    last = LastValueAccumulator(
        INSTANTANEOUS, max_hold=timedelta(minutes=20), repeat_after=timedelta(minutes=10)
    )
    feed(last, (0.5, 50))
    last.alive(NOON + 5 * MINUTE)

    assert closed(last, 60) == [(1, 50, 1), (11, 50, 1), (21, 50, 1)]


def test_an_instantaneous_sensor_after_the_clock_has_been_set_back() -> None:
    last = LastValueAccumulator(INSTANTANEOUS)
    feed(last, (60, 50))
    assert closed(last, 60) == [(60, 50, 1)]
    feed(last, (0, 50))

    assert closed(last, 2) == [(1, 50, 1)]
