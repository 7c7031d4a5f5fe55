"""The grid of UTC multiples on which a sensor's values lie, and one value on it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.measurements import floor_to_grid

QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("time", "resolution", "start"),
    [
        ("2026-11-22T12:14:59.999999+00:00", QUARTER, "2026-11-22T12:00:00+00:00"),
        ("2026-11-22T12:15:00+00:00", QUARTER, "2026-11-22T12:15:00+00:00"),
        # A clock in Kolkata is half an hour off the hours of UTC: 12:20 there is 06:50 UTC.
        ("2026-11-22T12:20:00+05:30", timedelta(hours=1), "2026-11-22T06:00:00+00:00"),
        # Days begin with UTC's.
        ("2026-11-22T00:30:00+01:00", timedelta(days=1), "2026-11-21T00:00:00+00:00"),
        # The grid was begun on a Thursday.
        ("2026-11-22T12:00:00+00:00", timedelta(weeks=1), "2026-11-19T00:00:00+00:00"),
        ("2026-11-22T12:00:29+00:00", timedelta(seconds=10), "2026-11-22T12:00:20+00:00"),
        # No grid: every moment stands for itself.
        ("2026-11-22T12:00:29+01:00", timedelta(0), "2026-11-22T11:00:29+00:00"),
        ("1969-12-31T23:59:59+00:00", QUARTER, "1969-12-31T23:45:00+00:00"),
    ],
)
def test_slots_begin_at_multiples_of_the_resolution_in_utc(
    time: str, resolution: timedelta, start: str
) -> None:
    floored = floor_to_grid(datetime.fromisoformat(time), resolution)

    assert floored.isoformat() == start
    assert floored.tzinfo is UTC


def test_both_passes_of_the_hour_that_a_clock_repeats_are_different_slots() -> None:
    """Lord Howe sets its clocks back by half an hour, at 02:00 to 01:30; both 01:45 exist."""
    first = datetime(2026, 4, 5, 1, 45, tzinfo=ZoneInfo("Australia/Lord_Howe"))

    assert floor_to_grid(first, QUARTER) == datetime(2026, 4, 4, 14, 45, tzinfo=UTC)
    assert floor_to_grid(first.replace(fold=1), QUARTER) == datetime(2026, 4, 4, 15, 15, tzinfo=UTC)


@given(
    time=st.datetimes(timezones=st.timezones(no_cache=False), allow_imaginary=False),
    seconds=st.sampled_from([1, 60, 300, 420, 900, 3600, 86_400, 604_800]),
)
def test_a_slot_holds_its_time(time: datetime, seconds: int) -> None:
    resolution = timedelta(seconds=seconds)
    try:
        start = floor_to_grid(time, resolution)
    except OverflowError:  # The first and the last days that a datetime can tell.
        return

    assert start <= time < start + resolution
    assert (start - datetime(1970, 1, 1, tzinfo=UTC)) % resolution == timedelta(0)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        floor_to_grid(datetime(2026, 11, 22), QUARTER)


def test_a_negative_resolution_is_refused() -> None:
    with pytest.raises(ValueError, match="resolution"):
        floor_to_grid(datetime(2026, 11, 22, tzinfo=UTC), -QUARTER)
