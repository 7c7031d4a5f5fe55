"""Devices that meet a demand, in FlexMeasures' terms."""

import pytest

from custom_components.flexmeasures.s2.control_types import (
    Contribution,
    DemandDrivenControl,
    Finding,
    Grid,
    Notice,
    Sensors,
    SeriesKind,
)
from custom_components.flexmeasures.s2.control_types.demand_flex_model import (
    Converter,
    supply_bands,
)
from custom_components.flexmeasures.s2.control_types.spans import Span
from custom_components.flexmeasures.s2.messages import ddbc
from custom_components.flexmeasures.s2.messages.components import CommodityQuantity

from ..samples import GAS, NOON, QUARTER, power, span, supplying
from .heating import GAS_POWER, GRID, OFF, PUMP, SENSORS, description, forecast, hybrid, part


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
