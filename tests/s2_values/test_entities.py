"""What people see of an S2 device: its own words as states, while it is there and when it leaves."""

from datetime import timedelta
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.s2.wire import JsonObject

from ..conftest import make_entry
from ..planning import NOON
from ..s2.samples import (
    actuator_status,
    details,
    fill_rate_description,
    handshake,
    message,
    operation_mode_description,
    storage_status,
)
from ..s2_devices import ConnectedDevice, s2_subentry
from ..s2_words import measurement
from ..site_actions import device_of
from ..test_init import set_up


@pytest.fixture
async def entry(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return a loaded entry with an S2 battery on the small site's battery."""
    freezer.move_to(NOON)
    entry = make_entry(s2_subentry())
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


@pytest.fixture
async def battery(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> ConnectedDevice:
    """Return the battery, connected, at 40 % and idle; the clock of a test may jump further than pings come."""
    with patch("custom_components.flexmeasures.s2_server.HEARTBEAT", 3600):
        device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
        await device.follow()
    await device.say(fill_rate_description())
    await device.say(storage_status(40))
    await device.say(actuator_status("idle"))
    await settle(hass, freezer)
    return device


async def settle(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float = 1) -> None:
    """Let time pass, and everything that is due happen."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


def state_of(hass: HomeAssistant, name: str, platform: str = "sensor") -> State:
    """Return the state of one of the battery's entities."""
    state = hass.states.get(f"{platform}.battery_{name}")
    assert state, name
    return state


async def test_a_device_that_never_came_is_not_connected_and_tells_nothing(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    assert state_of(hass, "device_connected", "binary_sensor").state == "off"
    assert state_of(hass, "measured_power").state == "unavailable"
    assert state_of(hass, "control_type").state == "unavailable"
    assert state_of(hass, "last_instruction").state == "unknown"
    assert hass.states.get("sensor.battery_measured_fill_level") is None


async def test_what_a_battery_says_becomes_states(
    hass: HomeAssistant, battery: ConnectedDevice, freezer: FrozenDateTimeFactory
) -> None:
    await battery.say(measurement(L1=1000, L2=-250, L3=50.5))
    await settle(hass, freezer)

    power = state_of(hass, "measured_power")
    assert power.state == "800.5"
    assert power.attributes["unit_of_measurement"] == "W"
    assert state_of(hass, "device_connected", "binary_sensor").state == "on"
    level = state_of(hass, "measured_fill_level")
    assert (level.state, level.attributes["unit_of_measurement"]) == ("40.0", "%")
    assert state_of(hass, "measured_state_of_charge").state == "40.0"
    # 5000 W at 0.02 % per second: 5000 J per 0.02 %, which is 0.0694 kWh per %.
    energy = state_of(hass, "measured_stored_energy")
    assert float(energy.state) == pytest.approx(40 * 5000 / 0.02 / 3.6e6)
    assert energy.attributes["unit_of_measurement"] == "kWh"
    assert state_of(hass, "operation_mode").state == "idle"
    assert state_of(hass, "control_type").state == "fill_rate_based_control"


async def test_small_steps_of_what_is_stored_are_shown_every_ten_seconds(
    hass: HomeAssistant, battery: ConnectedDevice, freezer: FrozenDateTimeFactory
) -> None:
    await battery.say(storage_status(40.5))
    await battery.say(storage_status(40.9))
    await settle(hass, freezer)
    before = [
        state_of(hass, f"measured_{name}").state for name in ("fill_level", "state_of_charge")
    ]
    await settle(hass, freezer, 10)

    assert before == ["40.0", "40.0"]
    assert state_of(hass, "measured_fill_level").state == "40.9"
    assert state_of(hass, "measured_state_of_charge").state == "40.9"
    energy = float(state_of(hass, "measured_stored_energy").state)
    assert energy == pytest.approx(40.9 * 5000 / 0.02 / 3.6e6)


async def test_a_step_of_a_hundredth_of_the_storage_is_shown_at_once(
    hass: HomeAssistant, battery: ConnectedDevice, freezer: FrozenDateTimeFactory
) -> None:
    await battery.say(storage_status(40.5))
    await settle(hass, freezer)
    await battery.say(storage_status(41.2))
    await settle(hass, freezer)
    assert state_of(hass, "measured_fill_level").state == "41.2"

    # What waited before must not be waited for any more.
    await battery.say(storage_status(41.5))
    await settle(hass, freezer)
    assert state_of(hass, "measured_fill_level").state == "41.2"


async def test_the_total_of_three_phases_wins_over_single_phases(
    hass: HomeAssistant, battery: ConnectedDevice, freezer: FrozenDateTimeFactory
) -> None:
    await battery.say(measurement(**{"L1": 5.0, "3_PHASE_SYMMETRIC": -3000.0}))
    await settle(hass, freezer)

    assert state_of(hass, "measured_power").state == "-3000.0"


async def test_a_power_is_not_held_when_the_device_falls_silent(
    hass: HomeAssistant, battery: ConnectedDevice, freezer: FrozenDateTimeFactory
) -> None:
    await battery.say(measurement(L1=1000))
    await settle(hass, freezer, 299)
    assert state_of(hass, "measured_power").state == "1000.0"

    await settle(hass, freezer, 2)

    assert state_of(hass, "measured_power").state == "unknown"


async def test_a_measurement_in_between_keeps_the_power_alive(
    hass: HomeAssistant, battery: ConnectedDevice, freezer: FrozenDateTimeFactory
) -> None:
    await battery.say(measurement(L1=1000))
    await settle(hass, freezer, 200)
    await battery.say(measurement(L1=1000))

    await settle(hass, freezer, 101)

    assert state_of(hass, "measured_power").state == "1000.0"


async def test_a_device_that_leaves_takes_its_values_with_it(
    hass: HomeAssistant, battery: ConnectedDevice, freezer: FrozenDateTimeFactory
) -> None:
    await battery.say(measurement(L1=1000))

    await battery.socket.close()
    await settle(hass, freezer)

    for name in ("measured_power", "measured_fill_level", "operation_mode", "control_type"):
        assert state_of(hass, name).state == "unavailable"
    assert state_of(hass, "device_connected", "binary_sensor").state == "off"


async def test_a19_entities_survive_reconnects_and_reloads(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    battery: ConnectedDevice,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    registry = er.async_get(hass)
    before = {
        item.unique_id for item in er.async_entries_for_config_entry(registry, entry.entry_id)
    }
    reloading = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
    await battery.closed()
    await reloading

    assert state_of(hass, "measured_fill_level").state == "unavailable"
    again = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await again.follow()
    await again.say(fill_rate_description())
    await again.say(storage_status(50))
    await settle(hass, freezer)

    after = {item.unique_id for item in er.async_entries_for_config_entry(registry, entry.entry_id)}
    assert before <= after
    assert state_of(hass, "measured_fill_level").state == "50.0"


async def test_leaving_a_control_type_takes_its_values_and_keeps_the_power(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    battery: ConnectedDevice,
    freezer: FrozenDateTimeFactory,
) -> None:
    await battery.say(measurement(L1=1000))
    await battery.say(details("NOT_CONTROLABLE"))
    await battery.hear_until("SelectControlType")
    await battery.say(measurement(L1=1200))
    await settle(hass, freezer)

    assert state_of(hass, "measured_fill_level").state == "unknown"
    assert state_of(hass, "measured_power").state == "1200.0"
    assert state_of(hass, "control_type").state == "not_controlable"


async def test_a_forecast_becomes_rows_that_are_not_recorded(
    hass: HomeAssistant, battery: ConnectedDevice, freezer: FrozenDateTimeFactory
) -> None:
    def step(watts: float) -> JsonObject:
        value: JsonObject = {"commodity_quantity": "ELECTRIC.POWER.L1", "value_expected": watts}
        return {"duration": 900_000, "power_values": [value]}

    await battery.say(
        message(
            "PowerForecast",
            start_time="2026-11-22T11:45:00Z",
            elements=[step(500), step(-700), step(800)],
        )
    )
    await settle(hass, freezer)

    power = state_of(hass, "measured_power")
    assert [row["value"] for row in power.attributes["forecast"]] == [-700, 800]
    assert power.attributes["forecast"][0]["start"] == "2026-11-22T04:00:00-08:00"
    assert power.state_info
    assert "forecast" in power.state_info["unrecorded_attributes"]


async def test_the_device_registry_tells_who_made_the_device(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.send(handshake())
    await device.hear_until("HandshakeResponse")
    facts: JsonObject = {
        "manufacturer": "<b>Heat</b> & Co",
        "model": "Pump 5",
        "serial_number": "1234",
        "firmware_version": "2.1",
    }
    await device.say(details() | facts)

    registered = device_of(hass, entry, 2)
    assert registered.manufacturer == "bHeat/b & Co"
    assert (registered.model, registered.sw_version) == ("Pump 5", "2.1")
    assert registered.serial_number == "1234"
    assert registered.name == "Battery"
    await entry.runtime_data.inventory.async_refresh()
    await hass.async_block_till_done()
    assert device_of(hass, entry, 2).model == "Pump 5"


async def test_a_device_whose_asset_is_gone_stands_by_itself(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    entry = make_entry(s2_subentry("Boiler", asset=99))
    entry.add_to_hass(hass)
    await set_up(hass, entry)

    (subentry,) = entry.subentries.values()
    registered = dr.async_get(hass).async_get_device_by_identifier(
        ("flexmeasures", subentry.subentry_id), entry.entry_id
    )
    assert registered
    assert registered.name == "Boiler"
    assert hass.states.get("sensor.boiler_measured_power")


async def test_the_modes_of_a_boiler_are_named_in_its_own_words(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.follow("OPERATION_MODE_BASED_CONTROL")
    description = operation_mode_description()
    description["operation_modes"][1]["diagnostic_label"] = "Heating"  # type: ignore[index,call-overload]
    await device.say(description)
    await device.say(
        message("OMBC.Status", active_operation_mode_id="on", operation_mode_factor=1.0)
    )
    await settle(hass, freezer)

    assert state_of(hass, "operation_mode").state == "Heating"
    assert hass.states.get("sensor.battery_measured_fill_level") is None
