"""The past once more: gaps where nobody was recording, and the same slots as when it happened."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.measurements import (
    Accumulator,
    CounterAccumulator,
    History,
    Interval,
    MeanAccumulator,
    Pause,
    replay,
    stretches,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(minute: float) -> datetime:
    """Return a time after noon."""
    return NOON + minute * MINUTE


def history(
    readings: list[tuple[float, float]], *pauses: tuple[float, float], minutes: float = 60
) -> History[float]:
    """Return a stretch that begins at noon."""
    return History(
        start=NOON,
        end=at(minutes),
        readings=[(at(minute), value) for minute, value in readings],
        pauses=[Pause(start=at(start), end=at(end)) for start, end in pauses],
    )


def means(past: History[float]) -> list[Interval]:
    """Return the mean of each quarter-hour of the past."""
    accumulator = MeanAccumulator(QUARTER)
    return lived_through(past, accumulator) + accumulator.close(past.end)


def lived_through(past: History[float], accumulator: Accumulator) -> list[Interval]:
    """Return what ends while a stretch is lived through."""
    return replay(
        past.with_gaps(),
        resolution=QUARTER,
        take=lambda value, time: accumulator.add(time, value),
        close=accumulator.close,
    )


def test_a_value_does_not_hold_while_nobody_was_recording() -> None:
    past = history([(0, 2), (10, 4), (14, 6)], (6, 10))

    # 2 for 6 minutes, nothing for 4, 4 for 4 minutes and 6 for one: 34 over 11 minutes. Then 6 all the time.
    assert means(past)[0].value == pytest.approx(34 / 11)
    assert means(past)[0].coverage == pytest.approx(11 / 15)
    assert [item.value for item in means(past)[1:]] == [6, 6, 6]


def test_a_pause_that_had_begun_before_the_stretch_overrules_what_was_shown_before() -> None:
    past = history([(0, 2), (20, 4)], (-30, 18))

    # Ten minutes of the second quarter-hour are known.
    assert [item.value for item in means(past)] == [None, 4, 4, 4]
    assert list(past.with_gaps()) == [(NOON, 2), (NOON, None), (at(20), 4)]


def test_a_pause_that_ends_before_it_begins_is_a_clock_that_was_set_back() -> None:
    past = history([(0, 2), (20, 4)], (30, 15))

    assert list(past.with_gaps()) == [(NOON, 2), (at(15), None), (at(20), 4)]


def test_a_pause_at_the_end_belongs_to_what_follows() -> None:
    assert list(history([(0, 2)], (60, 70)).with_gaps()) == [(NOON, 2)]


def test_a_counter_that_stands_still_has_counted_nothing_then_as_it_would_have_live() -> None:
    accumulator = CounterAccumulator(QUARTER)
    past = history([(0, 100), (15, 101), (58, 102)], minutes=90)

    closed = lived_through(past, accumulator) + accumulator.close(past.end)

    # 1 kWh in the first quarter-hour. When the slot until 12:45 ended, nothing could have been counted until 12:30; the
    # other kWh is in the 28 minutes after that.
    assert [item.value for item in closed[:2]] == [4, 0]
    assert closed[2].value == pytest.approx(60 / 28)
    assert sum(item.value or 0 for item in closed) / 4 == pytest.approx(2)


@pytest.mark.parametrize(
    ("zone", "first", "days"),
    [
        ("Europe/Amsterdam", datetime(2026, 3, 28), 3),
        ("Europe/Amsterdam", datetime(2026, 10, 24), 3),
        ("Australia/Lord_Howe", datetime(2026, 4, 4), 3),
        ("Australia/Lord_Howe", datetime(2026, 10, 3), 3),
        ("Asia/Kolkata", datetime(2026, 3, 28), 3),
        ("America/St_Johns", datetime(2026, 3, 7), 3),
        ("America/St_Johns", datetime(2026, 10, 31), 3),
    ],
)
@pytest.mark.parametrize("minutes", [5, 15, 60, 1440])
def test_no_interval_is_in_two_stretches_or_in_none_where_clocks_change(
    zone: str, first: datetime, days: int, minutes: int
) -> None:
    resolution = timedelta(minutes=minutes)
    start = first.replace(tzinfo=ZoneInfo(zone))
    end = (first + timedelta(days=days)).replace(tzinfo=ZoneInfo(zone))

    parts = list(stretches(start, end, resolution))

    assert parts[0][0] == start
    assert parts[-1][1] == end
    assert all(earlier[1] == later[0] for earlier, later in pairwise(parts))
    # Real hours: 71 or 73 where the clock changes by an hour, 71.5 or 72.5 on Lord Howe.
    assert sum((stop - begin for begin, stop in parts), timedelta()) == end.astimezone(
        UTC
    ) - start.astimezone(UTC)
    assert all(stop - begin <= DAY for begin, stop in parts)


def test_a_slot_that_is_longer_than_a_day_is_not_cut() -> None:
    week = 7 * DAY

    assert list(stretches(NOON, NOON + 2 * week, week)) == [
        (NOON, NOON + week),
        (NOON + week, NOON + 2 * week),
    ]


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        list(stretches(datetime(2026, 1, 1), datetime(2026, 1, 2)))


@given(
    st.lists(st.tuples(st.integers(0, 3599), st.floats(-1e6, 1e6)), min_size=1, max_size=40),
    st.integers(1, 3599),
)
def test_cutting_the_past_into_stretches_changes_no_slot(
    changes: list[tuple[int, float]], cut: int
) -> None:
    readings = [
        (NOON + timedelta(seconds=second), value) for second, value in sorted(dict(changes).items())
    ]
    border = NOON + timedelta(seconds=cut)
    accumulator = MeanAccumulator(QUARTER)
    closed: list[Interval] = []

    for start, end in ((NOON, border), (border, at(60))):
        part = History(
            start=start,
            end=end,
            readings=[item for item in readings if start <= item[0] < end],
            pauses=[],
        )
        closed += lived_through(part, accumulator)
    closed += accumulator.close(at(60))

    whole = History(start=NOON, end=at(60), readings=readings, pauses=[])
    assert closed == means(whole)
