"""Which sensor to ask next, so that all are served within the server's budget."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.measurements import PollPlan, first_due, refresh_period

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("sensors", "requests_an_hour"), [(1, 150), (10, 150), (100, 150), (1000, 1500)]
)
def test_the_budget_holds_for_any_number_of_sensors(sensors: int, requests_an_hour: int) -> None:
    assert sensors * HOUR / refresh_period(sensors) == pytest.approx(requests_an_hour)


def test_sensors_that_were_asked_together_are_due_evenly_over_the_period() -> None:
    dues = sorted(first_due(sensor, NOON, NOON + HOUR) for sensor in range(100, 200))
    gaps = [later - earlier for earlier, later in pairwise([NOON, *dues, NOON + HOUR])]

    assert dues[0] >= NOON
    assert dues[-1] <= NOON + HOUR
    assert max(gaps) < timedelta(seconds=80)


def test_the_earliest_sensor_comes_first() -> None:
    plan = PollPlan()
    plan.set(1, NOON + HOUR)
    plan.set(2, NOON)

    assert plan.next() == (NOON, 2)


def test_a_removed_sensor_is_not_asked() -> None:
    plan = PollPlan()
    plan.set(1, NOON)
    plan.remove(1)

    assert plan.next() is None
    assert len(plan) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 1000))))
def test_the_latest_call_for_a_sensor_counts(calls: list[tuple[int, int | None]]) -> None:
    plan = PollPlan()
    due: dict[int, datetime] = {}
    for sensor_id, minutes in calls:
        if minutes is None:
            plan.remove(sensor_id)
            due.pop(sensor_id, None)
        else:
            plan.set(sensor_id, NOON + timedelta(minutes=minutes))
            due[sensor_id] = NOON + timedelta(minutes=minutes)

    assert plan.next() == min(((time, key) for key, time in due.items()), default=None)
    assert len(plan) == len(due)
