"""Entities that take a power: what they are told in their own unit and sign, and within which limits."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest

from custom_components.flexmeasures.control import ControlStatus, Mode, SetpointSource

from ..device_stand_ins import Charger, Inverter, Relay, add_entities
from .devices import BATTERY, CAR, MakeDevice


@pytest.mark.parametrize(
    ("unit", "span", "settings", "told"),
    [
        ("W", 5000, {}, [2300, -1150]),
        ("kW", 5, {}, [2.3, -1.2]),
        ("kW", 5, {"setpoint_sign": "production_positive"}, [-2.3, 1.1]),
        ("%", 100, {}, [46, -23]),
        ("A", 32, {"phases": 1, "voltage": 230.0}, [10, -5]),
        ("A", 32, {"phases": 3, "voltage": 230.0}, [3.3, -1.7]),
        ("mA", 32000, {"phases": 1, "voltage": 230.0}, [10000, -5000]),
    ],
)
async def test_a_number_is_told_power_in_its_own_unit_and_sign(
    hass: HomeAssistant,
    make_device: MakeDevice,
    unit: str,
    span: float,
    settings: dict[str, object],
    told: list[float],
) -> None:
    number = Inverter("Number")
    number._attr_native_unit_of_measurement = unit
    number._attr_native_min_value, number._attr_native_max_value = -span, span
    await add_entities(hass, "number", [number])
    device = make_device({**BATTERY, **settings, "setpoint_entity": "number.number"})

    await device.start(2300, -1150)
    await device.until(16)

    assert number.values == pytest.approx(told, abs=0.1)


async def test_an_input_number_is_a_number(hass: HomeAssistant, make_device: MakeDevice) -> None:
    helper = {"min": -5000, "max": 5000, "unit_of_measurement": "W", "initial": 0}
    assert await async_setup_component(hass, "input_number", {"input_number": {"power": helper}})
    device = make_device({**BATTERY, "setpoint_entity": "input_number.power"})

    await device.start(2300)

    assert hass.states.get("input_number.power").state == "2300.0"  # type: ignore[union-attr]
    assert device.controller.status is ControlStatus.FOLLOWING


async def test_a_charger_below_six_amperes_is_switched_off(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    current, relay = Charger("Current"), Relay("Charging")
    await add_entities(hass, "number", [current])
    await add_entities(hass, "switch", [relay])
    device = make_device(
        {
            **CAR,
            "setpoint_entity": "number.current",
            "switch_entity": "switch.charging",
            "phases": 3,
            "voltage": 230.0,
        }
    )

    # 4140 W are 6 A on three phases.
    await device.start(6900, 4000, 4140, 0)
    await device.until(1)
    assert (current.values, relay.values) == ([10], [True])
    await device.until(16)
    assert (current.values, relay.values) == ([10], [True, False])
    await device.until(31)
    assert (current.values, relay.values) == ([10, 6], [True, False, True])
    await device.until(46)
    assert (current.values, relay.values) == ([10, 6], [True, False, True, False])
    assert device.controller.statistics.writes == 4


async def test_a_charger_whose_switch_is_away_waits_for_it(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    current, relay = Charger("Current"), Relay("Charging")
    await add_entities(hass, "number", [current])
    await add_entities(hass, "switch", [relay])
    relay.show_availability(False)
    settings = {"setpoint_entity": "number.current", "switch_entity": "switch.charging"}
    device = make_device({**CAR, **settings, "phases": 1, "voltage": 230.0})
    await device.start(2300)
    assert current.values == []

    relay.show_availability(True)
    await device.settle()

    assert (current.values, relay.values) == ([10], [True])


async def test_a_number_that_has_no_value_yet_is_told_one(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    number = Inverter("Number")
    number._attr_native_value = None
    await add_entities(hass, "number", [number])
    device = make_device({**BATTERY, "setpoint_entity": "number.number"})

    await device.start(1500)

    assert number.values == [1.5]


async def test_a_renamed_switch_of_a_charger_is_found(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    current, relay = Charger("Current"), Relay("Charging")
    await add_entities(hass, "number", [current])
    await add_entities(hass, "switch", [relay])
    registry = er.async_get(hass)
    registered = registry.async_get("switch.charging")
    assert registered
    settings = {"setpoint_entity": "number.current", "switch_entity": registered.id}
    device = make_device({**CAR, **settings, "phases": 1, "voltage": 230.0})
    await device.start(2300, 0)
    registry.async_update_entity("switch.charging", new_entity_id="switch.renamed")
    await device.until(16)

    assert relay.values == [True, False]


async def test_a_car_that_is_not_plugged_in_gets_its_safe_value(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    number = Inverter("Number")
    await add_entities(hass, "number", [number])
    device = make_device({**CAR, "setpoint_entity": "number.number"})
    await device.start(2000)
    hass.states.async_set("binary_sensor.plugged_in", "off")
    await device.until(1)
    assert device.controller.setpoint.source is SetpointSource.CONDITION_NOT_MET
    hass.states.async_set("binary_sensor.plugged_in", "unknown")
    await device.until(2)
    assert device.controller.setpoint.source is SetpointSource.INPUT_LOST
    hass.states.async_set("binary_sensor.plugged_in", "on")
    await device.until(3)

    assert number.values == [2, 0, 2]


async def test_charging_at_once_ends_at_the_target_and_discharging_at_what_is_kept(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    number = Inverter("Number")
    await add_entities(hass, "number", [number])
    device = make_device({**BATTERY, "setpoint_entity": "number.number"})
    await device.start(500)
    device.wish(target=60, keep_at_least=40, keep_at_most=80)

    device.controller.async_choose_mode(Mode.CHARGE_NOW)
    await device.until(1)
    assert (device.controller.mode, number.values[-1]) == (Mode.CHARGE_NOW, 3)
    hass.states.async_set("sensor.level", "60", {"unit_of_measurement": "%"})
    await device.until(2)
    assert (device.controller.mode, number.values[-1]) == (Mode.SCHEDULE, 0.5)

    device.controller.async_choose_mode(Mode.DISCHARGE_NOW)
    await device.until(3)
    assert (device.controller.mode, number.values[-1]) == (Mode.DISCHARGE_NOW, -3)
    hass.states.async_set("sensor.level", "40", {"unit_of_measurement": "%"})
    await device.until(4)
    assert (device.controller.mode, number.values[-1]) == (Mode.SCHEDULE, 0.5)


async def test_limits_that_live_in_an_entity_are_followed_and_kept_while_it_is_away(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    number = Inverter("Number")
    number._attr_native_unit_of_measurement = "%"
    number._attr_native_min_value, number._attr_native_max_value = -100, 100
    await add_entities(hass, "number", [number])
    hass.states.async_set("sensor.limit", "4000", {"unit_of_measurement": "W"})
    device = make_device(
        {**BATTERY, "charging_power": "sensor.limit", "setpoint_entity": "number.number"}
    )
    await device.start(2000)
    assert number.values == [50]

    hass.states.async_set("sensor.limit", "1.0", {"unit_of_measurement": "kW"})
    await device.until(1)
    # 100 % are the 4 kW of discharging from now on.
    assert number.values == [50, 25]
    hass.states.async_set("sensor.limit", "unavailable")
    await device.until(2)
    assert device.controller.limits.consumption == 1000
    assert device.controller.setpoint.source is SetpointSource.INPUT_LOST
