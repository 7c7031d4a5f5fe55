"""The one power that should be followed now."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from custom_components.flexmeasures.control import (
    PowerLimits,
    Setpoint,
    SetpointSource,
    decide_setpoint,
)
from custom_components.flexmeasures.scheduling import Schedule

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
LIMITS = PowerLimits(consumption=5000, production=4000)
SCHEDULE = Schedule(
    start=NOON,
    resolution=QUARTER,
    powers=(3000.0, -9000.0, None),
    computed_at=NOON,
    schedule_id="job",
)


def decide(
    now: datetime,
    *,
    schedule: Schedule | None = SCHEDULE,
    following: bool = True,
    manual_power: float | None = None,
    manual_until: datetime | None = None,
) -> Setpoint:
    """Decide for the battery of these tests."""
    return decide_setpoint(
        schedule,
        now,
        following=following,
        manual_power=manual_power,
        manual_until=manual_until,
        limits=LIMITS,
    )


def test_the_step_that_holds_now_is_followed_until_it_ends() -> None:
    assert decide(NOON) == Setpoint(3000.0, SetpointSource.SCHEDULE, NOON + QUARTER)


def test_a_step_beyond_the_device_is_brought_within_its_limits() -> None:
    assert decide(NOON + QUARTER).power == -4000


def test_a_step_without_value_gives_the_safe_power() -> None:
    assert decide(NOON + 2 * QUARTER) == Setpoint(
        0.0, SetpointSource.NO_VALID_SCHEDULE, NOON + 3 * QUARTER
    )


def test_after_the_schedule_the_device_is_safe() -> None:
    assert decide(NOON + 3 * QUARTER) == Setpoint(0.0, SetpointSource.NO_VALID_SCHEDULE, None)
    assert decide(NOON, schedule=None) == Setpoint(0.0, SetpointSource.NO_VALID_SCHEDULE, None)


def test_before_the_schedule_the_device_is_safe_until_it_begins() -> None:
    early = NOON - timedelta(minutes=1)

    assert decide(early) == Setpoint(0.0, SetpointSource.NO_VALID_SCHEDULE, NOON)


def test_nothing_is_written_while_the_schedule_is_not_followed() -> None:
    assert decide(NOON, following=False) == Setpoint(None, SetpointSource.NOT_FOLLOWING, None)


def test_a_power_set_by_a_person_wins_until_its_end() -> None:
    until = NOON + QUARTER

    assert decide(NOON, manual_power=-700, manual_until=until) == Setpoint(
        -700, SetpointSource.MANUAL, until
    )
    assert decide(until, manual_power=-700, manual_until=until).source is SetpointSource.SCHEDULE


def test_a_power_set_by_a_person_stays_while_no_end_is_set() -> None:
    setpoint = decide(NOON, following=False, manual_power=9999)

    assert setpoint == Setpoint(5000, SetpointSource.MANUAL, None)


@given(
    seconds=st.integers(-10_000, 10_000),
    following=st.booleans(),
    manual_power=st.none() | st.floats(-1e5, 1e5),
)
def test_the_power_is_the_plan_the_person_or_safe_and_always_within_limits(
    seconds: int, following: bool, manual_power: float | None
) -> None:
    now = NOON + timedelta(seconds=seconds)
    setpoint = decide(now, following=following, manual_power=manual_power)
    planned = SCHEDULE.power_at(now)
    allowed = {LIMITS.clamp(manual_power)} if manual_power is not None else {0.0}
    if planned is not None:
        allowed.add(LIMITS.clamp(planned))

    assert setpoint.power is None or setpoint.power in allowed
    assert setpoint.power is not None or (not following and manual_power is None)
    assert setpoint.until is None or setpoint.until > now
