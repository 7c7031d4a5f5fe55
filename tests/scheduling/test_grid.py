"""The grid of UTC multiples on which steps begin."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.scheduling.grid import ceil_to_resolution, floor_to_resolution

QUARTER = timedelta(minutes=15)


def test_a_time_between_steps_is_floored_and_ceiled_to_the_steps_around_it() -> None:
    time = datetime(2026, 11, 22, 12, 7, 30, tzinfo=UTC)

    assert floor_to_resolution(time, QUARTER) == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert ceil_to_resolution(time, QUARTER) == datetime(2026, 11, 22, 12, 15, tzinfo=UTC)


def test_an_hourly_grid_in_a_half_hour_zone_follows_utc() -> None:
    time = datetime(2026, 11, 22, 12, 10, tzinfo=ZoneInfo("Asia/Kolkata"))

    assert floor_to_resolution(time, timedelta(hours=1)) == datetime(2026, 11, 22, 6, tzinfo=UTC)


@given(
    time=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(
        lambda t: t.replace(tzinfo=UTC)
    ),
    seconds=st.integers(1, 86_400),
)
def test_floor_and_ceil_enclose_the_time_within_one_step(time: datetime, seconds: int) -> None:
    resolution = timedelta(seconds=seconds)
    floor, ceil = floor_to_resolution(time, resolution), ceil_to_resolution(time, resolution)

    assert floor <= time <= ceil
    assert ceil - floor in {timedelta(0), resolution}
    assert floor_to_resolution(floor, resolution) == floor


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        floor_to_resolution(datetime(2026, 11, 22), QUARTER)


def test_a_grid_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        floor_to_resolution(datetime(2026, 11, 22, tzinfo=UTC), timedelta(0))
