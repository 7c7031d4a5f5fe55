"""The simulated home's entities behave as those of real integrations do, and misbehave when they are told to."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

import custom_components
from demo.custom_components import __file__ as demo_file

BATTERY_SETPOINT = "number.simulated_battery_power_setpoint"
BATTERY_POWER = "sensor.simulated_battery_power"
CHARGING = "switch.simulated_car_charging"
CHARGING_CURRENT = "number.simulated_car_charging_current"
CHARGING_POWER = "sensor.simulated_car_charging_power"
CHARGING_POWER_SETPOINT = "number.simulated_car_charging_power_setpoint"
DISHWASHER_START = "button.simulated_dishwasher_start"
FEED_IN_LIMIT = "number.simulated_solar_panels_feed_in_limit"
TANK = "water_heater.simulated_heat_pump_tank"
# A Sunday at 01:00 in the time zone of the tests: the car is at home, and the sun is not up.
NIGHT = "2026-05-31T08:00:00+00:00"


@pytest.fixture
def installed(
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    enable_custom_integrations: None,
) -> None:
    """Put the simulated home where Home Assistant finds it."""
    demo = str(Path(demo_file).parent)
    monkeypatch.setattr(custom_components, "__path__", [*custom_components.__path__, demo])
    freezer.move_to(NIGHT)


@pytest.fixture
async def home(hass: HomeAssistant, installed: None) -> AsyncIterator[MockConfigEntry]:
    """Give a Home Assistant with the simulated home in it."""
    entry = MockConfigEntry(domain="simulated_home", title="Simulated home")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


async def _pass(hass: HomeAssistant, freezer: FrozenDateTimeFactory, length: timedelta) -> None:
    """Let the home's time pass in its own ticks."""
    for _ in range(length // timedelta(seconds=5)):
        freezer.tick(timedelta(seconds=5))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()


async def _call(hass: HomeAssistant, action: str, entity_id: str, **data: object) -> None:
    domain, _, name = action.partition(".")
    await hass.services.async_call(domain, name, {"entity_id": entity_id, **data}, blocking=True)


def _number(hass: HomeAssistant, entity_id: str) -> float:
    state = hass.states.get(entity_id)
    assert state is not None
    return float(state.state)


def _text(hass: HomeAssistant, entity_id: str) -> str:
    state = hass.states.get(entity_id)
    assert state is not None
    return state.state


@pytest.mark.usefixtures("installed")
async def test_the_home_is_added_without_a_question_and_once_only(hass: HomeAssistant) -> None:
    """A second one would have the same entities."""
    flow = await hass.config_entries.flow.async_init("simulated_home", context={"source": "user"})
    assert flow["type"] == "create_entry"
    await hass.async_block_till_done()
    again = await hass.config_entries.flow.async_init("simulated_home", context={"source": "user"})
    assert again["reason"] == "single_instance_allowed"
    await hass.config_entries.async_unload(flow["result"].entry_id)


@pytest.mark.usefixtures("home")
async def test_every_part_of_the_home_has_its_entities(hass: HomeAssistant) -> None:
    """These ids are used in the demo, in documentation and by people; a change breaks all of them."""
    registry = er.async_get(hass)
    ids = {entity.entity_id for entity in registry.entities.values()}
    assert ids == {
        "binary_sensor.simulated_car_plugged_in",
        "binary_sensor.simulated_dishwasher_ready_to_start",
        "binary_sensor.simulated_dishwasher_running",
        DISHWASHER_START,
        BATTERY_SETPOINT,
        CHARGING_CURRENT,
        CHARGING_POWER_SETPOINT,
        FEED_IN_LIMIT,
        BATTERY_POWER,
        "sensor.simulated_battery_state_of_charge",
        CHARGING_POWER,
        "sensor.simulated_car_state_of_charge",
        "sensor.simulated_dishwasher_power",
        "sensor.simulated_energy_contract_electricity_price",
        "sensor.simulated_energy_contract_feed_in_price",
        "sensor.simulated_grid_power",
        "sensor.simulated_heat_pump_heat_used",
        "sensor.simulated_heat_pump_power",
        "sensor.simulated_heat_pump_tank_temperature",
        "sensor.simulated_house_power",
        "sensor.simulated_house_power_forecast",
        "sensor.simulated_solar_panels_power",
        "sensor.simulated_solar_panels_power_forecast",
        CHARGING,
        TANK,
    }


@pytest.mark.usefixtures("home")
async def test_a_charger_follows_its_current_and_its_switch(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """10 A are 6,900 W; the power setpoint is the same knob in watts, in whole amperes."""
    await _call(hass, "number.set_value", CHARGING_CURRENT, value=10)
    assert _number(hass, CHARGING_CURRENT) == 10
    await _pass(hass, freezer, timedelta(seconds=15))
    assert _number(hass, CHARGING_POWER) == pytest.approx(6_900, abs=150)
    assert _number(hass, CHARGING_POWER_SETPOINT) == 6_900
    await _call(hass, "number.set_value", CHARGING_POWER_SETPOINT, value=8_000)
    assert _number(hass, CHARGING_POWER_SETPOINT) == 7_590
    await _pass(hass, freezer, timedelta(seconds=5))
    assert _number(hass, CHARGING_CURRENT) == 11
    await _call(hass, "switch.turn_off", CHARGING)
    await _pass(hass, freezer, timedelta(seconds=15))
    assert _text(hass, CHARGING) == "off"
    assert _number(hass, CHARGING_POWER) == 0
    await _call(hass, "switch.turn_on", CHARGING)
    assert _text(hass, CHARGING) == "on"


@pytest.mark.usefixtures("home")
async def test_a_tank_takes_a_target_and_an_operation(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """46 °C at first, so a target of 55 °C starts the compressor."""
    await _call(hass, "water_heater.set_temperature", TANK, temperature=55)
    await _pass(hass, freezer, timedelta(seconds=10))
    state = hass.states.get(TANK)
    assert state is not None
    assert state.attributes["temperature"] == 55
    assert state.attributes["current_temperature"] == pytest.approx(46, abs=0.5)
    assert _number(hass, "sensor.simulated_heat_pump_power") == pytest.approx(2_000, abs=50)
    await _call(hass, "water_heater.set_operation_mode", TANK, operation_mode="off")
    await _pass(hass, freezer, timedelta(seconds=10))
    assert _text(hass, TANK) == "off"
    assert _number(hass, "sensor.simulated_heat_pump_power") == pytest.approx(8, abs=3)
    await _call(hass, "water_heater.set_operation_mode", TANK, operation_mode="heat_pump")
    assert _text(hass, TANK) == "heat_pump"


@pytest.mark.usefixtures("home")
async def test_a_dishwasher_runs_after_its_button_is_pressed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """It begins with 60 W."""
    assert _text(hass, "binary_sensor.simulated_dishwasher_running") == "off"
    await _call(hass, "button.press", DISHWASHER_START)
    await _pass(hass, freezer, timedelta(seconds=10))
    assert _text(hass, "binary_sensor.simulated_dishwasher_running") == "on"
    assert _number(hass, "sensor.simulated_dishwasher_power") == pytest.approx(60, abs=4)


@pytest.mark.usefixtures("home")
async def test_panels_feed_in_no_more_than_their_limit(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """At noon the sun gives more than 20 % of 5,200 W."""
    await _call(hass, "number.set_value", FEED_IN_LIMIT, value=20)
    freezer.move_to("2026-05-31T20:00:00+00:00")
    await _pass(hass, freezer, timedelta(seconds=5))
    assert _number(hass, "sensor.simulated_solar_panels_power") == pytest.approx(1_040, abs=25)


async def _misbehave(hass: HomeAssistant, entity_id: str, fault: str) -> None:
    await _call(hass, "simulated_home.misbehave", entity_id, fault=fault)


@pytest.mark.usefixtures("home")
async def test_an_entity_can_be_unavailable_while_the_rest_of_its_device_is_there(
    hass: HomeAssistant,
) -> None:
    """And is back with the value that it had."""
    await _call(hass, "number.set_value", BATTERY_SETPOINT, value=1_000)
    await _misbehave(hass, BATTERY_SETPOINT, "unavailable")
    assert _text(hass, BATTERY_SETPOINT) == "unavailable"
    assert _text(hass, BATTERY_POWER) != "unavailable"
    await _misbehave(hass, BATTERY_SETPOINT, "none")
    assert _number(hass, BATTERY_SETPOINT) == 1_000


@pytest.mark.usefixtures("home")
async def test_a_knob_can_ignore_what_it_is_told_or_go_only_half_as_far(
    hass: HomeAssistant,
) -> None:
    """The action succeeds; only reading back tells."""
    await _misbehave(hass, BATTERY_SETPOINT, "clamps")
    await _call(hass, "number.set_value", BATTERY_SETPOINT, value=-4_000)
    assert _number(hass, BATTERY_SETPOINT) == -2_500
    await _misbehave(hass, BATTERY_SETPOINT, "ignores_writes")
    await _call(hass, "number.set_value", BATTERY_SETPOINT, value=3_000)
    assert _number(hass, BATTERY_SETPOINT) == -2_500
    await _misbehave(hass, TANK, "clamps")
    await _call(hass, "water_heater.set_temperature", TANK, temperature=60)
    state = hass.states.get(TANK)
    assert state is not None
    assert state.attributes["temperature"] == 45


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("action", "data", "entity_id", "shown", "expected"),
    [
        ("switch.turn_off", {}, CHARGING, CHARGING, "on"),
        (
            "button.press",
            {},
            DISHWASHER_START,
            "binary_sensor.simulated_dishwasher_running",
            "off",
        ),
        (
            "water_heater.set_operation_mode",
            {"operation_mode": "off"},
            TANK,
            TANK,
            "heat_pump",
        ),
    ],
)
async def test_switches_and_buttons_can_ignore_people_too(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    action: str,
    data: dict[str, str],
    entity_id: str,
    shown: str,
    expected: str,
) -> None:
    """Nothing happens."""
    await _misbehave(hass, entity_id, "ignores_writes")
    await _call(hass, action, entity_id, **data)
    await _pass(hass, freezer, timedelta(seconds=10))
    assert _text(hass, shown) == expected


async def test_a_restart_finds_every_knob_as_it_was(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """Stored when the entry is unloaded."""
    await _call(hass, "number.set_value", BATTERY_SETPOINT, value=-1_200)
    await _call(hass, "number.set_value", CHARGING_CURRENT, value=9)
    await _call(hass, "number.set_value", FEED_IN_LIMIT, value=55)
    assert await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    assert _number(hass, BATTERY_SETPOINT) == -1_200
    assert _number(hass, CHARGING_CURRENT) == 9
    assert _number(hass, FEED_IN_LIMIT) == 55
