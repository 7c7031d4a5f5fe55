"""Values of devices that live in entities, and sensors for what is expected of them."""

from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ConnectionFailedError

from ..device_dialogs import FORM, change, only_device, start, submit, suggested, walk
from ..flow_samples import BATTERY_POWER, STATE_OF_CHARGE, sensor
from .forms import BUFFER, NEW_ENERGY, NEW_POWER, SOLAR, TANK


async def test_values_that_live_in_entities_are_kept_by_registry_id_and_come_first(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The page puts what is suggested into the first choice of a value."""
    registered = er.async_get(hass).async_get_or_create(
        "sensor", "inverter", "capacity", suggested_object_id="usable", unit_of_measurement="Wh"
    )
    form = {**FORM, "capacity": {"active_choice": "entity", "entity": "sensor.usable", "number": 3}}
    await walk(hass, await start(hass, entry), form, {})
    assert only_device(entry).data["capacity"] == registered.id

    er.async_get(hass).async_update_entity("sensor.usable", new_entity_id="sensor.renamed")
    result = await change(hass, entry)
    assert suggested(result)["capacity"] == "sensor.renamed"
    schema = result["data_schema"]
    assert schema is not None
    choices = {
        name: list(schema.schema[name].config["choices"]) for name in ("capacity", "charging_power")
    }
    assert choices == {"capacity": ["entity", "number"], "charging_power": ["number", "entity"]}


async def test_an_entity_that_tells_nothing_now_does_not_keep_a_device_from_being_added(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Only its unit counts; a value that it does tell is checked with the others."""
    for entity_id, state in (("sensor.least", "unknown"), ("sensor.most", "unavailable")):
        hass.states.async_set(entity_id, state, {"unit_of_measurement": "%"})
    form = {
        **FORM,
        "minimum_state_of_charge": "sensor.least",
        "maximum_state_of_charge": "sensor.most",
    }
    hass.states.async_set("sensor.least", "100", {"unit_of_measurement": "%"})
    result = await submit(hass, await start(hass, entry), form)
    assert result["errors"] == {"minimum_state_of_charge": "minimum_not_below_maximum"}

    hass.states.async_set("sensor.least", "unknown", {"unit_of_measurement": "%"})
    result = await walk(hass, result, form, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("kind", "form", "now"),
    [
        ("battery", FORM, "battery level: 40 % = 4.0 kWh"),
        ("heat_buffer", BUFFER, "buffer energy: 6000 Wh = 6.0 kWh"),
        # 25 K above empty x 200 L x 4.186 / 3600 kWh
        ("water_tank", TANK, "tank temperature: 35 °C = 5.8 kWh"),
        ("solar", SOLAR, ""),
    ],
)
async def test_a_sentence_says_what_is_stored_right_now(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str, form: dict[str, Any], now: str
) -> None:
    result = await walk(hass, await start(hass, entry, kind), form)

    assert result["description_placeholders"] == {"at": "", "now": now}


async def test_a_state_of_charge_that_tells_nothing_is_said_as_it_is(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    hass.states.async_set("sensor.battery_level", "unavailable", {"unit_of_measurement": "%"})
    result = await walk(hass, await start(hass, entry), FORM)
    assert result["description_placeholders"] == {"at": "", "now": "battery level: unavailable %"}


@pytest.mark.parametrize("power_sensor", ["new", str(BATTERY_POWER)])
async def test_a_sensor_for_the_predicted_energy_is_created_beside_the_power_sensor(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock, power_sensor: str
) -> None:
    """After a failure only what is missing; never the measured one is offered twice."""
    energy = sensor(NEW_ENERGY, "predicted energy", "kWh", 99)
    made = [sensor(NEW_POWER, "power", "kW", 99)] if power_sensor == "new" else []
    client.add_sensor.side_effect = [*made, ConnectionFailedError("lost"), energy]
    form = {
        **FORM,
        "power_sensor": power_sensor,
        "more": {"predicted_energy_sensor": "new"},
    }
    result = await walk(hass, await start(hass, entry), form, {})
    answer = {CONF_NAME: "New device"} if power_sensor == "new" else {}
    assert result["step_id"] == ("create_asset" if answer else "create_sensor")
    result = await submit(hass, result, answer)
    assert result["errors"] == {"base": "cannot_connect"}

    result = await walk(hass, result, answer)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert only_device(entry).data["predicted_energy_sensor"] == NEW_ENERGY
    asked = client.add_sensor.await_args.kwargs
    assert (asked["name"], asked["unit"], asked["attributes"]) == ("predicted energy", "kWh", {})
    assert asked["resolution"].total_seconds() == 0


async def test_a_predicted_energy_has_its_own_sensor_of_energy(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    result = await start(hass, entry)
    form = {**FORM, "more": {"predicted_energy_sensor": str(STATE_OF_CHARGE)}}

    await walk(hass, result, form, {})

    assert only_device(entry).data["predicted_energy_sensor"] == STATE_OF_CHARGE
    assert suggested(await change(hass, entry))["predicted_energy_sensor"] == str(STATE_OF_CHARGE)


async def test_a_free_sensor_of_such_an_asset_is_suggested(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Everything else on the site may be what the whole house uses."""
    assets = dict(entry.runtime_data.inventory.data.assets)
    entry.runtime_data.inventory.data.assets = assets
    assert suggested(await start(hass, entry))["power_sensor"] == "new"

    assets[12] = replace(assets[12], type_name="battery")
    assert suggested(await start(hass, entry))["power_sensor"] == str(BATTERY_POWER)
    assert suggested(await start(hass, entry, "solar"))["power_sensor"] == "new"
