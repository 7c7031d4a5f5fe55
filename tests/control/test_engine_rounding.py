"""What an engine makes of powers that a device can take in coarse steps only."""

from custom_components.flexmeasures.control import (
    Bounds,
    ControlEngine,
    ControlSettings,
    FollowingChosen,
    GuardRails,
    Mode,
    ModeChosen,
    Origin,
    PlanReceived,
    PowerLimits,
    ScaledNumber,
)

from .amperes import AMPERE, AMPERES, LIMITS, free_plan
from .home import Home, plan_of


def charging(*powers: float) -> Home:
    """Return a charger that follows a plan of a site without limits."""
    settings = ControlSettings(actuation=AMPERES, limits=LIMITS, guard_rails=GuardRails())
    home = Home(settings=settings, shown=0.0, bounds=Bounds(0, 16, 1))
    home.tell(FollowingChosen(True))
    home.tell(PlanReceived(free_plan(*powers)))
    return home


def test_an_engine_tells_the_amperes_that_make_up_for_one_another() -> None:
    """Two hours at 10.25 A are written twice, and an hour of nothing once."""
    home = charging(*[10.25 * AMPERE] * 8, *[0.0] * 4)
    home.until(179)

    assert home.told == [(0, 11), (30, 10), (120, 0)]
    assert home.engine.setpoint.power == 0


def test_what_holds_a_mode_owes_the_plan_nothing() -> None:
    """Half an hour at 11 A was ahead by half an ampere; after the mode the plan begins anew."""
    home = charging(*[10.5 * AMPERE] * 8)
    home.until(20)
    home.tell(ModeChosen(Mode.PAUSE))
    home.until(60)
    home.tell(ModeChosen(Mode.SCHEDULE))
    home.until(120)

    assert home.told == [(0, 11), (20, 0), (60, 11), (90, 10), (120, 0)]


def test_a_restart_within_a_block_writes_nothing() -> None:
    """What stands is one of the two powers, and is kept until the step ends."""
    home = charging(*[10.25 * AMPERE] * 8)
    home.until(65)
    assert home.shown == 10
    home.writes.clear()

    home.engine = ControlEngine(home.settings, home.engine.memory())
    home.tell(PlanReceived(free_plan(*[10.25 * AMPERE] * 8)))
    home.report(Origin.DEVICE)
    home.until(74)
    assert home.told == []

    home.until(120)
    # Nothing is owed, so the last 45 minutes begin with the upper power.
    assert home.told == [(75, 11), (90, 10), (120, 0)]


def test_what_stands_after_a_restart_and_is_neither_of_the_two_is_no_choice() -> None:
    home = charging(*[10.25 * AMPERE] * 8)
    home.until(5)
    home.writes.clear()

    home.engine = ControlEngine(home.settings, home.engine.memory())
    home.shown = 5.0
    home.tell(PlanReceived(free_plan(*[10.25 * AMPERE] * 8)))
    home.report(Origin.DEVICE)
    home.until(14)

    assert home.told == [(5, 11)]


def test_without_knowing_the_site_s_limits_amperes_are_rounded_toward_rest() -> None:
    home = charging(0.0)
    home.tell(PlanReceived(plan_of(*[10.75 * AMPERE] * 4)))
    home.until(60)

    assert home.told == [(0, 10), (60, 0)]


def test_steps_smaller_than_the_smallest_change_are_not_worth_a_write() -> None:
    settings = ControlSettings(
        actuation=ScaledNumber.watts(),
        limits=LIMITS,
        guard_rails=GuardRails(deadband=50),
    )
    home = Home(settings=settings, shown=0.0, bounds=Bounds(0, 16_000, 10))
    home.tell(FollowingChosen(True))
    home.tell(PlanReceived(free_plan(1005.0, 1005.0, 1005.0, 1005.0)))
    home.until(59)

    assert home.told == [(0, 1000)]


def test_what_only_produces_is_limited_and_not_rounded_up() -> None:
    """Panels give what the sun gives: there is nothing to make up for."""
    settings = ControlSettings(actuation=AMPERES, limits=PowerLimits(0, 16 * AMPERE))
    home = Home(settings=settings, shown=0.0, bounds=Bounds(-16, 0, 1))
    home.tell(FollowingChosen(True))
    home.tell(PlanReceived(free_plan(*[-10.5 * AMPERE] * 4)))
    home.until(59)

    assert home.told == [(0, -10)]
