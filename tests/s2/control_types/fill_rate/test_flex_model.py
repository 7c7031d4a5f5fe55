"""Devices that store in FlexMeasures' terms; the numbers of the golden vectors come from reckoning by hand."""

from collections.abc import Iterable

import pytest

from custom_components.flexmeasures.s2.control_types import (
    Contribution,
    FillRateControl,
    FillRateOptions,
    Finding,
    Notice,
    Sensors,
)
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.components import (
    Commodity,
    CommodityQuantity,
    PowerRange,
)

from ..samples import (
    L1,
    L2,
    NOON,
    actuator,
    battery,
    battery_modes,
    element,
    mode,
    power,
    span,
    storage_description,
    storage_status,
)
from .flex_models import SENSORS, contribution, grid, number, one_mode


def test_a_battery_becomes_one_entry_with_bands() -> None:
    (entry,) = contribution(battery(), capacity_per_unit=20).flex_models

    assert entry == {
        "sensor": 1,
        "consumption-capacity": "5000 W",
        "production-capacity": "5000 W",
        "power-capacity": "5000 W",
        "operation-modes": [
            {"production-range": ["2500 W", "5000 W"]},
            {"consumption-range": ["0 W", "0 W"]},
            {"consumption-range": ["2500 W", "5000 W"]},
        ],
        "charging-efficiency": "95%",
        "discharging-efficiency": "92%",
        "soc-at-start": "10 kWh",
        "soc-min": "0 kWh",
        "soc-max": "20 kWh",
    }


def test_without_a_capacity_the_losses_are_shared_between_both_directions() -> None:
    (entry,) = contribution(battery(), level=1).flex_models

    # The root of 20 / 0.95 (in) times 20 * 0.92 (out): 19.6817 kWh, 0.874 for the round trip.
    assert number(entry["soc-max"]) == pytest.approx(19.6817, abs=1e-4)
    into = number(entry["charging-efficiency"]) / 100
    assert into == pytest.approx(number(entry["discharging-efficiency"]) / 100)
    assert into**2 == pytest.approx(0.874, abs=1e-6)


def test_a_band_through_zero_needs_no_operation_modes() -> None:
    (entry,) = contribution(one_mode((-5, 5), (-200, 200)), level=10).flex_models

    assert "operation-modes" not in entry
    assert number(entry["soc-max"]) == pytest.approx(100 * 1.1111e-5, rel=1e-4)
    assert entry["charging-efficiency"] == entry["discharging-efficiency"] == "100%"
    assert entry["power-capacity"] == "200 W"


@pytest.mark.parametrize(
    ("watts", "rate", "kwh_per_degree"), [(500, 0.00209, 0.06645), (2000, 0.00835, 0.06653)]
)
def test_a_heat_pump_tells_its_capacity_by_power_and_rate(
    watts: float, rate: float, kwh_per_degree: float
) -> None:
    (entry,) = contribution(one_mode((0, rate), (0, watts))).flex_models

    assert number(entry["soc-max"]) / 100 == pytest.approx(kwh_per_degree, abs=1e-5)
    assert entry["charging-efficiency"] == "100%"
    assert "discharging-efficiency" not in entry


def test_with_the_capacity_of_its_tank_a_heat_pump_has_more_than_100_percent() -> None:
    # 200 litres: 0.2326 kWh a degree; 1 kW lifts them by 3.2 / 0.2326 degrees an hour.
    rate = 3.2 / 0.2326 / 3600
    (entry,) = contribution(one_mode((0, rate), (0, 1000)), capacity_per_unit=0.2326).flex_models

    assert number(entry["charging-efficiency"]) == pytest.approx(320)


def test_a_device_that_only_empties_its_storage_tells_its_capacity_too() -> None:
    (entry,) = contribution(one_mode((0, -0.01), (0, -3600))).flex_models

    # 3600 W at 0.01 a second: 360 kJ, a tenth of a kWh, for each unit.
    assert number(entry["soc-max"]) == pytest.approx(10)
    assert entry["consumption-capacity"] == "0 W"
    assert entry["discharging-efficiency"] == "100%"


def test_without_rates_or_powers_the_capacity_has_to_be_set() -> None:
    found = contribution(one_mode((0, 0), (0, 1000)))

    assert found.flex_models == ()
    assert found.notices == (Notice(finding=Finding.UNKNOWN_CAPACITY),)


def test_before_description_and_level_there_is_nothing_to_plan() -> None:
    control = FillRateControl()
    assert control.contribution(SENSORS, grid(), NOON) == Contribution()
    control.receive(battery(), NOON)
    assert control.contribution(SENSORS, grid(), NOON) == Contribution()


def test_a_level_outside_of_the_range_is_brought_in_and_told() -> None:
    found = contribution(battery(), level=1.1, capacity_per_unit=20)

    assert found.flex_models[0]["soc-at-start"] == "20 kWh"
    assert found.notices == (
        Notice(finding=Finding.FILL_LEVEL_OUTSIDE_RANGE, wanted=1.1, possible=1),
    )


def test_a_discharge_rate_without_its_sign_is_mended_and_told() -> None:
    modes = (
        *battery_modes()[:2],
        mode("discharge", element((0, 1), (7.5e-5, 3.75e-5), (-5000, -2500))),
    )
    description = storage_description(actuator("battery", modes))
    found = contribution(description, capacity_per_unit=20)
    strict = contribution(description, capacity_per_unit=20, lenient=False)

    assert found.notices == (Notice(finding=Finding.DISCHARGE_RATE_SIGN, subject="battery"),)
    assert number(found.flex_models[0]["discharging-efficiency"]) == pytest.approx(
        5000 / (20 * 3.6e6 * 7.5e-5) * 100
    )
    assert "discharging-efficiency" not in strict.flex_models[0]


def test_what_burns_gas_may_give_electricity_while_it_heats() -> None:
    engine = actuator(
        "battery",
        [
            mode(
                "run",
                frbc.OperationModeElement(
                    fill_level_range=span(0, 100),
                    fill_rate=span(0, 0.01),
                    power_ranges=(
                        power(0, -1000),
                        power(0, 0.1, CommodityQuantity.NATURAL_GAS_FLOW_RATE),
                    ),
                ),
            )
        ],
        commodities=(Commodity.ELECTRICITY, Commodity.GAS),
    )
    found = contribution(storage_description(engine, levels=(0, 100)), capacity_per_unit=0.1)

    assert found.notices == (
        Notice(finding=Finding.OTHER_COMMODITY_NOT_PLANNED, subject="battery"),
    )
    assert found.flex_models[0]["production-capacity"] == "1000 W"


def test_an_efficiency_that_varies_is_averaged_over_the_fill_levels_and_told() -> None:
    # 100 kJ a degree below 40, 200 kJ above: 150 kJ over all.
    heat_pump = mode(
        "run",
        element((20, 40), (0, 0.01), (0, 1000)),
        element((40, 60), (0, 0.005), (0, 1000)),
    )
    description = storage_description(actuator("battery", [heat_pump]), levels=(20, 60))
    found = contribution(description, level=30, capacity_per_unit=0.1)

    assert number(found.flex_models[0]["charging-efficiency"]) == pytest.approx(240)
    assert found.notices == (Notice(finding=Finding.EFFICIENCY_VARIES, subject="battery"),)
    assert found.flex_models[0]["soc-at-start"] == "1 kWh"


def heat_system() -> frbc.SystemDescription:
    """Return a heat pump (3 kW, three times that as heat) and a heating element on one buffer of 10 kWh."""
    return storage_description(
        actuator("heat pump", [mode("run", element((0, 10), (0, 9 / 3600), (0, 3000)))]),
        actuator("element", [mode("run", element((0, 10), (0, 1.96 / 3600), (0, 2000)))]),
        levels=(0, 10),
    )


def test_several_actuators_are_tied_together_by_the_stored_energy() -> None:
    pump, element_entry, stock = contribution(
        heat_system(), level=5, capacity_per_unit=1
    ).flex_models

    assert pump == {
        "sensor": 2,
        "consumption-capacity": "3000 W",
        "production-capacity": "0 W",
        "power-capacity": "3000 W",
        "charging-efficiency": "300%",
        "state-of-charge": {"sensor": 6},
    }
    assert (element_entry["sensor"], element_entry["charging-efficiency"]) == (3, "98%")
    assert stock == {
        "soc-at-start": "5 kWh",
        "soc-min": "0 kWh",
        "soc-max": "10 kWh",
        "state-of-charge": {"sensor": 6},
    }


def test_several_actuators_need_that_sensor() -> None:
    control = FillRateControl(FillRateOptions(capacity_per_unit=1))
    control.receive(heat_system(), NOON)
    control.receive(storage_status(5), NOON)

    with pytest.raises(ValueError, match="sensor for stored energy"):
        control.contribution(Sensors(power={"heat pump": 2, "element": 3}), grid(), NOON)


def test_the_power_of_phases_is_summed() -> None:
    def phases(
        start: float, end: float, quantities: Iterable[CommodityQuantity]
    ) -> tuple[PowerRange, ...]:
        return tuple(power(start, end, quantity) for quantity in quantities)

    two_phases = frbc.OperationModeElement(
        fill_level_range=span(0, 100),
        fill_rate=span(0, 0.01),
        power_ranges=phases(0, 1000, (L1, L2)),
    )
    (entry,) = contribution(
        storage_description(actuator("battery", [mode("run", two_phases)]), levels=(0, 100)),
        capacity_per_unit=0.1,
    ).flex_models

    assert entry["consumption-capacity"] == "2000 W"


def test_a_device_that_cannot_be_off_is_planned_always_on() -> None:
    (entry,) = contribution(one_mode((0.001, 0.01), (300, 3000))).flex_models

    assert entry["operation-modes"] == [{"consumption-range": ["300 W", "3000 W"]}]
