"""What a car has taken counts in its window, whoever leads it and however often it is let go."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.control_types import PowerEnvelopeControl, TakenEnergy
from custom_components.flexmeasures.s2.control_types.taken_energy import MOST_WINDOWS, Taken

from ..samples import HOUR, MINUTE, NOON
from .envelopes import car, energy, limits, measurement

_DAY = (NOON, NOON + 6 * HOUR)
_LATER = NOON + 30 * MINUTE


def charge(*takers: PowerEnvelopeControl | TakenEnergy) -> None:
    """Tell of 7 kW in the half hour after noon, in turn to each of those who listen."""
    for index, minute in enumerate(range(0, 31, 5)):
        message = measurement(NOON + minute * MINUTE, 7000)
        taker = takers[index * len(takers) // 7]
        if isinstance(taker, TakenEnergy):
            taker.receive(message)
        else:
            taker.receive(message, message.measurement_timestamp)


def test_a_control_that_begins_anew_knows_what_was_taken_before() -> None:
    taken = TakenEnergy()
    charge(car(taken=taken))

    # 3.5 of 4 kWh: half a kWh is left to give.
    led_again = car(taken=taken)
    assert limits(led_again, *[0.0] * 24, now=_LATER) == [(15, 2000, 0), (315, 0, 0)]


def test_what_is_taken_while_the_car_is_let_go_counts() -> None:
    taken = TakenEnergy()
    charge(car(taken=taken), taken)

    assert taken.within(_DAY, _LATER) == Taken(consumed=7000 * 1800.0)
    assert limits(car(taken=taken), *[0.0] * 24, now=_LATER) == [(15, 2000, 0), (315, 0, 0)]


def test_an_energy_that_is_wanted_anew_for_the_same_time_counts_what_was_taken() -> None:
    control = car()
    charge(control)

    # 5 kWh now, of which 1.5 are left.
    control.receive(energy(5000 / 6, NOON + 6 * HOUR), _LATER)
    assert limits(control, *[0.0] * 24, now=_LATER) == [(15, 6000, 0), (315, 0, 0)]


def test_another_time_begins_with_nothing_taken() -> None:
    control = car()
    charge(control)

    # 4 kWh of another window, whose first half hour was not counted for it.
    control.receive(energy(4000 / 5, NOON + 5 * HOUR), _LATER)
    assert limits(control, *[0.0] * 24, now=_LATER)[:2] == [(30, 7400, 0), (15, 1200, 0)]


def test_what_was_given_counts_apart_from_what_was_taken() -> None:
    taken = TakenEnergy()
    taken.watch(_DAY, NOON)
    for minute, watts in ((0, 6000), (1, -3000), (3, 0)):
        taken.receive(measurement(NOON + minute * MINUTE, watts))

    assert taken.within(_DAY, NOON + HOUR) == Taken(consumed=360_000, produced=360_000)


def test_an_interruption_holds_no_power_and_takes_any_time_that_comes() -> None:
    taken = TakenEnergy()
    taken.watch(_DAY, NOON)
    taken.receive(measurement(NOON + MINUTE, 6000))

    taken.interrupt()

    # The device's clock was ahead, and is right after its restart.
    taken.receive(measurement(NOON, 1000))
    taken.receive(measurement(NOON + MINUTE, 0))
    assert taken.within(_DAY, NOON + HOUR) == Taken(consumed=60_000)


@pytest.mark.parametrize("count", [MOST_WINDOWS, MOST_WINDOWS + 5])
def test_windows_that_have_ended_or_are_too_many_are_forgotten(count: int) -> None:
    taken = TakenEnergy()
    windows = [(NOON, NOON + (1 + index) * HOUR) for index in range(count)]
    for window in windows:
        taken.watch(window, NOON)
    taken.receive(measurement(NOON, 1000))
    taken.receive(measurement(NOON + MINUTE, 0))

    counted = [window for window in windows if taken.within(window, NOON + MINUTE).consumed]
    assert counted == windows[-MOST_WINDOWS:]

    taken.watch((NOON, NOON + timedelta(days=9)), NOON + timedelta(days=2))
    assert not any(taken.within(window, NOON + MINUTE).consumed for window in windows)
