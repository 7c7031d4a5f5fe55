"""The time line of one flexible device."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.scheduling import Schedule

QUARTER = timedelta(minutes=15)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def make_schedule(
    powers: tuple[float | None, ...] = (1000.0, -500.0, None),
    start: datetime = NOON,
    resolution: timedelta = QUARTER,
) -> Schedule:
    """Return a schedule from noon, a quarter-hour per power."""
    return Schedule(
        start=start, resolution=resolution, powers=powers, computed_at=NOON, schedule_id="job"
    )


def test_each_step_holds_from_its_start_up_to_its_end() -> None:
    schedule = make_schedule()

    assert schedule.power_at(NOON) == 1000.0
    assert schedule.power_at(NOON + QUARTER - timedelta(microseconds=1)) == 1000.0
    assert schedule.power_at(NOON + QUARTER) == -500.0
    assert schedule.power_at(NOON + 2 * QUARTER) is None
    assert schedule.valid_until == NOON + 3 * QUARTER


def test_nothing_is_planned_outside_the_schedule() -> None:
    schedule = make_schedule()

    assert schedule.step_at(NOON - timedelta(microseconds=1)) is None
    assert schedule.step_at(schedule.valid_until) is None


def test_boundaries_lead_from_before_the_schedule_to_its_end() -> None:
    schedule = make_schedule()

    assert schedule.next_boundary(NOON - timedelta(hours=1)) == NOON
    assert schedule.next_boundary(NOON) == NOON + QUARTER
    assert schedule.next_boundary(NOON + timedelta(minutes=44)) == schedule.valid_until
    assert schedule.next_boundary(schedule.valid_until) is None


def test_times_in_another_zone_are_the_same_moments() -> None:
    amsterdam = datetime(2026, 11, 22, 13, 0, tzinfo=ZoneInfo("Europe/Amsterdam"))

    assert make_schedule(start=amsterdam).start == NOON
    assert make_schedule(start=amsterdam).start.tzinfo is UTC


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    "day", [datetime(2026, 10, 25), datetime(2026, 4, 5), datetime(2027, 3, 28)]
)
def test_steps_have_equal_length_on_days_on_which_clocks_change(zone: str, day: datetime) -> None:
    schedule = make_schedule(
        tuple(float(power) for power in range(96)), start=day.replace(tzinfo=ZoneInfo(zone))
    )

    assert {step.end - step.start for step in schedule.steps()} == {QUARTER}
    assert schedule.valid_until - schedule.start == timedelta(hours=24)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"powers": ()}, "at least one step"),
        ({"powers": (float("nan"),)}, "finite"),
        ({"powers": (float("inf"),)}, "finite"),
        ({"resolution": timedelta(0)}, "positive length"),
        ({"start": datetime(2026, 11, 22, 12, 0)}, "time zone"),
    ],
)
def test_what_is_no_time_line_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        make_schedule(**change)  # type: ignore[arg-type]


@given(
    powers=st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=200),
    minutes=st.sampled_from([1, 5, 15, 30, 60]),
    seconds=st.integers(-100_000, 1_000_000),
)
def test_the_step_at_any_time_is_the_one_around_it(
    powers: list[float | None], minutes: int, seconds: int
) -> None:
    schedule = make_schedule(tuple(powers), resolution=timedelta(minutes=minutes))
    time = NOON + timedelta(seconds=seconds)
    around = [step for step in schedule.steps() if step.start <= time < step.end]

    assert schedule.step_at(time) == (around[0] if around else None)
