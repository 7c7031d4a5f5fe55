"""Every kind of entity that can take a setpoint: what it is told for which power, and when."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest

from custom_components.flexmeasures.actuators import ServiceCalls
from custom_components.flexmeasures.control import ControlStatus, Mode, SetpointSource

from .controlled_device import NOON, ControlledDevice
from .device_stand_ins import (
    Charger,
    Inverter,
    Relay,
    StandIn,
    StartButton,
    Thermostat,
    WorkMode,
    add_entities,
)

BATTERY = {
    "kind": "battery",
    "capacity": 10.0,
    "charging_power": 5.0,
    "discharging_power": 4.0,
    "state_of_charge_entity": "sensor.level",
}
CAR = {
    "kind": "ev_charger",
    "capacity": 50.0,
    "charging_power": 11.0,
    "state_of_charge_entity": "sensor.level",
    "plugged_in_entity": "binary_sensor.plugged_in",
}
BOILER = {
    "kind": "heat_buffer",
    "capacity": 6.0,
    "charging_power": 2.0,
    "state_of_charge_entity": "sensor.level",
}
DISHWASHER = {"kind": "process", "profile": [0.2, 2.0], "profile_part": 15}
SOLAR = {"kind": "solar", "peak_power": 5.0, "forecast_sensor": 13}

type MakeDevice = Callable[[Mapping[str, object]], ControlledDevice]


@pytest.fixture
async def make_device(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[MakeDevice]:
    """Return what makes a device at noon, at 50 % and plugged in; it is released in the end."""
    freezer.move_to(NOON)
    hass.states.async_set("sensor.level", "50", {"unit_of_measurement": "%"})
    hass.states.async_set("binary_sensor.plugged_in", "on")
    devices: list[ControlledDevice] = []

    def make(settings: Mapping[str, object]) -> ControlledDevice:
        devices.append(ControlledDevice(hass, freezer, settings))
        return devices[-1]

    yield make
    for device in devices:
        await device.stop()


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


async def test_a_process_is_started_once_also_across_a_restart(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    button = StartButton("Start")
    await add_entities(hass, "button", [button])
    settings = {**DISHWASHER, "setpoint_entity": "button.start"}
    device = make_device(settings)
    await device.start(0, 200, 2000, 0)
    assert button.values == []
    await device.until(16)
    assert button.values == ["pressed"]

    await device.stop()
    await device.start(0, 200, 2000, 0)
    await device.until(59)

    assert button.values == ["pressed"]


async def test_an_input_button_starts_a_process(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    pressed: list[ServiceCall] = []
    assert await async_setup_component(hass, "input_button", {"input_button": {"start": {}}})
    hass.services.async_register("input_button", "press", pressed.append)
    device = make_device({**DISHWASHER, "setpoint_entity": "input_button.start"})

    await device.start(200, 2000)
    await device.until(31)

    assert [call.data["entity_id"] for call in pressed] == ["input_button.start"]


async def test_a_script_is_run_with_the_power_why_and_until_when(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    runs: list[dict[str, Any]] = []
    hass.bus.async_listen("power_told", lambda event: runs.append(dict(event.data)))
    sequence = {
        "event": "power_told",
        "event_data": {
            name: f"{{{{ {name} }}}}" for name in ("device", "power", "source", "until")
        },
    }
    assert await async_setup_component(
        hass, "script", {"script": {"tell": {"mode": "queued", "sequence": [sequence]}}}
    )
    device = make_device({**BATTERY, "setpoint_entity": "script.tell"})

    await device.start(1500, 1500, -800)
    await device.until(46)

    # The same power for longer is no reason to run it again; after the plan the safe value is told.
    assert runs == [
        {
            "device": "Device",
            "power": 1500.0,
            "source": "schedule",
            "until": "2026-11-22T12:15:00+00:00",
        },
        {
            "device": "Device",
            "power": -800.0,
            "source": "schedule",
            "until": "2026-11-22T12:45:00+00:00",
        },
        {"device": "Device", "power": 0.0, "source": "schedule_ended", "until": None},
    ]


async def test_a_script_starts_a_process_once(hass: HomeAssistant, make_device: MakeDevice) -> None:
    runs: list[str] = []
    hass.bus.async_listen("started", lambda event: runs.append(str(event.event_type)))
    assert await async_setup_component(
        hass, "script", {"script": {"start": {"sequence": [{"event": "started"}]}}}
    )
    device = make_device({**DISHWASHER, "setpoint_entity": "script.start"})

    await device.start(200, 2000)
    await device.until(31)

    assert runs == ["started"]


async def test_a_device_without_setpoint_entity_shows_its_setpoint_and_writes_nothing(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    device = make_device(BATTERY)

    await device.start(1500)
    device.controller.async_shadow(False)

    assert device.controller.setpoint.power == 1500
    assert device.controller.status is ControlStatus.SHADOW
    assert not device.controller.shadow
    assert device.controller.problem is None
    assert device.controller.statistics.writes == 0


@pytest.mark.parametrize(
    ("domain", "entity", "settings", "reason"),
    [
        ("number", Charger("Thing"), BATTERY, "voltage"),
        ("select", WorkMode("Thing"), BATTERY, "option_charge"),
        ("climate", Thermostat("Thing"), BOILER, "temperature_at_rest"),
        ("switch", Relay("Thing"), SOLAR, "a device starts at no less than where it stops"),
    ],
)
async def test_settings_that_are_missing_are_told_and_nothing_is_written(
    hass: HomeAssistant,
    make_device: MakeDevice,
    domain: str,
    entity: StandIn,
    settings: dict[str, object],
    reason: str,
) -> None:
    await add_entities(hass, domain, [entity])
    device = make_device({**settings, "setpoint_entity": f"{domain}.thing"})

    await device.start(1500)

    assert entity.values == []
    assert device.controller.problem
    assert device.controller.problem.translation_key == "setpoint_entity_settings"
    assert device.controller.problem.translation_placeholders
    assert reason in device.controller.problem.translation_placeholders["reason"]


async def test_an_entity_that_takes_no_power_at_all_is_told(
    hass: HomeAssistant, make_device: MakeDevice
) -> None:
    hass.states.async_set("sensor.power", "0", {"unit_of_measurement": "W"})
    device = make_device({**BATTERY, "setpoint_entity": "sensor.power"})

    await device.start(1500)

    assert device.controller.problem
    assert device.controller.problem.translation_key == "setpoint_entity_unit"


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


async def test_calls_of_others_are_remembered_for_a_while_only(hass: HomeAssistant) -> None:
    calls = ServiceCalls(hass)
    stop = calls.async_start()
    contexts = [Context() for _ in range(1001)]
    for context in contexts:
        hass.bus.async_fire(EVENT_CALL_SERVICE, {}, context=context)

    assert contexts[0] not in calls
    assert contexts[1] in calls
    assert contexts[-1] in calls

    stop()
    hass.bus.async_fire(EVENT_CALL_SERVICE, {}, context=(later := Context()))
    assert later not in calls
