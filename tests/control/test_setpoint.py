"""The one power that should be followed now, and why."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.control import (
    Inputs,
    Mode,
    Override,
    Plan,
    PowerLimits,
    Request,
    SafePower,
    Setpoint,
    SetpointSource,
    decide_setpoint,
)

from .home import LIMITS, NOON, QUARTER, plan_of

PLAN = plan_of(3000.0, -9000.0, None)
FOLLOWING = Request(following=True)
INPUTS = Inputs()


def decide(
    now: datetime = NOON,
    *,
    plan: Plan | None = PLAN,
    request: Request = FOLLOWING,
    inputs: Inputs = INPUTS,
    safe_power: float | None = 0.0,
) -> Setpoint:
    """Decide for the battery of these tests."""
    return decide_setpoint(
        plan, now, request=request, inputs=inputs, limits=LIMITS, safe_power=safe_power
    )


def test_the_step_that_holds_now_is_followed_until_it_ends() -> None:
    assert decide() == Setpoint(3000.0, SetpointSource.SCHEDULE, NOON + QUARTER)


def test_a_device_may_produce_all_it_can_where_its_plan_takes_all_that_is_expected() -> None:
    """Told the plan, panels would throw away what the sun gives beyond its forecast."""
    plan = replace(plan_of(-1000.0, -1000.0), unlimited=frozenset({0}))

    expected, limited = decide(plan=plan), decide(NOON + QUARTER, plan=plan)

    assert (expected.power, expected.power_to_tell(LIMITS)) == (-1000, -LIMITS.production)
    assert (limited.power, limited.power_to_tell(LIMITS)) == (-1000, -1000)


def test_a_step_beyond_the_device_is_brought_within_its_limits() -> None:
    assert decide(NOON + QUARTER).power == -4000


def test_a_step_without_value_gives_the_safe_power() -> None:
    assert decide(NOON + 2 * QUARTER) == Setpoint(
        0.0, SetpointSource.STEP_MISSING, NOON + 3 * QUARTER
    )


def test_after_the_schedule_the_device_is_safe() -> None:
    ended = Setpoint(0.0, SetpointSource.SCHEDULE_ENDED, None)

    assert decide(NOON + 3 * QUARTER) == ended
    assert decide(NOON + 9 * QUARTER) == ended
    assert decide(plan=None) == Setpoint(0.0, SetpointSource.NO_SCHEDULE, None)


def test_before_the_schedule_the_device_is_safe_until_it_begins() -> None:
    early = NOON - timedelta(minutes=1)

    assert decide(early) == Setpoint(0.0, SetpointSource.SCHEDULE_NOT_BEGUN, NOON)


def test_a_plan_that_has_become_too_old_is_followed_no_more() -> None:
    expires = NOON + timedelta(minutes=5)
    plan = plan_of(3000.0, 3000.0, expires=expires)

    assert decide(plan=plan) == Setpoint(3000.0, SetpointSource.SCHEDULE, expires)
    assert decide(expires, plan=plan) == Setpoint(0.0, SetpointSource.SCHEDULE_ENDED, None)


def test_a_plan_that_is_not_trusted_is_not_executed_blindly() -> None:
    plan = plan_of(3000.0, 3000.0, trusted=False)

    assert decide(plan=plan) == Setpoint(0.0, SetpointSource.SCHEDULE_UNTRUSTED, NOON + 2 * QUARTER)


def test_nothing_is_written_while_the_schedule_is_not_followed() -> None:
    assert decide(request=Request()) == Setpoint(None, SetpointSource.NOT_FOLLOWING, None)


def test_a_power_set_by_a_person_wins_until_its_end() -> None:
    until = NOON + QUARTER
    request = Request(following=True, mode=Mode.PAUSE, override=Override(-700, until))

    assert decide(request=request) == Setpoint(-700, SetpointSource.OVERRIDE, until)
    assert decide(until, request=request).source is SetpointSource.PAUSE


def test_a_power_set_by_a_person_stays_while_no_end_is_set_and_within_limits() -> None:
    setpoint = decide(request=Request(override=Override(9999)))

    assert setpoint == Setpoint(5000, SetpointSource.OVERRIDE, None)


@pytest.mark.parametrize(
    ("mode", "power"),
    [
        (Mode.CHARGE_NOW, 5000),
        (Mode.DISCHARGE_NOW, -4000),
        (Mode.PAUSE, 0),
        (Mode.MANUAL, 1200),
    ],
)
def test_a_mode_wins_over_the_schedule_also_while_that_is_not_followed(
    mode: Mode, power: float
) -> None:
    request = Request(mode=mode, manual_power=1200)

    assert decide(request=request) == Setpoint(power, SetpointSource(mode.value), None)


@pytest.mark.parametrize(
    ("mode", "inputs"),
    [
        (Mode.CHARGE_NOW, Inputs(charged=True)),
        (Mode.DISCHARGE_NOW, Inputs(discharged=True)),
    ],
)
def test_charging_and_discharging_at_once_end_by_themselves(mode: Mode, inputs: Inputs) -> None:
    request = Request(following=True, mode=mode)

    assert decide(request=request, inputs=inputs).source is SetpointSource.SCHEDULE
    assert decide(request=Request(mode=mode), inputs=inputs).power is None


def test_a_mode_with_an_end_gives_way_to_the_schedule_then() -> None:
    until = NOON + timedelta(minutes=10)
    request = Request(following=True, mode=Mode.CHARGE_NOW, mode_until=until)

    assert decide(request=request) == Setpoint(5000, SetpointSource.CHARGE_NOW, until)
    assert decide(until, request=request).power == 3000


def test_a_lost_input_ends_following_and_discharging_but_no_wish_to_charge() -> None:
    lost = Inputs(live=False)

    assert decide(inputs=lost) == Setpoint(0.0, SetpointSource.INPUT_LOST, None)
    discharging = decide(request=Request(mode=Mode.DISCHARGE_NOW), inputs=lost)
    assert discharging == Setpoint(0.0, SetpointSource.INPUT_LOST, None)
    assert decide(request=Request(mode=Mode.CHARGE_NOW), inputs=lost).power == 5000


@pytest.mark.parametrize(
    "request_",
    [FOLLOWING, Request(mode=Mode.CHARGE_NOW), Request(override=Override(1000))],
)
def test_a_condition_of_the_owner_that_does_not_hold_ends_everything(request_: Request) -> None:
    unplugged = Inputs(unmet_conditions=frozenset({"plugged in"}))

    setpoint = decide(request=request_, inputs=unplugged, safe_power=None)

    assert setpoint == Setpoint(None, SetpointSource.CONDITION_NOT_MET, None)


def test_a_block_lasts_as_long_as_the_power_is_the_same() -> None:
    plan = plan_of(3000.0, 3000.0, 1000.0, 1000.0, expires=NOON + 3.5 * QUARTER)

    assert plan.block_end(NOON) == NOON + 2 * QUARTER
    assert plan.block_end(NOON + 2 * QUARTER) == NOON + 3.5 * QUARTER
    assert plan.block_end(NOON + 3.5 * QUARTER) is None
    assert plan.block_end(NOON - QUARTER) is None


def test_a_power_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        Override(float("nan"))
    with pytest.raises(ValueError, match="manual_power"):
        Request(manual_power=float("inf"))
    with pytest.raises(ValueError, match="power"):
        SafePower(float("nan"))
    with pytest.raises(ValueError, match="production"):
        PowerLimits(1000, -1)


def test_a_naive_time_is_refused() -> None:
    naive = NOON.replace(tzinfo=None)
    for make in (
        lambda: Override(1, naive),
        lambda: Request(mode_until=naive),
        lambda: plan_of(1, expires=naive),
    ):
        with pytest.raises(ValueError, match="time zone"):
            make()


@given(
    seconds=st.integers(-10_000, 10_000),
    following=st.booleans(),
    mode=st.sampled_from(Mode),
    override=st.none() | st.floats(-1e5, 1e5),
    live=st.booleans(),
)
def test_the_power_is_what_was_planned_wanted_or_safe_and_always_within_limits(
    seconds: int, following: bool, mode: Mode, override: float | None, live: bool
) -> None:
    now = NOON + timedelta(seconds=seconds)
    request = Request(
        following=following,
        mode=mode,
        manual_power=77.0,
        override=None if override is None else Override(override),
    )
    setpoint = decide(now, request=request, inputs=Inputs(live=live))
    planned = PLAN.schedule.power_at(now)
    allowed = {0.0, 77.0, 5000.0, -4000.0}
    allowed |= {LIMITS.clamp(power) for power in (override, planned) if power is not None}

    assert setpoint.power is None or setpoint.power in allowed
    is_asked = following or override is not None or mode is not Mode.SCHEDULE
    assert setpoint.power is not None or not is_asked
    assert setpoint.source is not SetpointSource.SCHEDULE or setpoint.power == LIMITS.clamp(
        planned or 0.0
    )
    assert setpoint.until is None or setpoint.until > now
