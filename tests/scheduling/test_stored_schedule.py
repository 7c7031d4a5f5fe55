"""Schedules that are kept across restarts."""

from datetime import UTC, datetime, timedelta
import json

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.scheduling import (
    JSON,
    Schedule,
    schedule_from_json,
    schedule_to_json,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SCHEDULE = Schedule(
    start=NOON,
    resolution=timedelta(minutes=15),
    powers=(1000.0, None, -0.5),
    computed_at=NOON + timedelta(seconds=3.25),
    schedule_id="job",
    scheduler="StorageScheduler",
)


@given(
    powers=st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=200),
    seconds=st.integers(1, 7200),
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.timezones()),
)
def test_what_is_read_back_is_what_was_stored(
    powers: list[float | None], seconds: int, moment: datetime
) -> None:
    schedule = Schedule(
        start=moment,
        resolution=timedelta(seconds=seconds),
        powers=tuple(powers),
        computed_at=moment,
        schedule_id="job",
    )

    assert schedule_from_json(json.loads(json.dumps(schedule_to_json(schedule)))) == schedule


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "version 2"),
        ({"version": None}, "version None"),
        ({"extra": 1}, "no stored schedule"),
        ({"powers": "1000"}, "powers must be a list"),
        ({"powers": [1000, "2000"]}, "powers must be numbers"),
        ({"powers": [True]}, "powers must be numbers"),
        ({"powers": []}, "at least one step"),
        ({"powers": [float("nan")]}, "finite"),
        ({"resolution": "PT15M"}, "resolution must be numbers"),
        ({"resolution": 0}, "positive length"),
        ({"start": "2026-11-22T12:00:00"}, "time zone"),
        ({"start": "noon"}, "isoformat"),
        ({"start": 3}, "start must be a text"),
        ({"schedule_id": None}, "schedule_id must be a text"),
    ],
)
def test_what_is_not_exactly_a_stored_schedule_is_refused(
    change: dict[str, JSON], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        schedule_from_json({**schedule_to_json(SCHEDULE), **change})


@pytest.mark.parametrize("stored", [None, [], "schedule", {}])
def test_what_is_no_schedule_at_all_is_refused(stored: JSON) -> None:
    with pytest.raises(ValueError, match="no stored schedule"):
        schedule_from_json(stored)
