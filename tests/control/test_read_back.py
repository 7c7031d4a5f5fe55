"""What the device shows of what it was told: writes that do not take, clamps, drift and absence."""

from datetime import timedelta

from custom_components.flexmeasures.control import (
    Bounds,
    ControlStatus,
    FollowingChosen,
    GuardRail,
    GuardRails,
    Held,
    Origin,
    Outcome,
    Reading,
    Reported,
    WriteFinished,
)

from .home import MINUTE, NOON, QUARTER, SECOND, Home, following, settings_of


def test_a_write_that_hangs_is_read_back_and_repeated_and_its_late_answer_means_nothing() -> None:
    home = Home(answers=False)
    following(home, 3000)
    home.wait(39 * SECOND)
    assert len(home.sent) == 1
    home.wait(SECOND)
    first, second = home.sent

    assert not home.engine.allows(first, home.now)
    home.tell(WriteFinished(first.number, Outcome.REFUSED))
    assert home.engine.allows(second, home.now)
    assert home.engine.status is ControlStatus.SETTLING


def test_a_device_that_shows_its_value_late_but_in_time_is_not_written_again() -> None:
    home = Home(device=lambda shown, told: shown)
    following(home, 3000)
    home.wait(25 * SECOND)
    home.change(3000.0, Origin.DEVICE)
    home.until(10)

    assert home.told == [(0, 3000)]
    assert home.engine.statistics().last_read_back == NOON + 25 * SECOND
    assert home.engine.statistics().last_write == NOON
    assert home.engine.statistics().reading == 3000


def test_a_device_that_takes_less_than_it_is_told_is_believed() -> None:
    def clamped(shown: Reading | None, told: float) -> Reading | None:
        return min(told, 2500.0)

    home = following(Home(device=clamped), 3000, 4000, 2000, 3000)
    home.until(46)

    # It shows 2500 W, which is known from then on; 4000 W and the later 3000 W are no other value for it.
    assert home.told == [(0, 3000), (30, 2000), (45, 2500)]
    assert home.engine.status is ControlStatus.FOLLOWING
    assert home.notices == []


def test_after_an_hour_more_is_tried_again_and_costs_one_write() -> None:
    def clamped(shown: Reading | None, told: float) -> Reading | None:
        return min(told, 2500.0)

    home = following(Home(device=clamped), *([3000] * 10))
    home.until(100)
    assert home.told == [(0, 3000), (75, 3000)]
    home.device = lambda shown, told: told
    home.until(150)
    assert home.told == [(0, 3000), (75, 3000), (150, 0)]


def test_a_slow_device_that_arrives_later_was_not_clamped() -> None:
    home = following(Home(device=lambda shown, told: 2500.0), 3000, 3000)
    home.until(2)
    home.change(3000.0, Origin.DEVICE)
    home.until(29)

    assert home.told == [(0, 3000)]
    assert home.engine.status is ControlStatus.FOLLOWING


def test_a_device_that_does_not_rest_when_it_is_told_so_is_not_excused() -> None:
    home = following(Home(), 3000, 0)
    home.until(1)
    home.device = lambda shown, told: 500.0
    home.until(18)

    assert [value for _, value in home.told] == [3000, 0, 0, 0, 0]
    assert home.engine.status is ControlStatus.NOT_FOLLOWING


def test_what_the_device_changes_by_itself_is_written_again_after_a_minute_once_a_step() -> None:
    home = following(Home(), 3000, 3000)
    home.until(2)
    home.change(0.0, Origin.DEVICE)
    home.until(5)
    home.change(0.0, Origin.DEVICE)
    home.until(17)

    assert home.told == [(0, 3000), (3, 3000), (15, 3000)]


def test_a_device_that_forgets_is_told_again_from_time_to_time() -> None:
    rails = GuardRails(refresh_every=5 * MINUTE)
    home = following(Home(settings=settings_of(rails)), 3000)
    home.until(16)

    assert home.told == [(0, 3000), (5, 3000), (10, 3000), (15, 0)]


def test_a_device_that_was_away_gets_its_value_when_it_comes_back() -> None:
    home = Home(shown=None)
    following(home, 3000, 3000)
    assert home.engine.held == Held(GuardRail.UNAVAILABLE, None)
    home.until(3)
    home.change(0.0, Origin.DEVICE)
    assert home.told == [(3, 3000)]

    home.until(5)
    home.change(None, Origin.DEVICE)
    home.change(0.0, Origin.DEVICE)
    home.until(6)
    assert home.told == [(3, 3000), (5, 3000)]


def test_a_device_that_leaves_while_it_is_looked_at_is_told_again_when_it_is_back() -> None:
    home = following(Home(device=lambda shown, told: shown), 3000)
    home.wait(10 * SECOND)
    home.change(None, Origin.DEVICE)
    home.wait(50 * SECOND)
    home.device = lambda shown, told: told
    home.change(0.0, Origin.DEVICE)

    assert home.told == [(0, 3000), (1, 3000)]


def test_a_number_that_shows_nothing_can_still_be_written() -> None:
    home = Home()
    home.tell(Reported(None, Origin.DEVICE, Bounds(), available=False))
    home.tell(Reported(None, Origin.DEVICE, Bounds()))
    following(home, 3000)

    assert home.told == [(0, 3000)]
    home.tell(Reported(None, Origin.DEVICE, Bounds()))
    assert home.engine.status is ControlStatus.FOLLOWING


def test_a_device_that_shows_less_soon_after_its_echo_takes_no_more() -> None:
    home = following(Home(), 3000, 3000)
    home.wait(3 * SECOND)
    home.change(2500.0, Origin.OWN)
    home.until(29)
    assert home.told == [(0, 3000)]
    assert home.engine.status is ControlStatus.FOLLOWING

    home.change(0.0, Origin.DEVICE)
    home.until(30)
    assert home.told == [(0, 3000), (30, 0)]


def test_a_discharging_device_that_takes_less_is_believed_too() -> None:
    home = following(Home(device=lambda shown, told: max(told, -1500.0)), -3000, -4000)
    home.until(29)

    assert home.told == [(0, -3000)]
    assert home.notices == []


def test_a_value_of_ours_that_arrives_after_the_safe_one_does_not_stay() -> None:
    home = following(Home(), 3000)
    home.until(1)
    home.tell(FollowingChosen(False))
    home.until(2)
    home.change(3000.0, Origin.OWN)
    home.until(4)

    assert home.told == [(0, 3000), (1, 0), (3, 0)]
    assert home.engine.status is ControlStatus.IDLE


def test_a_write_that_hangs_but_is_shown_has_taken() -> None:
    home = Home(answers=False)
    following(home, 3000)
    home.change(3000.0, Origin.OWN)
    home.until(2)

    assert len(home.sent) == 1
    assert home.engine.status is ControlStatus.FOLLOWING


def test_what_a_device_changed_by_itself_is_written_again_although_the_clock_was_set_back() -> None:
    rails = GuardRails(minimum_on=10 * MINUTE)
    home = following(Home(settings=settings_of(rails), shown=0.0), 3000, 3000)
    home.until(1)
    home.change(0.0, Origin.DEVICE)
    home.until(2)
    home.change(0.0, Origin.DEVICE)
    home.now -= timedelta(hours=5)
    home.plan(*([3000] * 40))
    home.wait(2 * QUARTER)

    assert [value for _, value in home.told] == [3000, 3000, 3000]
