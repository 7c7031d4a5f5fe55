"""What devices that decide themselves are limited to."""

import pytest

from custom_components.flexmeasures.s2.control_types import Contribution, Grid, Plan, Timeline
from custom_components.flexmeasures.s2.messages.session import RevokableObject

from ..samples import HOUR, L1, L2, L3, MINUTE, NOON, QUARTER, TOTAL, ids, plan, revoke
from .envelopes import (
    DEFER,
    SENSORS,
    VANISH,
    car,
    constraints,
    device,
    energy,
    forecast,
    limits,
    measurement,
    panels,
)


def test_panels_are_limited_only_where_the_plan_stays_below_the_forecast() -> None:
    control = panels(-1000, -2000, -3000, -3000)

    assert limits(control, -1000, -2000, -500, 0) == [
        (30, 0, -5000),
        (15, 0, -500),
        (15, 0, 0),
    ]


def test_panels_that_need_no_limit_hear_nothing() -> None:
    assert limits(panels(-1000, -2000), -1000, -1990) == []


def test_a_limit_in_force_is_lifted_when_the_plan_no_longer_needs_it() -> None:
    control = panels(-1000, -2000)
    (instruction,) = control.instructions(NOON, plan(-500, -500, actuator_id=""), ids())
    control.sent(instruction, NOON)

    assert limits(control, -500, -500) == []
    assert limits(control, -500, -500, now=NOON + MINUTE) == []
    assert limits(control, -1000, -2000, now=NOON + MINUTE) == [(29, 0, -5000)]


def test_without_any_forecast_the_plan_is_the_limit() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)]))

    assert limits(control, -500, None, -700) == [(15, 0, -500), (15, 0, -5000), (15, 0, -700)]


def test_a_forecast_of_others_counts_where_the_device_has_none() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, 0)]))
    foreseen_by_others: Timeline[float] = Timeline()
    foreseen_by_others.replace_from(NOON, [(HOUR, -1000.0)], "server")
    control.foresee(foreseen_by_others)

    assert limits(control, -1000) == []
    assert limits(control, -400) == [(15, 0, -400)]


def test_consumption_that_would_be_lost_is_capped_only_below_its_forecast() -> None:
    control = device(constraints(VANISH, [(0, 3000)], [(0, 0)]), forecast(2000, 2000))

    assert limits(control, 2000, 1000) == [(15, 3000, 0), (15, 1000, 0)]


def test_an_override_limits_until_the_end_of_the_next_hour() -> None:
    control = panels(-1000)
    (instruction,) = control.instructions(NOON + MINUTE, Plan(overrides={"": -300}), ids())
    ((element,),) = [envelope.power_envelope_elements for envelope in instruction.power_envelopes]

    assert (element.duration, element.lower_limit) == (119 * MINUTE, -300)
    control.sent(instruction, NOON + MINUTE)
    wanted = Plan(overrides={"": -300})
    assert control.instructions(NOON + 59 * MINUTE, wanted, ids()) == ()
    assert control.next_decision(NOON + 59 * MINUTE, wanted) == NOON + HOUR
    assert control.instructions(NOON + HOUR, wanted, ids()) != ()


@pytest.mark.parametrize("watts", [0.0, -500.0])
def test_an_override_is_the_limit_whatever_is_foreseen(watts: float) -> None:
    """Only 200 W are foreseen; a person means what may never be exceeded, not what is expected."""
    control = panels(-200, -200, -200, -200)
    (instruction,) = control.instructions(NOON, Plan(overrides={"": watts}), ids())

    (envelope,) = instruction.power_envelopes
    assert {piece.lower_limit for piece in envelope.power_envelope_elements} == {watts}


def test_a_limit_goes_to_the_nearest_allowed_value() -> None:
    control = device(constraints(VANISH, [(0, 0)], [(-5000, -3000), (0, 0)]))

    assert limits(control, -2000, -1400) == [(15, 0, -3000), (15, 0, 0)]


@pytest.mark.parametrize(
    ("watts", "uppers", "lowers", "expected"),
    [
        # Both may be anything up to -200 W.
        (-100, [(-500, -200)], [(-1000, 0)], [(15, -200, -200)]),
        # The wished 500 W lie nearest to an upper limit of 0 W, below which a lower one has to be.
        (500, [(0, 0), (3000, 4000)], [(-2000, -1000), (200, 600)], [(15, 0, -1000)]),
        # No lower limit goes below the nearest upper one, so that the upper one gives way.
        (500, [(0, 0), (3000, 4000)], [(100, 600)], [(15, 3000, 100)]),
        # No pair at all.
        (500, [(-500, 0)], [(100, 600)], []),
    ],
)
def test_limits_never_cross(
    watts: float,
    uppers: list[tuple[float, float]],
    lowers: list[tuple[float, float]],
    expected: list[tuple[float, float, float]],
) -> None:
    control = device(constraints(DEFER, uppers, lowers), energy(0, NOON + HOUR))

    assert limits(control, watts) == expected


def test_a_limit_of_which_only_one_side_can_be_set_is_left_alone() -> None:
    assert limits(device(constraints(DEFER, [(0, 100)], [])), 50) == []
    assert (
        device(constraints(DEFER, [(0, 100)], [])).contribution(
            SENSORS, Grid(NOON, QUARTER, 1), NOON
        )
        == Contribution()
    )


def test_phases_are_loaded_alike_and_the_total_goes_before_phases() -> None:
    per_phase = constraints(DEFER, [(0, 4000)], [(0, 0)], quantities=(L1, L2, L3))
    with_total = constraints(DEFER, [(0, 12000)], [(0, 0)], quantities=(TOTAL, L1))
    wanted = plan(6000, actuator_id="")
    (by_phase,) = device(per_phase).instructions(NOON, wanted, ids())
    (total,) = device(with_total).instructions(NOON, wanted, ids())

    assert [
        (envelope.commodity_quantity, envelope.power_envelope_elements[0].upper_limit)
        for envelope in by_phase.power_envelopes
    ] == [(L1, 2000), (L2, 2000), (L3, 2000)]
    assert [envelope.commodity_quantity for envelope in total.power_envelopes] == [TOTAL]
    assert len({by_phase.id, *(envelope.id for envelope in by_phase.power_envelopes)}) == 4


def test_a_car_may_take_what_is_planned_and_no_more() -> None:
    powers = (7400.0, 7400.0, 1200.0, *[0.0] * 21)

    assert limits(car(), *powers) == [
        (30, 7400, 0),
        (15, 1200, 0),
        (315, 0, 0),
    ]


def test_a_plan_that_leaves_too_little_is_widened_in_the_cheapest_steps() -> None:
    control = car()
    prices: Timeline[float] = Timeline()
    prices.replace_from(NOON, [(5 * HOUR, 0.3), (HOUR, 0.1)], "prices")
    control.set_prices(prices, NOON)

    # 2 of 4 kWh are planned; 1.85 kWh more fit in the first cheap quarter, 0.15 kWh (600 W) in the next.
    assert limits(control, 7400.0, 600.0, *[0.0] * 22) == [
        (15, 7400, 0),
        (15, 600, 0),
        (270, 0, 0),
        (15, 7400, 0),
        (15, 600, 0),
        (30, 0, 0),
    ]


def test_energy_that_was_measured_need_not_be_left_any_more() -> None:
    control = car()
    for minute in range(0, 31, 5):
        control.receive(measurement(NOON + minute * MINUTE, 7000), NOON + minute * MINUTE)
    now = NOON + 30 * MINUTE

    # 3.5 of 4 kWh have been taken; half a kWh is left to give: 2 kW for a quarter-hour.
    assert limits(control, 0.0, 0.0, *[0.0] * 22, now=now) == [(15, 2000, 0), (315, 0, 0)]


def test_a_measurement_counts_for_five_minutes_at_most_and_none_twice() -> None:
    control = car()
    control.receive(measurement(NOON, 6000), NOON)
    control.receive(measurement(NOON, 6000), NOON)
    control.receive(measurement(NOON + HOUR, 0), NOON + HOUR)

    # 0.5 kWh in five minutes: 3.5 kWh are left, two quarters at most and what remains.
    assert limits(control, *[0.0] * 24, now=NOON + HOUR)[0] == (15, 7400, 0)
    (entry,) = control.contribution(
        SENSORS, Grid(NOON + HOUR, QUARTER, 20), NOON + HOUR
    ).flex_models
    assert entry["soc-max"] == "3.5 kWh"


def test_a_window_beyond_the_plan_counts_what_is_possible_there() -> None:
    # 4 kWh within six hours; after the planned first hour there is room for all of it.
    assert limits(car(), 0.0, 0.0, 0.0, 0.0) == [(60, 0, 0)]


def test_a_revoked_energy_no_longer_counts() -> None:
    control = car(revoke(RevokableObject.PEBC_ENERGY_CONSTRAINT, "energy"), forecast(2000))

    assert limits(control, 7400.0, 0.0)[0][1] == 7400
    assert control.contribution(SENSORS, Grid(NOON, QUARTER, 1), NOON).inflexible_consumption == (
        2,
    )
