"""Programmes that can be shifted: where they are placed, and what that means for the plan."""

import pytest

from custom_components.flexmeasures.s2.control_types import (
    Contribution,
    Finding,
    Grid,
    PowerProfileControl,
    Sensors,
)
from custom_components.flexmeasures.s2.messages import ppbc

from ..samples import HOUR, MINUTE, NOON, QUARTER
from .programmes import (
    RINSE,
    SENSORS,
    STATUS,
    WASH,
    dishwasher,
    prices,
    programme,
    send,
    sequence,
    status,
    told,
)


def test_a_programme_runs_when_it_is_cheapest() -> None:
    assert told(dishwasher()) == [
        ("c1", "wash", NOON + 3 * HOUR),
        ("c2", "rinse", NOON + 3 * HOUR + 30 * MINUTE),
    ]


def test_the_cheapest_of_alternatives_is_taken() -> None:
    control = PowerProfileControl()
    control.receive(programme((sequence("fast", (30, 3000)), sequence("eco", (120, 600)))), NOON)

    # 1.5 kWh against 1.2 kWh.
    assert told(control) == [("c1", "eco", NOON)]


def test_what_was_said_is_not_said_again_until_prices_change_it() -> None:
    control = dishwasher()
    send(control)
    assert told(control) == []

    control.set_prices(prices((1, 0.4), (1, 0.1), (4, 0.3)), NOON)
    assert told(control) == [
        ("c1", "wash", NOON + HOUR),
        ("c2", "rinse", NOON + HOUR + 30 * MINUTE),
    ]


def test_what_it_would_have_cost_to_begin_at_once_is_known_from_the_first_prices_on() -> None:
    """1 kWh for 0.40 from noon on, and 0.125 kWh right after it."""
    control = dishwasher((0.5, 0.4), (0.25, 0.8), (3, 0.1))
    assert control.price_at_once == pytest.approx((1 * 0.4 + 0.125 * 0.8) / 1.125)

    control.set_prices(prices((4, 0.1), start=NOON + HOUR), NOON + HOUR)
    assert control.price_at_once == pytest.approx((1 * 0.4 + 0.125 * 0.8) / 1.125)
    over = NOON + 2 * HOUR
    control.receive(status("c1", STATUS.FINISHED, "wash"), over)
    control.receive(status("c2", STATUS.FINISHED, "rinse"), over)
    assert control.price_at_once is None


def test_without_prices_nobody_knows_what_to_begin_at_once_costs() -> None:
    control = PowerProfileControl()
    assert control.price_at_once is None
    control.receive(programme((WASH,)), NOON)
    assert control.price_at_once is None

    # One that had begun by the first prices has nothing to be compared with.
    control.receive(status("c1", STATUS.EXECUTING, "wash", 0 * MINUTE), NOON)
    control.set_prices(prices((6, 0.4)), NOON)
    assert control.price_at_once is None


def test_a18_a_programme_that_has_only_abnormal_sequences_is_left_alone() -> None:
    control = PowerProfileControl()
    control.receive(programme((sequence("fast", (5, 100), abnormal=True),)), NOON)

    assert told(control) == []


def test_a18_a_pause_lasts_no_longer_than_the_device_bears() -> None:
    control = PowerProfileControl()
    control.set_prices(prices((1, 0.1), (2, 0.5), (0.25, 0.01)), NOON)
    control.receive(programme((WASH,), (RINSE,), end=NOON + 195 * MINUTE), NOON)

    # To rinse for 0.01 would be too long after washing for 0.1.
    assert told(control) == [("c1", "wash", NOON), ("c2", "rinse", NOON + 30 * MINUTE)]


def test_a18_nothing_begins_outside_of_its_window() -> None:
    control = PowerProfileControl()
    control.set_prices(prices((2, 0.1), (4, 0.5)), NOON)
    control.receive(programme((WASH,), start=NOON + HOUR, end=NOON + 2 * HOUR), NOON)

    assert told(control) == [("c1", "wash", NOON + HOUR)]


def test_a18_a_window_that_is_too_short_is_told_and_the_programme_begins_at_once() -> None:
    control = PowerProfileControl()
    control.receive(programme((WASH,), (RINSE,), end=NOON + 40 * MINUTE), NOON)
    found = control.contribution(SENSORS, Grid(NOON, QUARTER, 4), NOON)

    assert told(control) == [("c1", "wash", NOON), ("c2", "rinse", NOON + 30 * MINUTE)]
    assert [(notice.finding, notice.subject) for notice in found.notices] == [
        (Finding.WINDOW_TOO_SHORT, "programme")
    ]


def test_a_placed_programme_is_consumption_that_is_given() -> None:
    found = dishwasher((1, 0.4), (5, 0.1)).contribution(SENSORS, Grid(NOON, QUARTER, 8), NOON)
    (series,) = found.series

    assert found.inflexible_consumption == (2,)
    assert series.values == (0, 0, 0, 0, 2, 2, 0.5, 0)


def test_what_runs_counts_from_when_it_began() -> None:
    control = dishwasher()
    control.receive(status("c1", STATUS.EXECUTING, "wash", 10 * MINUTE), NOON + 10 * MINUTE)
    (series,) = control.contribution(SENSORS, Grid(NOON + QUARTER, QUARTER, 2), NOON).series

    assert series.values[0] == 2


def test_without_any_programme_the_forecast_is_nothing() -> None:
    control = PowerProfileControl()
    grid = Grid(NOON, QUARTER, 2)

    assert control.contribution(Sensors(power={}), grid, NOON) == Contribution()
    (series,) = control.contribution(SENSORS, grid, NOON).series
    assert series.values == (0, 0)


def test_a_programme_that_is_over_is_forgotten_when_the_next_one_comes() -> None:
    control = PowerProfileControl()
    control.receive(programme((WASH,), end=NOON + HOUR), NOON)
    later = programme((WASH,), start=NOON + 2 * HOUR)
    control.receive(
        ppbc.PowerProfileDefinition(
            message_id="m",
            id="next",
            start_time=later.start_time,
            end_time=later.end_time,
            power_sequences_containers=later.power_sequences_containers,
        ),
        NOON + HOUR,
    )

    assert len(control.placements()) == 1


def test_durations_off_the_minute_follow_each_other_without_a_gap() -> None:
    control = PowerProfileControl()
    control.receive(
        programme(
            (sequence("a", (7.5, 100)),), (sequence("b", (0.001 / 60 * 12345, 100), pause=0),)
        ),
        NOON,
    )

    assert told(control) == [("c1", "a", NOON), ("c2", "b", NOON + 7.5 * MINUTE)]
