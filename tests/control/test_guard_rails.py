"""How often and how soon an actuator is written to, and what happens when it does not take what it is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from custom_components.flexmeasures.control import (
    ControlStatus,
    FollowingChosen,
    GuardRail,
    GuardRails,
    Held,
    Inputs,
    InputsChanged,
    LimitsChanged,
    NoticeKind,
    Origin,
    Outcome,
    OverrideSet,
    PowerLimits,
    Reading,
    WriteFinished,
)
from custom_components.flexmeasures.control.guard_rails import WriteLog

from .home import MINUTE, NOON, SECOND, Home, following, settings_of

DAY = timedelta(days=1)


def test_the_dwell_lets_only_the_newest_value_through() -> None:
    home = following(Home(), 3000, 3000)
    for power in (1000, 1100, 1200):
        home.wait(SECOND)
        home.tell(OverrideSet(power))
    assert home.engine.held == Held(GuardRail.DWELL, NOON + 30 * SECOND)
    assert home.engine.status is ControlStatus.WAITING
    home.until(1)

    assert home.told == [(0, 3000), (0.5, 1200)]


def test_a_device_runs_and_rests_for_its_least_times_unless_it_has_to_be_safe() -> None:
    rails = GuardRails(minimum_on=20 * MINUTE, minimum_off=40 * MINUTE)
    home = following(Home(settings=settings_of(rails), shown=0.0), 3000, 0, 3000, 3000, 0)
    home.until(16)
    assert home.engine.held == Held(GuardRail.MINIMUM_ON, NOON + 20 * MINUTE)
    home.until(55)
    assert home.engine.held == Held(GuardRail.MINIMUM_OFF, NOON + 60 * MINUTE)
    home.until(60)
    assert home.told == [(0, 3000), (20, 0)]

    home = following(Home(settings=settings_of(rails), shown=0.0), 3000, 3000)
    home.until(1)
    home.tell(InputsChanged(Inputs(live=False)))
    home.tell(InputsChanged(Inputs()))
    home.until(30)
    assert home.told == [(0, 3000), (1, 0)]


def test_the_budget_of_a_day_keeps_writes_for_the_safe_value() -> None:
    rails = GuardRails(writes_per_day=10, minimum_dwell=timedelta(0))
    home = following(Home(settings=settings_of(rails)), *([1000, 2000] * 100))
    home.until(14 * 15)
    assert len(home.told) == 6
    assert home.engine.held == Held(GuardRail.BUDGET, NOON + DAY)
    home.tell(FollowingChosen(False))
    home.tell(FollowingChosen(True))
    home.until(24 * 60 - 1)

    # Six writes, one safe value, and no other before the first of them is a day old.
    assert [value for _, value in home.told] == [1000, 2000, 1000, 2000, 1000, 2000, 0]
    assert home.engine.statistics().writes == 7
    home.until(24 * 60 + 14)
    assert home.engine.statistics().writes == 6
    home.until(24 * 60 + 15)
    assert home.told[-1] == (24 * 60 + 15, 2000)


def test_the_budget_is_never_exceeded_even_by_the_safe_value() -> None:
    rails = GuardRails(writes_per_day=5, retries=0, minimum_dwell=timedelta(0))
    home = following(Home(settings=settings_of(rails)), *([3000] * 20))
    for _ in range(20):
        home.wait(MINUTE)
        home.change(1000.0)
        home.tell(FollowingChosen(True))
        home.tell(FollowingChosen(False))

    assert home.engine.statistics().writes == 5


def test_a_device_that_ignores_writes_is_told_four_times_and_then_once_a_step() -> None:
    def deaf(shown: Reading | None, told: float) -> Reading | None:
        return shown

    home = following(Home(device=deaf), 3000, 3000, 3000, 2000)
    home.until(14)

    # 30 s to settle and 10 s for a fresh reading, four times.
    assert [round(minutes * 60) for minutes, _ in home.told] == [0, 40, 80, 120]
    assert home.verifications[0] == NOON + 30 * SECOND
    assert home.engine.status is ControlStatus.NOT_FOLLOWING
    assert home.engine.held is not None
    assert home.engine.held.rail is GuardRail.IGNORED
    assert home.notices == [NoticeKind.NOT_FOLLOWING]
    assert home.engine.statistics().retries == 3
    home.until(46)
    assert home.told[4:] == [(15, 3000), (30, 3000), (45, 2000)]

    home.device = lambda shown, told: told
    home.until(61)
    assert home.told[7:] == [(60, 0)]
    assert home.notices == [NoticeKind.NOT_FOLLOWING, NoticeKind.FOLLOWING_AGAIN]
    assert home.engine.status is ControlStatus.SAFE


def test_the_safe_value_is_repeated_also_for_a_device_that_ignores_writes() -> None:
    home = following(Home(outcome=Outcome.FAILED), 3000)
    home.until(14)
    home.tell(FollowingChosen(False))
    home.until(60)

    # A failed write is repeated after 10, 20 and 40 s; the safe value again every quarter-hour without a plan.
    assert [round(minutes * 60) for minutes, _ in home.told] == [
        *(0, 10, 30, 70),
        *(840, 850, 870, 910),
        *(1810, 1820, 1840, 1880),
        *(2780, 2790, 2810, 2850),
    ]
    assert {value for _, value in home.told[4:]} == {0}


def test_a_refused_write_is_not_repeated_before_the_next_step() -> None:
    home = following(Home(outcome=Outcome.REFUSED), 3000, 3000)
    home.until(14)
    assert home.told == [(0, 3000)]
    assert home.engine.status is ControlStatus.NOT_FOLLOWING

    home.outcome = Outcome.TAKEN
    home.until(16)
    assert home.told == [(0, 3000), (15, 3000)]
    assert home.engine.status is ControlStatus.FOLLOWING


def test_a_newer_value_ends_the_repetitions_of_an_older_one() -> None:
    home = following(Home(outcome=Outcome.FAILED), 3000, 3000)
    home.wait(5 * SECOND)
    home.outcome = Outcome.TAKEN
    home.tell(OverrideSet(1000))
    home.until(10)

    assert home.told == [(0, 3000), (0.5, 1000)]


def test_an_older_reading_is_no_reason_not_to_write() -> None:
    """What was sent may still arrive: the value from before it, still shown, does not stand."""
    home = Home(shown=1000.0, device=lambda shown, told: shown)
    following(home, 3000)
    home.wait(5 * SECOND)
    home.device = lambda shown, told: told
    home.tell(OverrideSet(1000))
    home.until(2)

    assert home.told == [(0, 3000), (0.5, 1000)]


def test_rails_that_protect_nothing_are_refused() -> None:
    nothing = timedelta(0)
    wrong: tuple[Callable[[], GuardRails], ...] = (
        lambda: GuardRails(deadband=-1),
        lambda: GuardRails(retries=-1),
        lambda: GuardRails(settle_time=-SECOND),
        lambda: GuardRails(suspension=nothing),
        lambda: GuardRails(refresh_every=nothing),
        lambda: GuardRails(writes_per_day=4),
    )
    for rails in wrong:
        with pytest.raises(ValueError, match="must"):
            rails()


def test_a_lower_limit_does_not_wait_for_the_dwell() -> None:
    home = following(Home(), 3000)
    home.wait(SECOND)
    home.tell(LimitsChanged(PowerLimits(1000, 1000)))

    assert home.told == [(0, 3000), (pytest.approx(1 / 60), 1000)]


def test_a_write_that_fails_while_the_device_leaves_waits_for_its_return() -> None:
    home = Home(answers=False)
    following(home, 3000)
    home.change(None, Origin.DEVICE)
    home.tell(WriteFinished(home.sent.pop().number, Outcome.FAILED))
    home.until(2)
    assert home.sent == []
    assert home.engine.held == Held(GuardRail.UNAVAILABLE, None)

    home.answers = True
    home.change(0.0, Origin.DEVICE)
    assert home.told == [(2, 3000)]


def test_repetitions_end_with_the_budget() -> None:
    rails = GuardRails(writes_per_day=6, retries=3)
    home = following(Home(settings=settings_of(rails), outcome=Outcome.FAILED), 3000, 3000)
    home.until(14)

    # Two of the six are for a plan; four are kept for the safe value and its three repetitions.
    assert [value for _, value in home.told] == [3000, 3000]
    home.until(60)
    assert [value for _, value in home.told] == [3000, 3000, 0, 0, 0, 0]


def test_a_clock_that_is_set_back_lets_nothing_wait_for_hours() -> None:
    home = following(Home(outcome=Outcome.FAILED), 3000, 3000)
    home.wait(5 * SECOND)
    home.now -= timedelta(hours=5)
    home.plan(3000)
    home.wait(10 * SECOND)
    assert len(home.told) == 2

    home = following(Home(), 3000)
    home.until(2)
    home.change(0.0, Origin.DEVICE)
    home.change(1500.0)
    home.now -= timedelta(hours=5)
    home.plan(*([3000] * 40))
    home.wait(13 * MINUTE)
    assert [value for _, value in home.told] == [3000, 3000]


def test_the_log_counts_the_writes_of_the_last_24_hours() -> None:
    log = WriteLog([NOON + MINUTE, NOON])
    assert (log.last, log.count()) == (NOON + MINUTE, 2)
    assert (log.free_at(3), log.free_at(2), log.free_at(1)) == (
        None,
        NOON + DAY,
        NOON + MINUTE + DAY,
    )

    log.advance(NOON + DAY)
    assert log.times() == (NOON + MINUTE,)
    log.record(NOON + DAY)
    log.advance(NOON)
    assert log.times() == (NOON, NOON)
    log.take_back()
    assert log.count() == 1
