"""Entities that know a few states only, or temperatures: switches, selects and thermostats."""

from homeassistant.core import HomeAssistant

from ..controlled_device import NOON
from ..device_stand_ins import Inverter, Relay, Thermostat, WorkMode, add_entities
from .devices import BATTERY, BOILER, MakeDevice


async def test_a_switch_is_on_from_a_threshold_on_with_hysteresis(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    relay = Relay("Element")
    await add_entities(hass, "switch", [relay])
    device = make_device(
        {**BOILER, "setpoint_entity": "switch.element", "on_from": 1.2, "off_below": 0.8}
    )

    await device.start(1100, 1200, 900, 700)
    await device.until(59)

    assert [(round((at - NOON).total_seconds() / 60), on) for at, on in relay.told] == [
        (15, True),
        (45, False),
    ]


async def test_a_select_is_told_its_own_options(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    select = WorkMode("Mode")
    await add_entities(hass, "select", [select])
    device = make_device(
        {
            **BATTERY,
            "setpoint_entity": "select.mode",
            "option_charge": "Charge",
            "option_idle": "Self use",
            "option_discharge": "Discharge",
        }
    )

    await device.start(1000, 30, -1000)
    await device.until(60)

    # After the plan it is back at its safe value of no power.
    assert select.values == ["Charge", "Self use", "Discharge", "Self use"]


async def test_a_thermostat_is_raised_while_heat_is_planned(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    thermostat = Thermostat("Room")
    await add_entities(hass, "climate", [thermostat])
    device = make_device(
        {
            **BOILER,
            "setpoint_entity": "climate.room",
            "temperature_at_rest": 19.0,
            "temperature_at_full_power": 21.5,
            "on_from": 0.5,
            "off_below": 0.5,
        }
    )

    await device.start(600, 400, 2000)
    await device.until(60)

    assert thermostat.values == [21.5, 19, 21.5, 19]


async def test_a_temperature_between_rest_and_full_power_is_in_proportion(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    number = Inverter("Tank")
    number._attr_native_unit_of_measurement = "°C"
    number._attr_native_min_value, number._attr_native_max_value = 30, 70
    number._attr_native_step, number._attr_native_value = 1, 30
    await add_entities(hass, "number", [number])
    device = make_device(
        {
            **BOILER,
            "setpoint_entity": "number.tank",
            "temperature_at_rest": 45.0,
            "temperature_at_full_power": 65.0,
        }
    )

    # 0.5 of 2 kW is a quarter of the way from 45 to 65 °C.
    await device.start(500, 2000)
    await device.until(31)

    assert number.values == [50, 65, 45]
