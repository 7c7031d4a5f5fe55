"""Devices that meet a demand in one of several ways."""

from datetime import datetime, timedelta
from itertools import product
import math

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flexmeasures.s2.control_types import (
    UNGUARDED,
    Contribution,
    DemandDrivenControl,
    Finding,
    Grid,
    Notice,
    Plan,
    Sensors,
    SeriesKind,
)
from custom_components.flexmeasures.s2.control_types.bands import merged
from custom_components.flexmeasures.s2.control_types.demand_flex_model import (
    Converter,
    nearest,
    supply_bands,
)
from custom_components.flexmeasures.s2.control_types.spans import Span
from custom_components.flexmeasures.s2.control_types.supply import Way, share_demand
from custom_components.flexmeasures.s2.messages import ddbc
from custom_components.flexmeasures.s2.messages.components import (
    Commodity,
    CommodityQuantity,
    Timer,
    Transition,
)
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    RevokableObject,
)

from .samples import (
    GAS,
    MINUTE,
    NOON,
    QUARTER,
    SECOND,
    all_transitions,
    ids,
    power,
    revoke,
    schedule,
    span,
    supplying,
    timer,
    transition,
)

SENSORS = Sensors(
    power={"pump": 1, "boiler": 2},
    series={SeriesKind.DEMAND_FORECAST: 5},
    stored_energy=6,
)
GRID = Grid(NOON, QUARTER, 2)
# 0.2 litres of gas a second are 7.0344 kW, 90 % of which become heat.
GAS_POWER = 0.2 * 3.6 * 9.77


def part(
    actuator_id: str,
    *modes: ddbc.OperationMode,
    transitions: tuple[Transition, ...] | None = None,
    timers: tuple[Timer, ...] = (),
) -> ddbc.ActuatorDescription:
    """Return an actuator."""
    return ddbc.ActuatorDescription(
        id=actuator_id,
        supported_commodities=(Commodity.ELECTRICITY,),
        operation_modes=modes,
        transitions=all_transitions(*(mode.id for mode in modes))
        if transitions is None
        else transitions,
        timers=timers,
    )


OFF = supplying("off", (0, 0), (0, 0))
PUMP = part("pump", OFF, supplying("heat", (500, 2000), (1.5, 6)))
BOILER = part(
    "boiler",
    OFF,
    supplying("burn", (0, 0.2), (0, GAS_POWER * 0.9), quantity=GAS, running_costs=0.01),
)


def hybrid(
    demand: float | None,
    *parts: ddbc.ActuatorDescription,
    running: str = "off",
    limits: Span = UNGUARDED,
) -> DemandDrivenControl:
    """Return a heat pump (COP 3, up to 6 kW of heat) and a gas boiler, both off, with a demand in kW."""
    control = DemandDrivenControl(limits=limits)
    parts = parts or (PUMP, BOILER)
    control.receive(description(*parts, demand=demand), NOON)
    for one in parts:
        control.receive(status(one.id, running), NOON)
    return control


def description(
    *parts: ddbc.ActuatorDescription, demand: float | None, valid_from: datetime = NOON - QUARTER
) -> ddbc.SystemDescription:
    """Return the description of a device."""
    return ddbc.SystemDescription(
        message_id="description",
        valid_from=valid_from,
        actuators=parts,
        provides_average_demand_rate_forecast=True,
        present_demand_rate=None if demand is None else span(demand, demand),
    )


def status(actuator_id: str, mode_id: str, factor: float = 0.0) -> ddbc.ActuatorStatus:
    """Return how an actuator runs."""
    return ddbc.ActuatorStatus(
        message_id="status",
        actuator_id=actuator_id,
        active_operation_mode_id=mode_id,
        operation_mode_factor=factor,
    )


def forecast(*demands: float) -> ddbc.AverageDemandRateForecast:
    """Return the demand foreseen for each quarter-hour from noon on."""
    return ddbc.AverageDemandRateForecast(
        message_id="forecast",
        start_time=NOON,
        elements=tuple(
            ddbc.AverageDemandRateForecastElement(duration=QUARTER, expected=demand)
            for demand in demands
        ),
    )


def told(
    control: DemandDrivenControl, watts: float | None, now: datetime = NOON
) -> dict[str, tuple[str, object]]:
    """Return mode and factor by actuator, for a planned power of the heat pump."""
    wanted = Plan() if watts is None else Plan(schedules={"pump": schedule(watts, watts)})
    return {
        part.actuator_id: (
            part.operation_mode_id,
            pytest.approx(part.operation_mode_factor, abs=1e-9),
        )
        for part in control.instructions(now, wanted, ids())
    }


@pytest.mark.parametrize(("demand", "factor"), [(1.5, 0), (3, 1 / 3), (6, 1), (9, 1)])
def test_one_actuator_follows_its_demand_whatever_is_planned(demand: float, factor: float) -> None:
    assert told(hybrid(demand, PUMP), 0) == {"pump": ("heat", factor)}


def test_the_plan_decides_who_meets_the_demand() -> None:
    # 2 kW of electricity give all 6 kW; 1 kW gives half, and the boiler the other.
    assert told(hybrid(6), 2000) == {"pump": ("heat", 1), "boiler": ("off", 0)}
    assert told(hybrid(6), 1000) == {
        "pump": ("heat", 1 / 3),
        "boiler": ("burn", 3 / (GAS_POWER * 0.9)),
    }
    assert told(hybrid(6), 0) == {
        "pump": ("off", 0),
        "boiler": ("burn", 6 / (GAS_POWER * 0.9)),
    }


def test_the_demand_goes_before_the_plan() -> None:
    # Even at full power the boiler is 3.67 kW short of 10 kW; the heat pump has to help.
    (pump, boiler) = told(hybrid(10), 0).values()

    assert boiler == ("burn", 1)
    assert pump == ("heat", (10 - GAS_POWER * 0.9 - 1.5) / 4.5)


def test_without_a_plan_the_cheapest_to_run_meets_it() -> None:
    assert told(hybrid(3), None) == {"pump": ("heat", 1 / 3), "boiler": ("off", 0)}


def test_the_demand_comes_from_what_was_said_last() -> None:
    control = hybrid(None, PUMP)
    assert control.demand(NOON) is None
    assert told(control, 0) == {}

    control.receive(forecast(3, 6), NOON)
    assert (control.demand(NOON), control.demand(NOON + QUARTER)) == (3, 6)
    assert control.next_decision(NOON, Plan()) == NOON + QUARTER
    control.receive(
        ddbc.PresentDemandStatus(message_id="demand", present_demand_rate=span(2, 4)), NOON
    )
    assert control.demand(NOON + QUARTER) == 3
    control.receive(description(PUMP, demand=5), NOON)
    assert control.demand(NOON) == 5


def test_a11_a_future_description_waits() -> None:
    control = hybrid(3, PUMP)
    control.receive(description(BOILER, demand=3, valid_from=NOON + QUARTER), NOON)

    assert set(told(control, 0)) == {"pump"}
    assert control.next_decision(NOON, Plan()) == NOON + QUARTER


def test_a12_and_a13_a_revoked_description_ends_it() -> None:
    control = hybrid(3, PUMP)
    (instruction,) = control.instructions(NOON, Plan(), ids())
    control.sent(instruction, NOON)

    assert control.power("pump", NOON) == 1000
    assert control.receive(
        revoke(RevokableObject.DDBC_SYSTEM_DESCRIPTION, "description"), NOON
    ) == ("i1",)
    assert told(control, 0) == {}
    assert control.power("pump", NOON) is None
    assert control.contribution(SENSORS, GRID, NOON) == Contribution()


def test_a14_a_timer_keeps_the_pump_off_and_the_boiler_steps_in() -> None:
    pump = part(
        "pump",
        *PUMP.operation_modes,
        transitions=(transition("off", "heat", blocked_by=["rest"]),),
        timers=(timer("rest", 10 * MINUTE),),
    )
    control = hybrid(3, pump, BOILER)
    control.receive(
        ddbc.TimerStatus(
            message_id="t", timer_id="rest", actuator_id="pump", finished_at=NOON + 10 * MINUTE
        ),
        NOON,
    )

    assert told(control, 1000)["boiler"] == ("burn", 3 / (GAS_POWER * 0.9))
    assert told(control, 1000, NOON + 10 * MINUTE)["pump"] == ("heat", 1 / 3)


def test_an_actuator_that_is_changing_counts_as_what_it_changes_to() -> None:
    pump = part(
        "pump",
        *PUMP.operation_modes,
        transitions=(transition("off", "heat", duration=5 * MINUTE),),
    )
    control = hybrid(6, pump, BOILER)
    for instruction in control.instructions(NOON, Plan(schedules={"pump": schedule(1000)}), ids()):
        control.sent(instruction, NOON)
    control.receive(description(pump, BOILER, demand=5), NOON)

    # 3 of 5 kW come from the pump.
    assert told(control, 1000, NOON + MINUTE) == {"boiler": ("burn", 2 / (GAS_POWER * 0.9))}


def test_a_change_of_gas_alone_is_worth_an_instruction() -> None:
    control = hybrid(3, BOILER)
    (instruction,) = control.instructions(NOON, Plan(), ids())
    control.sent(instruction, NOON)

    assert told(control, None, NOON + SECOND) == {}
    control.receive(description(BOILER, demand=3.01), NOON)
    assert told(control, None, NOON + SECOND) == {}
    control.receive(description(BOILER, demand=4), NOON)
    assert told(control, None, NOON + SECOND) == {"boiler": ("burn", 4 / (GAS_POWER * 0.9))}


def test_a_refused_mode_leaves_the_demand_to_others() -> None:
    control = hybrid(3)
    for instruction in control.instructions(NOON, Plan(), ids()):
        control.sent(instruction, NOON)
    control.receive(
        InstructionStatusUpdate(
            message_id="u",
            instruction_id="i1",
            status_type=InstructionStatus.REJECTED,
            timestamp=NOON,
        ),
        NOON,
    )
    assert told(control, None, NOON + SECOND)["boiler"] == ("burn", 3 / (GAS_POWER * 0.9))
    control.refused("unknown", NOON, temporary=True)
    assert control.deactivate() == ("i2",)


def test_all_actuators_fill_one_store_that_the_demand_empties() -> None:
    control = hybrid(3)
    control.receive(forecast(4), NOON)
    found = control.contribution(SENSORS, GRID, NOON)
    # Of half an hour, all that both can give.
    heat = 0.5 * (6 + GAS_POWER * 0.9)
    tie = {"state-of-charge": {"sensor": 6}}

    def always(energy: float) -> list[dict[str, str]]:
        span = {"start": "2026-11-22T12:00:00+00:00", "end": "2026-11-22T12:30:00+00:00"}
        return [{**span, "value": f"{energy:.10g} kWh"}]

    assert found.flex_models == (
        {
            "sensor": 1,
            "commodity": "electricity",
            "consumption-capacity": "2000 W",
            "production-capacity": "0 W",
            "power-capacity": "2000 W",
            "operation-modes": [
                {"consumption-range": ["0 W", "0 W"]},
                {"consumption-range": ["500 W", "2000 W"]},
            ],
            "charging-efficiency": "300%",
            **tie,
        },
        {
            "sensor": 2,
            "commodity": "gas",
            "consumption-capacity": f"{GAS_POWER * 1000:.10g} W",
            "production-capacity": "0 W",
            "power-capacity": f"{GAS_POWER * 1000:.10g} W",
            "charging-efficiency": "90%",
            **tie,
        },
        {
            "soc-at-start": f"{heat:.10g} kWh",
            "soc-min": "0 kWh",
            "soc-max": f"{2 * heat:.10g} kWh",
            "soc-minima": always(heat - 1e-5),
            "soc-maxima": always(heat + 1e-5),
            "soc-usage": [{"sensor": 5}],
            **tie,
        },
    )
    (series,) = found.series
    # What is not foreseen is the present demand held.
    assert (series.kind, series.values) == (SeriesKind.DEMAND_FORECAST, (4, 3))


def test_one_actuator_needs_no_sensor_that_ties_it() -> None:
    sensors = Sensors(power={"pump": 1}, series={SeriesKind.DEMAND_FORECAST: 5})
    (entry,) = hybrid(3, PUMP).contribution(sensors, GRID, NOON).flex_models

    assert (entry["sensor"], entry["soc-usage"]) == (1, [{"sensor": 5}])
    assert "state-of-charge" not in entry
    with pytest.raises(ValueError, match="several actuators"):
        hybrid(3).contribution(
            Sensors(power={"pump": 1, "boiler": 2}, series=sensors.series), GRID, NOON
        )
    with pytest.raises(ValueError, match="demand forecast"):
        hybrid(3, PUMP).contribution(Sensors(power={"pump": 1}), GRID, NOON)


def test_what_takes_nothing_that_is_counted_is_not_planned() -> None:
    sun = part("pump", supplying("shine", (0, 0), (0, 2)))
    idle = part("boiler", OFF)

    assert hybrid(1, sun, running="shine").contribution(SENSORS, GRID, NOON) == Contribution()
    assert hybrid(1, idle).contribution(SENSORS, GRID, NOON) == Contribution()


@pytest.mark.parametrize(
    ("quantity", "flow", "commodity", "watts"),
    [
        (GAS, 0.1, "gas", 3517.2),
        (CommodityQuantity.HYDROGEN_FLOW_RATE, 0.1, "hydrogen", 11988.0),
        (CommodityQuantity.OIL_FLOW_RATE, 0.5, "oil", 5000.0),
    ],
)
def test_fuels_are_planned_as_the_power_in_them(
    quantity: CommodityQuantity, flow: float, commodity: str, watts: float
) -> None:
    """Half of the energy becomes heat; below a fifth of its flow the burner goes out, and its fan takes 50 W."""
    mode = ddbc.OperationMode(
        id="burn",
        power_ranges=(power(flow / 5, flow, quantity), power(50, 50)),
        supply_range=span(watts / 10_000, watts / 2000),
        abnormal_condition_only=False,
    )
    entry, *_ = hybrid(1, part("boiler", OFF, mode)).contribution(SENSORS, GRID, NOON).flex_models

    assert entry["commodity"] == commodity
    assert entry["consumption-capacity"] == f"{watts:.10g} W"
    assert entry["charging-efficiency"] == "50%"
    assert entry["operation-modes"] == [
        {"consumption-range": ["0 W", "0 W"]},
        {"consumption-range": [f"{watts / 5:.10g} W", f"{watts:.10g} W"]},
    ]


@pytest.mark.parametrize(
    ("demand", "met"), [(0, 0), (0.5, 0), (0.75, 0), (1, 1.5), (4, 4), (6, 6), (9, 6), (-1, 0)]
)
def test_the_demand_that_is_planned_is_what_will_be_supplied(demand: float, met: float) -> None:
    control = hybrid(demand, PUMP)
    (series,) = control.contribution(SENSORS, GRID, NOON).series

    assert series.values == (met, met)


def test_a_demand_in_another_unit_is_planned_in_kilowatts() -> None:
    control = DemandDrivenControl(kilowatts_per_unit=0.001)
    watts = part("pump", OFF, supplying("heat", (500, 2000), (1500, 6000)))
    control.receive(description(watts, demand=7000), NOON)
    found = control.contribution(SENSORS, GRID, NOON)

    assert found.series[0].values == (6, 6)
    assert found.flex_models[0]["charging-efficiency"] == "300%"
    assert found.notices == (
        Notice(finding=Finding.DEMAND_BEYOND_SUPPLY, at=NOON, wanted=7, possible=6),
    )


CONVERTERS = st.lists(
    st.builds(
        lambda bands, gain: Converter("a", "electricity", merged(bands), gain),
        st.lists(
            st.tuples(st.integers(0, 20), st.integers(0, 20)).map(
                lambda ends: Span(100.0 * min(ends), 100.0 * max(ends))
            ),
            min_size=1,
            max_size=3,
        ),
        st.sampled_from([0.5, 1.0, 3.0]),
    ),
    min_size=1,
    max_size=3,
)


@given(converters=CONVERTERS, demand=st.integers(-10, 200).map(lambda value: value * 100.0))
def test_what_is_planned_can_be_supplied_and_nothing_nearer_can(
    converters: list[Converter], demand: float
) -> None:
    supply = nearest(supply_bands(converters), demand)

    # Each combination of bands gives all from the sum of the lows to the sum of the highs.
    missed = [
        abs(Span(sum(b.low for b in bands), sum(b.high for b in bands)).clamp(demand) - demand)
        for bands in product(*(converter.supplies for converter in converters))
    ]
    assert abs(supply - demand) == pytest.approx(min(missed), abs=1e-6)


def test_very_many_bands_count_as_one() -> None:
    """Ten actuators with a hundred modes each have more combinations than anybody can look at."""
    points = tuple(Span(100.0 * step**2, 100.0 * step**2) for step in range(100))
    many = [Converter(str(index), "electricity", points, 1.0) for index in range(10)]

    assert supply_bands(many) == (Span(0.0, 10 * 100.0 * 99**2),)


def test_a_demand_that_nobody_can_meet_is_told() -> None:
    control = hybrid(3, PUMP)
    control.receive(forecast(3, 8), NOON)

    assert control.contribution(SENSORS, GRID, NOON).notices == (
        Notice(finding=Finding.DEMAND_BEYOND_SUPPLY, at=NOON + QUARTER, wanted=8, possible=6),
    )


def test_without_any_demand_there_is_nothing_to_plan() -> None:
    control = hybrid(None, PUMP)
    assert control.contribution(SENSORS, GRID, NOON) == Contribution()
    control.receive(forecast(3), NOON)
    before = Grid(NOON - QUARTER, QUARTER, 2)
    assert control.contribution(SENSORS, before, NOON - QUARTER) == Contribution()


def test_an_actuator_with_only_abnormal_modes_takes_no_part() -> None:
    emergency = ddbc.OperationMode(
        id="emergency",
        power_ranges=(power(9000, 9000),),
        supply_range=span(9, 9),
        abnormal_condition_only=True,
    )
    control = hybrid(3, part("pump", emergency), running="emergency")

    assert told(control, 0) == {}
    assert control.contribution(SENSORS, GRID, NOON) == Contribution()


WAYS = st.builds(
    lambda p0, p1, s0, s1: Way(
        "m", Span(p0, p1), Span(s0, s1), running_costs=0.0, costs=0.0, order=0, abnormal=False
    ),
    *[st.integers(-2, 4).map(lambda value: value * 500.0)] * 2,
    *[st.integers(0, 4).map(float)] * 2,
)
LIMITS = st.just(math.inf) | st.integers(0, 8).map(lambda value: value * 500.0)


@settings(deadline=None)
@given(
    ways=st.lists(st.lists(WAYS, min_size=1, max_size=2), min_size=1, max_size=2),
    demand=st.integers(0, 10),
    watts=st.none() | st.integers(0, 4000),
    most=LIMITS,
    least=LIMITS,
)
def test_no_factors_on_a_grid_are_better(
    ways: list[list[Way]], demand: int, watts: int | None, most: float, least: float
) -> None:
    limits = Span(-least, most)
    shares = share_demand(ways, demand, watts, limits)
    assert all(0 <= share.factor <= 1 for share in shares)
    beyond, missed, off = merit(
        [(share.way, share.factor) for share in shares], demand, watts, limits
    )
    steps = [index / 8 for index in range(9)]
    for combination in product(*ways):
        for factors in product(steps, repeat=len(ways)):
            other_beyond, other_missed, other_off = merit(
                list(zip(combination, factors, strict=True)), demand, watts, limits
            )
            assert beyond <= other_beyond + 1e-6
            if other_beyond > beyond + 1e-6:
                continue
            assert missed <= other_missed + 1e-9
            if other_missed <= missed + 1e-9:
                assert off <= other_off + 1


def merit(
    shares: list[tuple[Way, float]], demand: float, watts: float | None, limits: Span
) -> tuple[float, float, float]:
    """Return how far the power lies beyond limits, and how far supply and power are off."""
    supplied = sum(way.supply.at(factor) for way, factor in shares)
    taken = sum(way.power.at(factor) for way, factor in shares)
    off = 0.0 if watts is None else abs(taken - watts)
    return abs(taken - limits.clamp(taken)), abs(demand - supplied), off


def test_a_change_of_timers_is_looked_at_when_they_end() -> None:
    control = hybrid(3, PUMP)
    control.receive(
        ddbc.TimerStatus(
            message_id="t", timer_id="rest", actuator_id="pump", finished_at=NOON + MINUTE
        ),
        NOON,
    )

    assert control.next_decision(NOON, Plan()) == NOON + timedelta(minutes=1)
