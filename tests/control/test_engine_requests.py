"""What people ask of control: overrides, modes, the switch, processes and scripts."""

from custom_components.flexmeasures.control import (
    ControlEngine,
    ControlSettings,
    ControlStatus,
    FollowingChosen,
    Inputs,
    InputsChanged,
    Mode,
    ModeChosen,
    NoticeKind,
    Outcome,
    OverrideCleared,
    OverrideSet,
    PlanReceived,
    PowerLimits,
    PressStart,
    Reported,
    RunScript,
    Script,
    Start,
    Threshold,
    TimePassed,
    Wake,
    Write,
    WriteFinished,
)

from .home import LIMITS, MINUTE, NOON, QUARTER, SECOND, Home, plan_of


def test_an_override_lasts_until_the_next_block() -> None:
    home = Home()
    home.plan(3000, 3000, -2000)
    home.tell(FollowingChosen(True))
    home.until(1)
    home.tell(OverrideSet(700))
    home.until(40)

    assert home.told == [(0, 3000), (1, 700), (30, -2000)]


def test_an_override_lasts_until_the_chosen_time_or_until_it_is_taken_back(home: Home) -> None:
    home.until(1)
    home.tell(OverrideSet(700, NOON + 5 * MINUTE))
    home.until(6)
    assert home.engine.request.override is None
    home.tell(OverrideSet(-700, NOON + 60 * MINUTE))
    home.until(8)
    home.tell(OverrideCleared())

    assert home.told == [(0, 3000), (1, 700), (5, 3000), (6, -700), (8, 3000)]


def test_an_override_without_plan_ends_after_an_hour_while_following_and_never_otherwise() -> None:
    home = Home()
    home.tell(OverrideSet(700))
    home.until(600)
    assert home.told == [(0, 700)]

    home.tell(FollowingChosen(True))
    home.tell(OverrideSet(900))
    home.until(900)
    assert home.told == [(0, 700), (600, 0), (600.5, 900), (660, 0)]


def test_charging_at_once_ends_when_the_target_is_reached(home: Home) -> None:
    home.until(1)
    home.tell(ModeChosen(Mode.CHARGE_NOW))
    home.until(20)
    home.tell(InputsChanged(Inputs(charged=True)))

    assert home.told == [(0, 3000), (1, 5000), (20, -2000)]
    assert home.engine.request.mode is Mode.SCHEDULE
    assert home.notices == [NoticeKind.MODE_ENDED]


def test_the_manual_mode_holds_what_is_followed_or_what_was_said(home: Home) -> None:
    home.until(1)
    home.tell(ModeChosen(Mode.MANUAL))
    home.until(20)
    home.tell(ModeChosen(Mode.MANUAL, power=1234.0))
    home.until(60)
    home.tell(ModeChosen(Mode.PAUSE))

    assert home.told == [(0, 3000), (20, 1234), (60, 0)]
    assert home.engine.status is ControlStatus.FOLLOWING


def test_the_switch_ends_what_people_wanted_before() -> None:
    home = Home()
    home.tell(ModeChosen(Mode.CHARGE_NOW, until=NOON + 60 * MINUTE))
    home.until(1)
    home.tell(FollowingChosen(False))

    assert home.told == [(0, 5000), (1, 0)]
    home.until(90)
    assert home.engine.status is ControlStatus.IDLE


def test_a_process_is_started_once_for_each_planned_start_also_after_a_restart() -> None:
    settings = ControlSettings(actuation=Start(Threshold(1000, 500)), limits=PowerLimits(2000, 0))
    engine = ControlEngine(settings)
    engine.handle(Reported(None), NOON)
    engine.handle(PlanReceived(plan_of(0, 2000, 2000, 0, 2000)), NOON)

    def pressed(engine: ControlEngine, minutes: int) -> bool:
        now = NOON + minutes * MINUTE
        writes = [
            effect for effect in engine.handle(TimePassed(), now) if isinstance(effect, Write)
        ]
        for write in writes:
            assert write.command == PressStart()
            engine.handle(WriteFinished(write.number, Outcome.TAKEN), now)
        return bool(writes)

    engine.handle(FollowingChosen(True), NOON)
    assert [pressed(engine, minutes) for minutes in (0, 15, 20)] == [False, True, False]
    engine.handle(Reported(None, available=False), NOON + 21 * MINUTE)
    engine.handle(Reported(None), NOON + 22 * MINUTE)
    assert not pressed(engine, 23)

    restarted = ControlEngine(settings, engine.memory())
    restarted.handle(PlanReceived(plan_of(0, 2000, 2000, 0, 2000)), NOON + 25 * MINUTE)
    restarted.handle(Reported(None), NOON + 25 * MINUTE)
    assert [pressed(restarted, minutes) for minutes in (30, 45, 60, 75)] == [
        False,
        False,
        True,
        False,
    ]


def test_a_process_that_runs_is_not_started_again_by_the_switch() -> None:
    settings = ControlSettings(actuation=Start(Threshold(1000, 500)), limits=PowerLimits(2000, 0))
    engine = ControlEngine(settings)
    engine.handle(Reported(None), NOON)
    engine.handle(PlanReceived(plan_of(2000, 2000)), NOON)
    (write, _) = engine.handle(FollowingChosen(True), NOON)
    assert isinstance(write, Write)
    engine.handle(WriteFinished(write.number, Outcome.TAKEN), NOON)

    for following in (False, True):
        effects = engine.handle(FollowingChosen(following), NOON + MINUTE)
        assert not [effect for effect in effects if isinstance(effect, Write)]


def test_a_start_that_was_pressed_and_never_answered_is_not_pressed_again() -> None:
    settings = ControlSettings(actuation=Start(Threshold(1000, 500)), limits=PowerLimits(2000, 0))
    engine = ControlEngine(settings)
    engine.handle(Reported(None), NOON)
    engine.handle(PlanReceived(plan_of(2000, 2000)), NOON)
    (write, _) = engine.handle(FollowingChosen(True), NOON)

    assert isinstance(write, Write)
    for seconds in range(30, 1000, 10):
        effects = engine.handle(TimePassed(), NOON + seconds * SECOND)
        assert not [effect for effect in effects if isinstance(effect, Write)]


def test_a_script_is_run_with_every_other_power() -> None:
    engine = ControlEngine(ControlSettings(actuation=Script(), limits=LIMITS))
    engine.handle(Reported(None), NOON)
    engine.handle(PlanReceived(plan_of(2000, 2000, -1000)), NOON)
    (first, _) = engine.handle(FollowingChosen(True), NOON)
    assert isinstance(first, Write)
    assert first.command == RunScript(2000, "schedule", NOON + QUARTER)
    engine.handle(WriteFinished(first.number, Outcome.TAKEN), NOON)

    assert engine.status is ControlStatus.FOLLOWING
    (only_wake,) = engine.handle(TimePassed(), NOON + QUARTER)
    assert isinstance(only_wake, Wake)
    (second, _) = engine.handle(TimePassed(), NOON + 2 * QUARTER)
    assert isinstance(second, Write)
    assert second.power == -1000
