"""The time line of one flexible device."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.scheduling import (
    BlockKind,
    PriceSeries,
    Schedule,
    Tariff,
)

QUARTER = timedelta(minutes=15)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def make_schedule(
    powers: tuple[float | None, ...] = (1000.0, -500.0, None),
    start: datetime = NOON,
    resolution: timedelta = QUARTER,
    scheduler: str = "StorageScheduler",
) -> Schedule:
    """Return a schedule from noon, a quarter-hour per power."""
    return Schedule(
        start=start,
        resolution=resolution,
        powers=powers,
        computed_at=NOON,
        schedule_id="job",
        scheduler=scheduler,
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


def test_the_next_change_is_not_just_the_next_step() -> None:
    schedule = make_schedule((0.0, 0.4, 3000.0, 3000.0, None, None, -500.0))

    def change(steps: float) -> tuple[float, float | None] | None:
        step = schedule.next_change(NOON + steps * QUARTER)
        return ((step.start - NOON) / QUARTER, step.power) if step else None

    assert change(-1) == (0, 0.0)
    assert change(0) == (2, 3000.0)
    assert change(2.5) == (4, None)
    assert change(4) == (6, -500.0)
    assert change(6) is None
    assert change(7) is None
    assert schedule.next_change(NOON, tolerance=0.1) == schedule.step_at(NOON + QUARTER)


def test_steps_of_equal_power_are_one_block() -> None:
    """Half a watt is rounding, and idle; 3 kWh are four quarter-hours at 3 kW."""
    schedule = make_schedule((0.5, -0.5, 3000.0, 3000.5, 2999.5, 3000.0, -400.0, None))

    blocks = schedule.blocks()

    assert [(block.kind, block.first, block.count) for block in blocks] == [
        (BlockKind.IDLE, 0, 2),
        (BlockKind.CHARGE, 2, 4),
        (BlockKind.DISCHARGE, 6, 1),
        (BlockKind.UNKNOWN, 7, 1),
    ]
    assert [block.power for block in blocks] == [0.0, 3000.0, -400.0, None]
    assert [block.energy for block in blocks] == [0.0, 3.0, -0.1, None]
    assert (blocks[1].start, blocks[1].end) == (NOON + 2 * QUARTER, NOON + 6 * QUARTER)


def test_power_that_creeps_is_not_one_block() -> None:
    """Each step differs by less than a watt from the one before, and the third by more from the first."""
    schedule = make_schedule((1000.0, 1000.8, 1001.6))

    assert [block.count for block in schedule.blocks()] == [2, 1]


def test_energy_is_told_by_direction() -> None:
    schedule = make_schedule((2000.0, 2000.0, -800.0, None))

    assert schedule.consumed_energy == 1.0
    assert schedule.produced_energy == 0.2
    assert schedule.energy == 0.8


def test_a_schedule_costs_what_its_steps_cost() -> None:
    """1 kWh at 0.2 less 0.2 kWh at 0.1."""
    schedule = make_schedule((2000.0, 2000.0, -800.0, 0.0))
    buying = PriceSeries(start=NOON, resolution=QUARTER, prices=(0.2,) * 4, currency="EUR")
    selling = PriceSeries(start=NOON, resolution=QUARTER, prices=(0.1,) * 4, currency="EUR")

    assert schedule.cost(Tariff(buying, selling)) == pytest.approx(0.18)
    assert make_schedule((1000.0,) * 5).cost(Tariff(buying)) is None
    assert make_schedule((1000.0,) * 4 + (0.0,)).cost(Tariff(buying)) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("powers", "scheduler", "is_flat"),
    [
        ((500.0, 500.0), "StorageFallbackScheduler", True),
        ((0.0, 0.0), "StorageFallbackScheduler", True),
        ((500.0, 501.0), "StorageFallbackScheduler", False),
        ((500.0, 500.0), "StorageScheduler", False),
        ((500.0, 500.0), "", False),
    ],
)
def test_one_power_for_all_steps_of_a_fallback_is_no_plan(
    powers: tuple[float, ...], scheduler: str, is_flat: bool
) -> None:
    assert make_schedule(powers, scheduler=scheduler).is_flat_fallback is is_flat


@given(
    powers=st.lists(st.none() | st.floats(-1e4, 1e4) | st.sampled_from([0.0, 500.0]), min_size=1),
    tolerance=st.floats(0, 500),
)
def test_blocks_cover_the_schedule_and_keep_its_energy(
    powers: list[float | None], tolerance: float
) -> None:
    schedule = make_schedule(tuple(powers))

    blocks = schedule.blocks(tolerance)

    assert blocks[0].start == schedule.start
    assert blocks[-1].end == schedule.valid_until
    for block, after in pairwise(blocks):
        assert block.end == after.start
        assert block.first + block.count == after.first
    energy = sum(block.energy or 0 for block in blocks)
    assert energy == pytest.approx(schedule.energy, abs=1e-6)
    assert schedule.energy == pytest.approx(sum((power or 0) / 4000 for power in powers), abs=1e-6)
    for block in blocks:
        for power in powers[block.first : block.first + block.count]:
            assert (power is None) == (block.power is None)
            assert abs((power or 0) - (powers[block.first] or 0)) <= tolerance


@given(
    powers=st.lists(st.none() | st.sampled_from([0.0, 500.0, -500.0]), min_size=1, max_size=50),
    minutes=st.integers(-30, 800),
)
def test_nothing_changes_before_the_next_change(powers: list[float | None], minutes: int) -> None:
    schedule = make_schedule(tuple(powers))
    time = NOON + timedelta(minutes=minutes)

    change = schedule.next_change(time)

    if change is None:
        later = [step.power for step in schedule.steps() if step.end > time]
        assert len(set(later)) <= 1
        return
    assert change.start > time
    assert change.power != schedule.power_at(time) or time < schedule.start
    between = {
        step.power for step in schedule.steps() if step.end > time and step.start < change.start
    }
    assert between <= {schedule.power_at(time)}
