"""Limits that people set for what meets a demand: they go before the demand, in the plan and in what it is told."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.s2.control_types import (
    UNGUARDED,
    ControlOptions,
    DemandDrivenControl,
    Finding,
    Notice,
    Plan,
    Sensors,
    SeriesKind,
    Span,
    control_for,
)
from custom_components.flexmeasures.s2.control_types.bands import merged
from custom_components.flexmeasures.s2.control_types.demand_flex_model import (
    Converter,
    supply_bands,
)
from custom_components.flexmeasures.s2.control_types.supply import Way, share_demand
from custom_components.flexmeasures.s2.messages import ddbc
from custom_components.flexmeasures.s2.messages.components import ControlType

from ..samples import MINUTE, NOON, ids, schedule, supplying, transition
from .heating import BOILER, GRID, OFF, PUMP, SENSORS, hybrid, part, told

ONE_KILOWATT = Span(0.0, 1000.0)
# 1 W of it becomes 1 W of heat.
ROD = part("rod", OFF, supplying("heat", (0, 3000), (0, 3)))
BOTH = Sensors(
    power={"pump": 1, "rod": 2},
    series={SeriesKind.DEMAND_FORECAST: 5},
    stored_energy=6,
    total_power=7,
)


def powers(control: DemandDrivenControl, plan: Plan) -> dict[str, float | None]:
    """Return the W of each actuator once it does what it is told."""
    for instruction in control.instructions(NOON, plan, ids()):
        control.sent(instruction, NOON)
    return {name: control.power(name, NOON) for name in control.powers(NOON)}


def test_the_options_of_a_device_limit_it() -> None:
    options = ControlOptions(limits=ONE_KILOWATT)
    control = control_for(ControlType.DEMAND_DRIVEN_BASED_CONTROL, options)

    assert isinstance(control, DemandDrivenControl)
    assert vars(control)["_limits"] == ONE_KILOWATT


def test_a_pump_is_planned_and_told_within_its_limits_whatever_is_demanded() -> None:
    """1 kW makes 3 of the 6 kW of heat that are demanded."""
    control = hybrid(6, PUMP, limits=ONE_KILOWATT)
    found = control.contribution(Sensors(power={"pump": 1}, series=SENSORS.series), GRID, NOON)

    (model,) = found.flex_models
    assert model["consumption-capacity"] == "1000 W"
    assert model["power-capacity"] == "1000 W"
    assert model["charging-efficiency"] == "300%"
    assert model["operation-modes"] == [
        {"consumption-range": ["0 W", "0 W"]},
        {"consumption-range": ["500 W", "1000 W"]},
    ]
    assert found.series[0].values == pytest.approx((3, 3))
    assert found.notices == (
        Notice(
            finding=Finding.DEMAND_BEYOND_SUPPLY,
            at=NOON,
            wanted=6,
            possible=pytest.approx(3),  # type: ignore[arg-type]
        ),
    )
    wanted = Plan(schedules={"pump": schedule(2000)})
    assert powers(control, wanted) == {"pump": pytest.approx(1000)}
    assert powers(hybrid(6, PUMP), wanted) == {"pump": 2000}


def test_what_the_pump_may_not_do_the_boiler_does() -> None:
    control = hybrid(6, limits=ONE_KILOWATT)
    pump, boiler, _ = control.contribution(SENSORS, GRID, NOON).flex_models

    assert pump["consumption-capacity"] == "1000 W"
    # Gas is no electric power, and nothing is shared by a single actuator.
    assert "group" not in pump
    assert boiler == hybrid(6).contribution(SENSORS, GRID, NOON).flex_models[1]
    share = told(control, 2000)
    assert share["pump"] == ("heat", pytest.approx(1 / 3))  # of 500 to 2000 W
    assert share["boiler"] == ("burn", pytest.approx(3 / (0.2 * 3.6 * 9.77 * 0.9)))


def test_a_pump_that_may_not_run_at_all_takes_no_part() -> None:
    """Its least power is 500 W."""
    control = hybrid(6, limits=Span(0.0, 300.0))

    (model,) = control.contribution(SENSORS, GRID, NOON).flex_models
    assert model["commodity"] == "gas"
    assert told(control, 2000)["boiler"][0] == "burn"


def test_its_efficiency_is_that_of_the_modes_that_it_may_run_in() -> None:
    """3 W of heat from one W in its low mode, 2 in its high one."""
    pump = part(
        "pump", OFF, supplying("low", (1000, 1000), (3, 3)), supplying("high", (3000, 3000), (6, 6))
    )

    def efficiency(limits: Span) -> object:
        (model,) = hybrid(3, pump, limits=limits).contribution(SENSORS, GRID, NOON).flex_models
        return model["charging-efficiency"]

    assert efficiency(UNGUARDED) == "200%"
    assert efficiency(Span(0.0, 2000.0)) == "300%"


def test_several_actuators_share_the_limits_in_the_plan() -> None:
    control = hybrid(9, PUMP, ROD, limits=Span(-500.0, 2500.0))
    found = control.contribution(BOTH, GRID, NOON)

    pump, rod, stock, shared = found.flex_models
    assert (pump["group"], rod["group"]) == ({"sensor": 7}, {"sensor": 7})
    assert (pump["consumption-capacity"], rod["consumption-capacity"]) == ("2000 W", "2500 W")
    assert shared == {
        "sensor": 7,
        "consumption-capacity": "2500 W",
        "production-capacity": "500 W",
    }
    assert "group" not in stock
    # The pump makes 6 kW of heat out of 2 kW, and 0.5 kW are left to the rod.
    assert found.series[0].values == pytest.approx((6.5, 6.5))


def test_several_actuators_share_the_limits_in_what_they_are_told() -> None:
    wanted = Plan(schedules={"pump": schedule(2000), "rod": schedule(3000)})

    shared = powers(hybrid(9, PUMP, ROD, limits=Span(0.0, 2500.0)), wanted)
    assert shared == {"pump": pytest.approx(2000), "rod": pytest.approx(500)}
    assert powers(hybrid(9, PUMP, ROD), wanted) == {"pump": 2000, "rod": 3000}


def test_an_actuator_that_cannot_be_told_leaves_the_others_the_rest() -> None:
    """The rod is about to heat with half of its power, and takes no instruction before it does."""
    slow = tuple(
        transition(before, after, duration=MINUTE)
        for before, after in (("off", "heat"), ("heat", "off"))
    )
    rod = part("rod", *ROD.operation_modes, transitions=slow)
    control = hybrid(9, PUMP, rod, limits=Span(0.0, 2500.0))
    busy = ddbc.Instruction(
        id="busy",
        execution_time=NOON,
        abnormal_condition=False,
        actuator_id="rod",
        operation_mode_id="heat",
        operation_mode_factor=0.5,
    )
    control.sent(busy, NOON)

    assert powers(control, Plan()) == {"rod": 1500, "pump": pytest.approx(1000)}


@pytest.mark.parametrize("planned", [None, -3000.0])
def test_what_gives_power_with_its_heat_gives_no_more_than_people_let_it(
    planned: float | None,
) -> None:
    """6 kW of heat come with 3 kW of power; 1 kW of that may be given, so 2 kW of heat."""
    way = Way(
        "run", Span(0, -3000), Span(0, 6), running_costs=0.0, costs=0.0, order=0, abnormal=False
    )

    (share,) = share_demand([[way]], 6, planned, Span(-1000.0, 0.0))
    assert share.factor == pytest.approx(1 / 3)


def test_several_actuators_without_limits_are_no_group() -> None:
    models = hybrid(9, PUMP, ROD).contribution(BOTH, GRID, NOON).flex_models

    assert len(models) == 3
    assert not any("group" in model for model in models)


@given(
    bands=st.lists(
        st.lists(
            st.tuples(st.integers(0, 20), st.integers(0, 20)).map(
                lambda ends: Span(100.0 * min(ends), 100.0 * max(ends))
            ),
            min_size=1,
            max_size=3,
        ),
        min_size=1,
        max_size=3,
    ),
    most=st.integers(0, 60).map(lambda value: value * 100.0),
)
def test_no_more_is_planned_than_the_best_use_of_the_limits_gives(
    bands: list[list[Span]], most: float
) -> None:
    converters = [
        Converter(str(index), "electricity", merged([Span(0.0, 0.0), *each]), index + 1.0)
        for index, each in enumerate(bands)
    ]

    supply = supply_bands(converters, Span(0.0, most))[-1].high

    assert supply <= len(converters) * most * (1 + 1e-6)
    assert supply <= supply_bands(converters)[-1].high * (1 + 1e-6)


def test_a_boiler_alone_is_not_limited() -> None:
    """People limit electric power; it takes none."""
    assert (
        hybrid(6, BOILER, limits=Span(0.0, 0.0)).contribution(SENSORS, GRID, NOON).flex_models
        == hybrid(6, BOILER).contribution(SENSORS, GRID, NOON).flex_models
    )
