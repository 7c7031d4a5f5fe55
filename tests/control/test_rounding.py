"""A device that takes coarse steps has the energy of its plan in the end."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.control import (
    Actuation,
    Bounds,
    DirectPower,
    LinearTemperature,
    PowerLimits,
    Rounding,
    ScaledNumber,
    SwitchedNumber,
    Threshold,
)
from custom_components.flexmeasures.control.switching import Switch

from .amperes import AMPERE, AMPERES, CHARGER, CURRENTS, FREE, LIMITS, free_plan, told
from .home import MINUTE, NOON, QUARTER, plan_of


@pytest.mark.parametrize(
    ("actuation", "power", "bounds", "neighbours"),
    [
        (AMPERES, 11_000, CURRENTS, (15 * AMPERE, 16 * AMPERE)),
        (AMPERES, 11_040, CURRENTS, (11_040, 11_040)),
        # Above and below what the number can be there is nothing to choose.
        (AMPERES, 12_000, CURRENTS, (12_000, 12_000)),
        (AMPERES, 1_000, CURRENTS, (1_000, 1_000)),
        (AMPERES, 1_000, Bounds(0, 16, 1), (AMPERE, 2 * AMPERE)),
        (AMPERES, 300, Bounds(0, 16, 1), (0, AMPERE)),
        (AMPERES, 1_000, Bounds(), (1_000, 1_000)),
        (AMPERES, 0, CURRENTS, (0, 0)),
        (ScaledNumber.watts(), -3_740, Bounds(-5000, 5000, 100), (-3_800, -3_700)),
        (ScaledNumber.watts(consumption_positive=False), -3_740, Bounds(0, 5000, 100), (-3_800, -3_700)),
        (ScaledNumber.kilowatts(), 2_300, Bounds(0, 5, 0.1), (2_300, 2_300)),
        (DirectPower(), -1_234, Bounds(-5000, 5000, 100), (-1_300, -1_200)),
        (CHARGER, 11_000, CURRENTS, (15 * AMPERE, 16 * AMPERE)),
        (CHARGER, 1_000, CURRENTS, (0, 6 * AMPERE)),
        (CHARGER, -1_000, CURRENTS, (-1_000, -1_000)),
        (CHARGER, 0, CURRENTS, (0, 0)),
        # Off below 5 kW, as its owner wants: 8 A is the least above that.
        (SwitchedNumber(AMPERES, 5_000), 4_500, CURRENTS, (0, 8 * AMPERE)),
        (SwitchedNumber(AMPERES, 5_000), 5_200, CURRENTS, (0, 8 * AMPERE)),
        (SwitchedNumber(AMPERES, 5_000), 5_600, CURRENTS, (8 * AMPERE, 9 * AMPERE)),
        (SwitchedNumber(AMPERES, 12_000), 5_600, CURRENTS, (5_600, 5_600)),
        (Switch(Threshold(1000, 500), 2000), 900, Bounds(), (900, 900)),
        (LinearTemperature(45, 65, 2000), 990, Bounds(30, 60, 0.5), (990, 990)),
    ],
)  # fmt: skip
def test_neighbours_are_the_powers_that_can_be_expressed(
    actuation: Actuation, power: float, bounds: Bounds, neighbours: tuple[float, float]
) -> None:
    beside = actuation.neighbours(power, bounds)

    assert beside == pytest.approx(neighbours)
    assert beside.lower <= power <= beside.upper


def test_a_step_that_cannot_be_told_is_rounded_up_so_that_a_car_is_full() -> None:
    """7 A x 690 W are 4830 W, and 5000 W are planned: 8 A in one step, and no more than that after it."""
    assert told(free_plan(5000, 0), CHARGER, CURRENTS) == pytest.approx([8 * AMPERE, 0])


def test_within_a_block_the_upper_power_comes_first_and_is_written_once() -> None:
    """A quarter of an ampere above 10 A for eight steps: two steps at 11 A, then six at 10 A."""
    powers = told(free_plan(*[10.25 * AMPERE] * 8), CHARGER, CURRENTS)

    assert powers == pytest.approx([11 * AMPERE] * 2 + [10 * AMPERE] * 6)


def test_what_was_given_too_much_is_held_back_afterwards() -> None:
    """Half an ampere too much, then 0.4 A twice: one of the two steps needs the ampere above."""
    plan = free_plan(10.5 * AMPERE, 9.4 * AMPERE, 9.4 * AMPERE)

    assert told(plan, CHARGER, CURRENTS) == pytest.approx([11 * AMPERE, 10 * AMPERE, 9 * AMPERE])


@pytest.mark.parametrize(
    ("planned", "amperes"),
    [
        # 2.9 A of 6 A are less than half: off. 3.1 A are more: on.
        ([2.9], [0]),
        ([3.1], [6]),
        # 2 A for six steps are 12 A steps: two of 6 A.
        ([2.0] * 6, [6, 6, 0, 0, 0, 0]),
        # What off withholds counts in the next step.
        ([2.5, 2.4], [0, 6]),
    ],
)
def test_below_its_least_current_a_charger_is_off_or_at_its_least(
    planned: list[float], amperes: list[float]
) -> None:
    plan = free_plan(*(each * AMPERE for each in planned))

    assert told(plan, CHARGER, CURRENTS) == pytest.approx([each * AMPERE for each in amperes])


def test_noise_of_a_solver_starts_nothing() -> None:
    assert told(free_plan(0.01, 4830.001), CHARGER, CURRENTS) == pytest.approx([0, 7 * AMPERE])


def test_a_battery_gives_back_less_first() -> None:
    """So that it is never emptier than planned."""
    bounds = Bounds(-5000, 5000, 100)

    powers = told(free_plan(*[-1050.0] * 4), ScaledNumber.watts(), bounds)

    assert powers == [-1000, -1000, -1100, -1100]


def test_nothing_exceeds_the_device_s_limits() -> None:
    """11 kW are no whole amperes, and 16 A would be more than the car may take."""
    limits = PowerLimits(11_000, 0)

    assert told(free_plan(11_000, 11_000), CHARGER, CURRENTS, limits) == [15 * AMPERE] * 2


def test_the_site_s_limits_are_kept_where_they_are_known_and_feared_where_not() -> None:
    """170 W short of 8 A: 520 W above the plan."""
    plan = replace(free_plan(*[5000.0] * 3), leeway=(519.0, 521.0))

    assert told(plan, CHARGER, CURRENTS) == pytest.approx([7 * AMPERE, 8 * AMPERE, 7 * AMPERE])


def test_what_limits_withhold_is_made_up_for_by_one_step_at_the_most() -> None:
    """An ampere step was withheld in eight steps; then 10 A are planned, which is no reason for more."""
    plan = replace(
        free_plan(*[10.5 * AMPERE] * 8, *[10.1 * AMPERE] * 12), leeway=(0.0,) * 8 + FREE[:12]
    )

    powers = told(plan, CHARGER, CURRENTS)

    # 1 A owed and 0.1 A x 12 are 2.2 A steps: three at 11 A.
    assert powers == pytest.approx([10 * AMPERE] * 8 + [11 * AMPERE] * 3 + [10 * AMPERE] * 9)


def test_a_new_plan_knows_what_is_stored() -> None:
    """Off withheld 2.9 A of a step; a plan from the next step on begins with nothing owed."""
    rounding = Rounding()
    first = free_plan(2.9 * AMPERE, 2.9 * AMPERE)
    second = replace(plan_of(2.9 * AMPERE, start=NOON + QUARTER), leeway=FREE)
    assert told(free_plan(2.9 * AMPERE), CHARGER, CURRENTS, rounding=rounding) == [0]

    assert told(second, CHARGER, CURRENTS, rounding=rounding) == [0]
    assert told(first, CHARGER, CURRENTS) == pytest.approx([6 * AMPERE, 0])


def test_a_new_plan_leaves_a_step_that_is_under_way_as_it_is() -> None:
    """9 A for the rest of the step, although nothing is owed; the next step begins with the upper power."""
    rounding = Rounding()
    first, second = (free_plan(10.5 * AMPERE, *[9.3 * AMPERE] * rest) for rest in (1, 3))
    assert told(first, CHARGER, CURRENTS, rounding=rounding) == pytest.approx(
        [11 * AMPERE, 9 * AMPERE]
    )

    def at(minutes: float, amperes: float = 9.3) -> float:
        return rounding.power(
            second,
            NOON + minutes * MINUTE,
            planned=amperes * AMPERE,
            neighbours=CHARGER.neighbours(amperes * AMPERE, CURRENTS),
            limits=LIMITS,
        )

    # 0.3 A are owed for 10 of 15 minutes, and 0.3 A for two steps to come: one of them needs the ampere above.
    assert [at(20), at(29), at(30), at(45)] == pytest.approx(
        [each * AMPERE for each in (9, 9, 10, 9)]
    )
    # Another power is another question, also for a plan that came within the step.
    rounding.forget()
    assert told(first, CHARGER, CURRENTS, rounding=rounding)[1] == pytest.approx(9 * AMPERE)
    assert at(20, 8.3) == pytest.approx(9 * AMPERE)


def test_a_step_is_decided_once() -> None:
    """Whatever happens meanwhile: only its bounds, or another power, are another question."""
    rounding, plan = Rounding(), free_plan(5000.0)

    def at(minutes: float, bounds: Bounds = CURRENTS) -> float:
        return rounding.power(
            plan,
            NOON + minutes * MINUTE,
            planned=5000,
            neighbours=CHARGER.neighbours(5000, bounds),
            limits=LIMITS,
        )

    assert [at(0), at(5), at(14.9)] == pytest.approx([8 * AMPERE] * 3)
    rounding.forget()
    # 8 A for 10 of 15 minutes is more than 5000 W for as long, by which the other 5 minutes need less.
    assert [at(0), at(10, Bounds(6, 16, 0.5))] == pytest.approx([8 * AMPERE, 7 * AMPERE])


def energies(powers: list[float], resolution: timedelta) -> list[float]:
    """Return the Wh until the end of each step."""
    total, sums = 0.0, []
    for power in powers:
        total += power * (resolution / timedelta(hours=1))
        sums.append(total)
    return sums


currents = st.floats(0, 16, allow_nan=False)
blocks = st.lists(st.tuples(currents | st.just(0.0), st.integers(1, 8)), min_size=1, max_size=8)
resolutions = st.sampled_from([5, 15, 60]).map(lambda minutes: timedelta(minutes=minutes))


@given(blocks=blocks, step=st.sampled_from([0.5, 1.0, 2.0]), resolution=resolutions)
def test_a_number_has_the_energy_of_its_plan_in_the_end(
    blocks: list[tuple[float, int]], step: float, resolution: timedelta
) -> None:
    """Never less, and less than a step of the device for a step of the plan more; at the end of each block."""
    planned = [current * AMPERE for current, count in blocks for _ in range(count)]
    powers = told(free_plan(*planned, resolution=resolution), AMPERES, Bounds(0, 16, step))

    most = step * AMPERE * (resolution / timedelta(hours=1))
    wanted, had = energies(planned, resolution), energies(powers, resolution)
    assert abs(had[-1] - wanted[-1]) <= most * 1.001
    assert all(ahead >= behind - most * 1.001 for ahead, behind in zip(had, wanted, strict=True))
    for power, plan in zip(powers, planned, strict=True):
        assert 0 <= power <= LIMITS.consumption + 1e-6
        assert abs(power - plan) < step * AMPERE + 1e-3
        assert power == 0 or plan > 0


@given(blocks=blocks, resolution=resolutions)
def test_a_charger_has_the_energy_of_its_plan_in_the_end(
    blocks: list[tuple[float, int]], resolution: timedelta
) -> None:
    """It is off or at 6 A and more; a pause is never turned into charging."""
    planned = [current * AMPERE for current, count in blocks for _ in range(count)]
    powers = told(free_plan(*planned, resolution=resolution), CHARGER, CURRENTS)

    most = 6 * AMPERE * (resolution / timedelta(hours=1))
    assert abs(energies(powers, resolution)[-1] - energies(planned, resolution)[-1]) <= most * 1.001
    for power, plan in zip(powers, planned, strict=True):
        assert power == 0 or 6 * AMPERE - 1e-6 <= power <= 16 * AMPERE + 1e-6
        assert power == 0 or plan > 0


@given(
    blocks=blocks,
    bounds=st.sampled_from([Bounds(0, 16, 1), Bounds(0, 16, 3)]),
    leeway=st.lists(st.floats(0, 2 * AMPERE), max_size=64),
    limit=st.floats(1, 16),
)
def test_neither_the_device_s_nor_the_site_s_limits_are_ever_exceeded(
    blocks: list[tuple[float, int]], bounds: Bounds, leeway: list[float], limit: float
) -> None:
    planned = [current * AMPERE for current, count in blocks for _ in range(count)]
    plan = replace(free_plan(*planned), leeway=tuple(leeway))
    limits = PowerLimits(limit * AMPERE, 0)

    powers = told(plan, AMPERES, bounds, limits)

    for index, (power, wanted) in enumerate(zip(powers, map(limits.clamp, planned), strict=True)):
        assert power <= limits.consumption + 1e-6
        assert power <= wanted + (leeway[index] if index < len(leeway) else 0) + 1e-6
