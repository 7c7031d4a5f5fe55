"""A whole device under control: what it shows at every instant."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.control import (
    OFF,
    ControlEngine,
    ControlResumed,
    ControlSettings,
    ControlStatus,
    DirectPower,
    FollowingChosen,
    GuardRails,
    Inputs,
    InputsChanged,
    LimitsChanged,
    Mode,
    ModeChosen,
    NoticeKind,
    Origin,
    Outcome,
    PlanReceived,
    PowerLimits,
    Released,
    Reported,
    SetpointSource,
    SetPower,
    ShadowChosen,
    Switch,
    Threshold,
    TimePassed,
    TurnSwitch,
    Wake,
    Write,
    WriteFinished,
)

from .home import LIMITS, MINUTE, NOON, QUARTER, SECOND, Home, plan_of, settings_of


def test_nothing_is_written_before_anybody_lets_it() -> None:
    home = Home()
    home.plan(3000, -2000)
    home.until(60)

    assert home.told == []
    assert home.engine.status is ControlStatus.IDLE


def test_every_step_is_written_when_it_begins_and_the_safe_value_when_the_plan_ends(
    home: Home,
) -> None:
    home.until(15)
    assert home.engine.status is ControlStatus.FOLLOWING
    home.until(60)

    assert home.told == [(0, 3000), (15, -2000), (30, 0)]
    assert home.engine.status is ControlStatus.SAFE
    assert home.engine.setpoint.source is SetpointSource.SCHEDULE_ENDED


def test_a_power_that_stands_is_not_written_again() -> None:
    home = Home()
    home.plan(3000, 3000, 3020, 3060, 0)
    home.tell(FollowingChosen(True))
    home.until(75)

    # 3020 W lies within the deadband of 50 W, 3060 W does not; rest is always written.
    assert home.told == [(0, 3000), (45, 3060), (60, 0)]


def test_the_deadband_does_not_hold_a_device_above_a_lower_limit(home: Home) -> None:
    home.wait(MINUTE)
    home.tell(LimitsChanged(PowerLimits(2990, 4000)))

    assert home.told == [(0, 3000), (1, 2990)]
    assert home.engine.limits.consumption == 2990


def test_a_value_that_the_device_shows_already_is_not_written() -> None:
    home = Home(shown=3000.0)
    home.plan(3000)
    home.tell(FollowingChosen(True))

    assert home.told == []
    assert home.engine.status is ControlStatus.FOLLOWING


def test_a_newer_plan_replaces_the_older_one_for_good(home: Home) -> None:
    home.until(5)
    home.plan(-1000, -1500, 500)
    home.until(50)

    assert home.told == [(0, 3000), (5, -1000), (15, -1500), (30, 500), (45, 0)]
    assert [write.generation for _, write in home.writes] == [1, 2, 2, 2, 2]


def test_a_plan_that_arrives_while_a_write_is_under_way_is_written_after_it() -> None:
    home = Home(answers=False)
    home.plan(3000)
    home.tell(FollowingChosen(True))
    home.plan(-1000)

    assert not home.engine.allows(home.sent[0], home.now)
    home.answer()
    home.answer()
    assert home.told == [(0, -1000)]
    assert home.engine.statistics().writes == 1


def test_a_write_that_was_sent_before_the_plan_ended_is_not_carried_out_after() -> None:
    home = Home(answers=False)
    home.plan(3000)
    home.wait(QUARTER - SECOND)
    home.tell(FollowingChosen(True))
    (write,) = home.sent

    assert write.expires == NOON + QUARTER
    assert home.engine.allows(write, home.now)
    assert not home.engine.allows(write, NOON + QUARTER)
    home.now = NOON + QUARTER
    home.answer()
    home.answer()
    assert home.told == [(15, 0)]


@pytest.mark.parametrize(
    ("event", "source"),
    [
        (InputsChanged(Inputs(live=False)), SetpointSource.INPUT_LOST),
        (
            InputsChanged(Inputs(unmet_conditions=frozenset({"plugged in"}))),
            SetpointSource.CONDITION_NOT_MET,
        ),
        (FollowingChosen(False), SetpointSource.NOT_FOLLOWING),
        (PlanReceived(None), SetpointSource.NO_SCHEDULE),
        (PlanReceived(plan_of(3000.0, trusted=False)), SetpointSource.SCHEDULE_UNTRUSTED),
        (ShadowChosen(True), SetpointSource.SCHEDULE),
    ],
)
def test_the_device_is_safe_at_once_when_anything_ends(
    home: Home, event: PlanReceived, source: SetpointSource
) -> None:
    home.wait(SECOND)
    home.tell(event)

    # The safe value does not wait for the 30 s between two writes.
    assert home.told == [(0, 3000), (pytest.approx(1 / 60), 0)]
    assert home.engine.setpoint.source is source


def test_what_is_live_again_is_followed_again_after_the_dwell(home: Home) -> None:
    home.wait(SECOND)
    home.tell(InputsChanged(Inputs(live=False)))
    home.wait(SECOND)
    home.tell(InputsChanged(Inputs()))
    home.until(1)

    assert home.told[1:] == [(pytest.approx(1 / 60), 0), (pytest.approx(31 / 60), 3000)]


def lost_at(home: Home, *, bridged: timedelta) -> None:
    """Lose an input that may come back by itself within a time."""
    home.tell(InputsChanged(Inputs(live=False, bridged_until=home.now + bridged)))


def test_what_is_carried_out_goes_on_while_an_input_is_silent_for_a_moment(home: Home) -> None:
    home.until(5)
    lost_at(home, bridged=MINUTE)
    assert home.engine.setpoint.source is SetpointSource.SCHEDULE
    home.wait(30 * SECOND)
    home.tell(InputsChanged(Inputs()))
    home.until(14)

    assert home.told == [(0, 3000)]


def test_an_input_that_stays_silent_is_lost_after_the_moment(home: Home) -> None:
    home.until(5)
    lost_at(home, bridged=MINUTE)
    home.until(14)

    assert home.told == [(0, 3000), (6, 0)]
    assert home.engine.setpoint.source is SetpointSource.INPUT_LOST


def test_nothing_new_is_begun_while_an_input_is_silent(home: Home) -> None:
    home.until(14)
    lost_at(home, bridged=5 * MINUTE)
    home.until(20)

    # Not the -2000 W of the plan's next step: what it needs to know is not known.
    assert home.told == [(0, 3000), (15, 0)]


def test_another_plan_is_not_begun_while_an_input_is_silent(home: Home) -> None:
    home.until(5)
    lost_at(home, bridged=5 * MINUTE)
    home.plan(3000, 1000)
    assert home.told == [(0, 3000)]
    home.plan(2500, 1000)

    assert home.told == [(0, 3000), (5, 0)]


def test_what_the_device_was_not_told_yet_is_not_begun_while_an_input_is_silent(
    home: Home,
) -> None:
    home.wait(SECOND)
    home.plan(1500)  # waits for the 30 s between two writes
    lost_at(home, bridged=MINUTE)
    home.until(3)

    assert home.told == [(0, 3000), (pytest.approx(1 / 60), 0)]


def test_discharging_at_once_goes_on_while_the_state_of_charge_is_silent_for_a_moment(
    home: Home,
) -> None:
    home.until(5)
    home.tell(ModeChosen(Mode.DISCHARGE_NOW))
    lost_at(home, bridged=MINUTE)
    home.until(8)

    assert home.told == [(0, 3000), (5, -4000), (6, 0)]


def test_discharging_at_once_is_not_begun_while_the_state_of_charge_is_silent(home: Home) -> None:
    home.until(5)
    lost_at(home, bridged=MINUTE)
    home.tell(ModeChosen(Mode.DISCHARGE_NOW))

    assert home.told == [(0, 3000), (5, 0)]


def test_a_moment_needs_an_end_with_its_zone() -> None:
    with pytest.raises(ValueError, match="bridged_until"):
        Inputs(live=False, bridged_until=NOON.replace(tzinfo=None))


def test_in_the_shadow_everything_is_computed_and_nothing_written() -> None:
    home = Home(settings=settings_of(shadow=True))
    home.plan(3000, -2000)
    home.tell(FollowingChosen(True))

    assert home.engine.setpoint.power == 3000
    assert home.engine.status is ControlStatus.SHADOW
    home.until(60)
    home.tell(Released())
    assert home.told == []


def test_out_of_the_shadow_the_plan_is_written() -> None:
    home = Home(settings=settings_of(shadow=True))
    home.plan(3000, -2000)
    home.tell(FollowingChosen(True))
    home.tell(ShadowChosen(False))

    assert home.told == [(0, 3000)]


def test_release_gives_the_safe_value_and_ends_everything(home: Home) -> None:
    home.wait(SECOND)
    home.tell(Released())
    home.plan(4000, 4000)
    home.tell(FollowingChosen(True))

    assert home.told == [(0, 3000), (pytest.approx(1 / 60), 0)]
    assert home.engine.status is ControlStatus.RELEASED
    assert home.alarm is None
    assert home.engine.memory().engaged is False


def test_release_does_not_wait_for_a_write_under_way_which_is_not_allowed_any_more() -> None:
    home = Home(answers=False)
    home.plan(3000)
    home.tell(FollowingChosen(True))
    home.tell(Released())
    old, safe = home.sent

    assert not home.engine.allows(old, home.now)
    assert home.engine.allows(safe, home.now)
    home.answer()
    home.answer()
    assert home.told == [(0, 0)]


def test_a_device_that_was_never_taken_over_is_not_touched_by_release() -> None:
    home = Home()
    home.plan(3000)
    home.tell(Released())

    assert home.told == []


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Home().engine.handle(TimePassed(), NOON.replace(tzinfo=None))


def test_waking_is_asked_for_once_and_only_while_something_is_to_come(home: Home) -> None:
    home.wait(MINUTE)

    assert home.alarm == NOON + QUARTER
    assert home.engine.handle(TimePassed(), home.now) == ()
    assert home.engine.handle(FollowingChosen(False), home.now)[-1] == Wake(
        home.now + timedelta(seconds=30)
    )


def test_another_carrier_gets_the_same_decisions() -> None:
    engine = ControlEngine(ControlSettings(actuation=DirectPower(), limits=LIMITS))
    engine.handle(Reported(None), NOON)
    engine.handle(PlanReceived(plan_of(2000, -9000)), NOON)

    (write, _) = engine.handle(FollowingChosen(True), NOON)

    assert isinstance(write, Write)
    assert write.command == SetPower(2000)
    assert engine.plan == plan_of(2000, -9000)


def test_a_clock_that_is_set_back_does_not_stop_control() -> None:
    home = Home()
    home.plan(3000, -2000)
    home.tell(FollowingChosen(True))
    home.now -= timedelta(hours=5)
    home.plan(1000)
    home.wait(MINUTE)

    assert [value for _, value in home.told] == [3000, 1000]


def test_a_foreign_change_is_left_alone_until_the_person_gives_control_back(home: Home) -> None:
    home.until(2)
    home.change(1500.0)
    home.until(3)
    home.tell(ControlResumed())

    assert home.told == [(0, 3000), (3, 3000)]
    assert home.notices == [NoticeKind.SUSPENDED, NoticeKind.RESUMED]


def test_rails_of_a_home_are_kept_by_default() -> None:
    rails = GuardRails()

    assert (rails.writes_per_day, rails.retries, rails.settle_time) == (200, 3, 30 * SECOND)
    assert rails.reserve == 20


def test_origin_says_who_changed_the_device(home: Home) -> None:
    home.until(2)
    home.change(3010.0, Origin.DEVICE)

    # The device rounds: what it shows is still what it was told.
    assert home.engine.status is ControlStatus.FOLLOWING
    assert home.engine.suspended_until is None


def test_a_switch_that_does_not_switch_is_told_again_and_then_blamed() -> None:
    actuation = Switch(Threshold(1000, 500), full_power=2000)
    engine = ControlEngine(ControlSettings(actuation=actuation, limits=LIMITS))
    engine.handle(Reported(OFF), NOON)
    engine.handle(PlanReceived(plan_of(2000)), NOON)
    effects = list(engine.handle(FollowingChosen(True), NOON))

    told = []
    for seconds in range(0, 600, 10):
        now = NOON + seconds * SECOND
        effects += engine.handle(TimePassed(), now)
        for write in [effect for effect in effects if isinstance(effect, Write)]:
            told.append((seconds, write.command))
            effects += engine.handle(WriteFinished(write.number, Outcome.TAKEN), now)
        effects.clear()

    assert told == [(seconds, TurnSwitch(True)) for seconds in (0, 40, 80, 120)]
    assert engine.status is ControlStatus.NOT_FOLLOWING
