"""One stretch of a sensor's values, from the recent past to what is known of the future."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.measurements import ValueRow, ValueWindow, plan_window

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def window(
    *values: float | None,
    start: datetime = NOON - 4 * QUARTER,
    asked_at: datetime = NOON,
    is_instantaneous: bool = False,
) -> ValueWindow:
    """Return quarter-hours, by default the four before noon."""
    return ValueWindow(
        start=start,
        grid=QUARTER,
        values=values,
        asked_at=asked_at,
        is_instantaneous=is_instantaneous,
    )


def test_the_interval_around_now_holds() -> None:
    assert window(1, 2, 3, 4, 5, 6).value_at(NOON + timedelta(minutes=7)) == 5


def test_the_last_measured_interval_holds_until_the_next_is_known() -> None:
    assert window(1, 2, 3, 4).value_at(NOON + timedelta(minutes=7)) == 4


def test_a_value_that_was_old_when_asked_does_not_hold() -> None:
    assert window(1, None, None, None).value_at(NOON) is None
    assert window(1, 2, None, None).value_at(NOON) == 2


def test_a_gap_in_the_future_is_not_filled_from_before_the_hold_limit() -> None:
    known = window(1, 2, 3, 4, 5, None, None, None, None, None, asked_at=NOON + timedelta(hours=2))

    assert known.value_at(NOON + timedelta(minutes=80)) is None


def test_before_the_window_nothing_is_known() -> None:
    assert window(1, 2).value_at(NOON - timedelta(hours=2)) is None


def test_a_moment_s_reading_holds_for_an_hour() -> None:
    assert window(7, None, None, None, is_instantaneous=True).value_at(NOON) == 7
    late = window(7, None, None, None, is_instantaneous=True, asked_at=NOON + timedelta(hours=1))
    assert late.value_at(NOON + timedelta(hours=1)) is None


def test_moments_readings_last_until_the_next_one() -> None:
    known = window(None, 1, None, None, 2, None, is_instantaneous=True)

    assert list(known.rows_from(NOON - 4 * QUARTER)) == [
        ValueRow(NOON - 3 * QUARTER, NOON, 1),
        ValueRow(NOON, NOON + timedelta(hours=1), 2),
    ]


def test_rows_leave_out_gaps_and_what_is_over() -> None:
    rows = list(window(1, 2, None, 4, None, 6).rows_from(NOON - QUARTER))

    assert rows == [
        ValueRow(NOON - QUARTER, NOON, 4),
        ValueRow(NOON + QUARTER, NOON + 2 * QUARTER, 6),
    ]


def test_only_intervals_that_begin_later_are_a_future() -> None:
    assert not window(1, 2, 3, 4, 5).has_future(NOON + timedelta(minutes=1))
    assert window(1, 2, 3, 4, 5, 6).has_future(NOON + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("values", "wait"),
    [
        # Past only: when the interval that began at noon can have been measured.
        ((1, 2, 3, 4), QUARTER),
        # Known for half an hour: when that ends.
        ((1, 2, 3, 4, 5, 6), timedelta(minutes=30)),
        # Known for long: forecasts are renewed within the hour.
        ((1,) * 50, timedelta(hours=1)),
        # Silent.
        ((None,) * 4, timedelta(minutes=15)),
    ],
)
def test_the_server_is_asked_again_when_something_new_can_be_there(
    values: tuple[float | None, ...], wait: timedelta
) -> None:
    assert window(*values).look_again_at(timedelta(minutes=1)) == NOON + wait
    assert window(*values).look_again_at(timedelta(hours=2)) == NOON + timedelta(hours=2)


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(
        lambda t: t.replace(tzinfo=UTC)
    ),
    seconds=st.sampled_from([0, 1, 60, 300, 900, 3600, 86_400, 604_800]),
)
def test_a_request_is_aligned_bounded_and_encloses_now(now: datetime, seconds: int) -> None:
    resolution = timedelta(seconds=seconds)
    request = plan_window(resolution, now)

    assert request.resolution == (max(resolution, timedelta(minutes=1)))
    assert request.start.timestamp() % request.resolution.total_seconds() == 0
    assert request.duration % request.resolution == timedelta(0)
    assert request.start < now < request.start + request.duration
    assert request.duration / request.resolution <= 1002


def test_values_that_we_sent_are_known_without_asking() -> None:
    later = NOON + timedelta(minutes=1)
    known = window(1, 2, 3, 4).with_values(NOON - QUARTER, (9, 9), later)

    assert known == window(1, 2, 3, 9, asked_at=later)
    assert window(1, 2).with_values(NOON - 6 * QUARTER, (7, 7, None, 8), later) == window(
        1, 8, asked_at=later
    )


def test_values_on_another_grid_do_not_fit() -> None:
    assert window(1, 2).with_values(NOON - timedelta(minutes=5), (1,), NOON) is None
