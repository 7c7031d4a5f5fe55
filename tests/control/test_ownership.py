"""Whose value a device holds, and what it gets back."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.control import (
    ControlStatus,
    FollowingChosen,
    GuardRails,
    LeaveAsItIs,
    Mode,
    ModeChosen,
    NoticeKind,
    Origin,
    PlanReceived,
    Released,
    SafePower,
    SafeReading,
    SafeValue,
    SetpointSource,
    ValueBefore,
)

from .home import NOON, QUARTER, SECOND, Home, plan_of, settings_of


def following(safe_value: SafeValue | None = None, suspension: timedelta | None = None) -> Home:
    """Return a home that follows 3000 W for half an hour and then -2000 W; before, its number showed 1 W."""
    home = Home(settings=settings_of(GuardRails(suspension=suspension), safe_value))
    home.plan(3000, 3000, -2000, -2000)
    home.tell(FollowingChosen(True))
    return home


def test_what_a_person_sets_is_left_alone_until_the_next_block() -> None:
    home = following()
    home.until(2)
    home.change(1500.0)
    assert home.engine.status is ControlStatus.SUSPENDED
    assert home.engine.suspended_until == NOON + 2 * QUARTER
    home.until(31)

    assert home.told == [(0, 3000), (30, -2000)]
    assert home.notices == [NoticeKind.SUSPENDED, NoticeKind.RESUMED]


def test_what_a_person_sets_is_left_alone_for_the_chosen_time() -> None:
    home = following(suspension=timedelta(minutes=10))
    home.until(2)
    home.change(1500.0)
    home.until(13)

    assert home.told == [(0, 3000), (12, 3000)]


def test_what_a_person_sets_just_before_a_block_is_left_alone_for_a_minute() -> None:
    home = following()
    home.wait(2 * QUARTER - 10 * SECOND)
    home.change(1500.0)
    home.until(45)

    assert home.told == [(0, 3000), (pytest.approx(30 + 50 / 60), -2000)]


def test_without_a_plan_what_a_person_sets_is_left_alone_for_an_hour() -> None:
    home = Home()
    home.tell(ModeChosen(Mode.CHARGE_NOW))
    home.until(2)
    home.change(1500.0)
    home.until(90)

    assert home.told == [(0, 5000), (62, 5000)]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (FollowingChosen(True), [(0, 3000), (3, 3000)]),
        (ModeChosen(Mode.PAUSE), [(0, 3000), (3, 0)]),
        # What a person set by hand is not ours to take away.
        (FollowingChosen(False), [(0, 3000)]),
        (Released(), [(0, 3000)]),
    ],
)
def test_a_person_takes_control_back_with_mode_or_switch(
    event: FollowingChosen, told: list[tuple[float, float]]
) -> None:
    home = following()
    home.until(2)
    home.change(1500.0)
    home.until(3)
    home.tell(event)

    assert home.told == told


def test_the_end_of_the_plan_takes_nothing_from_a_person() -> None:
    home = following(suspension=timedelta(hours=5))
    home.until(2)
    home.change(1500.0)
    home.until(240)

    assert home.shown == 1500
    home.until(303)
    assert home.told == [(0, 3000), (302, 0)]


@pytest.mark.parametrize(
    ("shown", "origin"),
    [
        (3000.0, Origin.OWN),
        (3000.0, Origin.FOREIGN),
        (3001.0, Origin.FOREIGN),
        (3029.0, Origin.DEVICE),
    ],
)
def test_our_own_echo_and_rounding_are_nobody_else_s_change(shown: float, origin: Origin) -> None:
    home = following()
    home.until(2)
    home.change(shown, origin)

    assert home.engine.status is ControlStatus.FOLLOWING


def test_an_attribute_that_somebody_changes_is_no_change_of_the_value() -> None:
    home = Home(device=lambda shown, told: shown)
    home.plan(3000)
    home.tell(FollowingChosen(True))
    home.report(Origin.FOREIGN)

    assert home.engine.status is ControlStatus.SETTLING


def test_an_automation_at_the_start_takes_nothing_from_us_but_is_not_fought_at_once() -> None:
    home = Home(settings=settings_of(safe_value=ValueBefore()))
    home.tell(FollowingChosen(True))
    home.wait(SECOND)
    home.change(0.0)
    home.tell(ModeChosen(Mode.SCHEDULE))
    home.change(10.0)
    home.plan(3000)
    home.wait(59 * SECOND)
    assert home.told == []
    home.wait(SECOND)

    assert home.told == [(pytest.approx(61 / 60), 3000)]
    assert home.notices == []


def test_a_person_who_changes_what_is_not_controlled_is_not_noticed() -> None:
    home = Home()
    home.plan(3000)
    home.change(500.0)
    assert home.engine.status is ControlStatus.IDLE

    home.tell(FollowingChosen(True))
    assert home.told == [(0, 3000)]


def test_a_person_who_comes_first_while_we_write_is_left_alone_but_our_late_value_is_ours() -> None:
    home = Home(answers=False)
    home.plan(3000)
    home.tell(FollowingChosen(True))
    home.change(1500.0)
    assert not home.engine.allows(home.sent[0], home.now)
    assert home.engine.status is ControlStatus.SUSPENDED

    # It was on its way already: the device shows it, and gets the safe value when control ends.
    home.change(3000.0, Origin.OWN)
    home.sent.clear()
    home.answers = True
    home.tell(Released())
    assert home.told == [(0, 0)]


@pytest.mark.parametrize(
    ("safe_value", "told", "power"),
    [
        (SafePower(0.0), [(0, 3000), (5, 0)], 0),
        (SafePower(-9000.0), [(0, 3000), (5, -4000)], -4000),
        (SafeReading(123.0), [(0, 3000), (5, 123)], 123),
        (ValueBefore(), [(0, 3000), (5, 1)], 1),
        (LeaveAsItIs(), [(0, 3000)], None),
    ],
)
@pytest.mark.parametrize("ending", ["expiry", "release", "switch"])
def test_each_safe_value_is_given_when_control_ends(
    safe_value: SafeValue, told: list[tuple[float, float]], power: float | None, ending: str
) -> None:
    home = following(safe_value)
    home.until(5)
    match ending:
        case "expiry":
            home.tell(PlanReceived(plan_of(3000, expires=home.now)))
        case "release":
            home.tell(Released())
        case _:
            home.tell(FollowingChosen(False))
    home.until(10)

    assert home.told == told
    assert home.engine.memory().engaged is False
    if ending == "expiry":
        assert home.engine.setpoint.source is SetpointSource.SCHEDULE_ENDED
        assert home.engine.setpoint.power == power


def test_what_was_shown_before_is_taken_anew_at_every_take_over() -> None:
    home = following(ValueBefore())
    home.until(5)
    home.tell(FollowingChosen(False))
    home.until(6)
    home.change(250.0)
    home.tell(FollowingChosen(True))
    home.until(7)
    home.tell(FollowingChosen(False))

    assert home.told == [(0, 3000), (5, 1), (6, 3000), (7, 250)]


def test_what_was_never_taken_over_is_left_as_it_is() -> None:
    home = Home(settings=settings_of(safe_value=ValueBefore()))
    home.tell(FollowingChosen(True))
    home.until(60)

    assert home.told == []
    assert home.engine.status is ControlStatus.SAFE


def test_a_device_that_never_took_its_value_after_leaving_it_is_not_blamed_for_ever() -> None:
    home = Home(settings=settings_of(safe_value=LeaveAsItIs()), device=lambda shown, told: shown)
    home.plan(3000)
    home.tell(FollowingChosen(True))
    home.until(5)
    assert home.engine.status is ControlStatus.NOT_FOLLOWING
    home.tell(FollowingChosen(False))
    home.until(6)

    assert home.engine.status is ControlStatus.IDLE
