"""Feeds that are proposed: by the Energy dashboard, or by the names and classes of entities."""

from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

from homeassistant.config_entries import (
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_ENTITY,
    CONF_SENSOR,
    DOMAIN,
)

from ..flow_samples import (
    BATTERY_POWER,
    HOME,
    SITE_POWER,
    sensor,
)
from .dialogs import (
    COUNTER,
    CREATED,
    FORM,
    METER,
    NEW,
    VALUES,
    defaults,
    feeds,
    options,
    show,
    start,
    submit,
    suggested,
    ticked,
    to_new_sensor,
    to_proposals,
)


@pytest.mark.parametrize("step", ["proposals", "values", "create_sensor"])
async def test_a_connection_that_ends_on_the_way_ends_the_dialog(
    hass: HomeAssistant, entry: MockConfigEntry, step: str
) -> None:
    form: dict[str, Any]
    if step == "proposals":
        show(hass, "sensor.battery", "1", "kW", device_class="power")
        result, form = await to_proposals(hass, entry), {"feeds": ["sensor.battery"]}
    elif step == "values":
        result, form = await submit(hass, await start(hass, entry), FORM), VALUES
    else:
        result, form = await to_new_sensor(hass, entry), NEW
    assert result["step_id"] == step
    entry.mock_state(hass, ConfigEntryState.SETUP_RETRY)
    result = await submit(hass, result, form)
    assert result["reason"] == "entry_not_loaded"


def use_dashboard(hass: HomeAssistant, hass_storage: dict[str, Any], **preferences: Any) -> None:
    """Have an Energy dashboard with these preferences."""
    hass.config.components.add("energy")
    empty: dict[str, Any] = {
        "energy_sources": [],
        "device_consumption": [],
        "device_consumption_water": [],
    }
    hass_storage["energy"] = {
        "version": 1,
        "minor_version": 3,
        "key": "energy",
        "data": {**empty, **preferences},
    }


GRID: dict[str, Any] = {
    "type": "grid",
    "stat_energy_from": "sensor.import",
    "stat_energy_to": "sensor.export",
    "entity_energy_price": "sensor.tariff",
    "number_energy_price": None,
    "cost_adjustment_day": 0,
}


async def test_the_energy_dashboard_s_entities_are_proposed_and_ticked(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    client: MagicMock,
    hass_storage: dict[str, Any],
) -> None:
    """Directions come from there; sensors are matched by unit and name, or created; all are added in one go."""
    battery = {
        "type": "battery",
        "stat_energy_from": "sensor.discharged",
        "stat_energy_to": "sensor.charged",
        "stat_rate": "sensor.battery_power",
        "stat_soc": "sensor.battery_level",
    }
    solar = {"type": "solar", "stat_energy_from": "sensor.yield"}
    devices = [
        {"stat_consumption": "sensor.washer_energy", "stat_rate": "sensor.washer_power"},
        {"stat_consumption": "sensor.heat_pump_energy"},
        {"stat_consumption": "meter:of_somebody"},
    ]
    water = {"type": "water", "stat_energy_from": "sensor.water"}
    sources = [GRID, battery, solar, water]
    use_dashboard(hass, hass_storage, energy_sources=sources, device_consumption=devices)
    show(hass, "sensor.import", "5000", "kWh", **COUNTER, friendly_name="Tariff 1")
    show(hass, "sensor.export", "900", "kWh", **COUNTER, friendly_name="Tariff 2")
    show(hass, "sensor.tariff", "0.25", "EUR/kWh", friendly_name="Contract")
    show(hass, "sensor.battery_power", "-400", "W", friendly_name="Battery power")
    show(hass, "sensor.battery_level", "55", "%", friendly_name="Battery level")
    show(hass, "sensor.yield", "77", "kWh", **COUNTER, friendly_name="Yield")
    show(hass, "sensor.washer_power", "80", "W", friendly_name="Washer")
    show(hass, "sensor.heat_pump_energy", "12", "kWh", **COUNTER, friendly_name="Heat pump")
    show(hass, "sensor.washer_energy", "3", "kWh", **COUNTER)
    show(hass, "sensor.charged", "3", "kWh", **COUNTER)

    result = await start(hass, entry)
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["proposals", "feed"]
    result = await submit(hass, result, {"next_step_id": "proposals"})
    assert options(result, "feeds") == {
        "sensor.import": "Tariff 1 (5000 kWh) → home: grid (MW consumption)",
        "sensor.export": "Tariff 2 (900 kWh) → home: Tariff 2 (kW production) *",
        "sensor.tariff": "Contract (0.25 EUR/kWh) → home: contract (0.25 EUR/kWh)",
        "sensor.battery_power": "Battery power (-400 W) → "
        "Garage battery: power (0.4 kW consumption)",
        "sensor.battery_level": "Battery level (55 %) → Garage battery: Battery level (55 %) *",
        "sensor.yield": "Yield (77 kWh) → home: Yield (kW production) *",
        "sensor.washer_power": "Washer (80 W) → home: Washer (0.08 kW consumption) *",
        "sensor.heat_pump_energy": "Heat pump (12 kWh) → home: Heat pump (kW consumption) *",
    }
    assert ticked(result) == list(options(result, "feeds"))

    chosen = ["sensor.import", "sensor.battery_power", "sensor.battery_level", "sensor.yield"]
    result = await submit(hass, result, {"feeds": chosen})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert [(feed.title, feed.unique_id, dict(feed.data)) for feed in feeds(entry)] == [
        (
            "Battery power → Garage battery: power",
            f"feed_{BATTERY_POWER}",
            {
                CONF_ENTITY: "sensor.battery_power",
                CONF_SENSOR: BATTERY_POWER,
                CONF_AGGREGATION: "mean",
                CONF_DIRECTION: "production",
            },
        ),
        (
            "Tariff 1 → home: grid",
            f"feed_{SITE_POWER}",
            {
                CONF_ENTITY: "sensor.import",
                CONF_SENSOR: SITE_POWER,
                CONF_AGGREGATION: "counter_to_power",
                CONF_DIRECTION: "consumption",
            },
        ),
        (
            "Battery level → Garage battery: Battery level",
            f"feed_{CREATED}",
            {
                CONF_ENTITY: "sensor.battery_level",
                CONF_SENSOR: CREATED,
                CONF_AGGREGATION: "mean",
            },
        ),
        (
            "Yield → home: Yield",
            f"feed_{CREATED + 1}",
            {
                CONF_ENTITY: "sensor.yield",
                CONF_SENSOR: CREATED + 1,
                CONF_AGGREGATION: "counter_to_power",
                CONF_DIRECTION: "production",
            },
        ),
    ]


@pytest.mark.parametrize(
    ("power", "known"),
    [
        ({"stat_rate": "sensor.net"}, {"sensor.net": "consumption"}),
        (
            {"power_config": {"stat_rate": "sensor.net"}, "stat_rate": "sensor.net"},
            {"sensor.net": "consumption"},
        ),
        (
            {"power_config": {"stat_rate_inverted": "sensor.net"}, "stat_rate": "sensor.made"},
            {"sensor.net": "production"},
        ),
        (
            {
                "power_config": {
                    "stat_rate_from": "sensor.taken",
                    "stat_rate_to": "sensor.returned",
                },
                "stat_rate": "sensor.made",
            },
            {"sensor.made": "consumption"},
        ),
    ],
)
async def test_the_energy_dashboard_s_ways_to_tell_power_are_understood(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    power: dict[str, Any],
    known: dict[str, str],
) -> None:
    """Power instead of counters; of an inverted one the entity itself; of two the one that Home Assistant makes."""
    use_dashboard(hass, hass_storage, energy_sources=[{**GRID, **power}])
    for name in ("net", "made", "taken", "returned"):
        show(hass, f"sensor.{name}", "100", "W", device_class="power", friendly_name=name)
    for name in ("import", "export"):
        show(hass, f"sensor.{name}", "100", "kWh", **COUNTER)

    result = await to_proposals(hass, entry)
    assert ticked(result) == list(known)
    await submit(hass, result, {"feeds": list(known)})
    (feed,) = feeds(entry)
    assert feed.data[CONF_DIRECTION] == known[feed.data[CONF_ENTITY]]
    assert feed.data[CONF_SENSOR] == SITE_POWER


@pytest.mark.parametrize(
    ("entity", "direction"), [("sensor.taken", "consumption"), ("sensor.returned", "production")]
)
async def test_a_direction_that_the_energy_dashboard_knows_is_filled_in(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    entity: str,
    direction: str,
) -> None:
    """Also where a person chooses the entity."""
    two = {"stat_rate_from": "sensor.taken", "stat_rate_to": "sensor.returned"}
    use_dashboard(hass, hass_storage, energy_sources=[{**GRID, "power_config": two}])
    show(hass, entity, "100", "W")
    result = await submit(hass, await start(hass, entry), {**FORM, CONF_ENTITY: entity})
    assert suggested(result)[CONF_DIRECTION] == direction


async def test_an_empty_energy_dashboard_proposes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    hass.config.components.add("energy")
    assert (await start(hass, entry))["step_id"] == "feed"


async def test_without_the_energy_dashboard_names_and_classes_lead_to_proposals(
    hass: HomeAssistant, entry_with_feed: MockConfigEntry
) -> None:
    """Power always, others only when their name leads to a sensor; not what is fed, hidden, or our own."""
    inventory = entry_with_feed.runtime_data.inventory.data
    inventory.sensors[80] = sensor(80, "outside", "°C", HOME)
    registry = er.async_get(hass)
    for platform, name in ((DOMAIN, "own"), ("inverter", "hidden")):
        registry.async_get_or_create(
            "sensor",
            platform,
            name,
            suggested_object_id=name,
            hidden_by=er.RegistryEntryHider.USER if name == "hidden" else None,
        )
        show(hass, f"sensor.{name}", "1", "kW", device_class="power")
    show(hass, METER, "1.2", "kW", device_class="power")
    show(hass, "sensor.garage", "2", "kW", device_class="power", friendly_name="Garage")
    show(hass, "sensor.roof", "3", "kW", device_class="power", friendly_name="Solar roof")
    show(hass, "sensor.broken", "3", None, device_class="power", friendly_name="Broken")
    show(hass, "sensor.outside", "50", "°F", device_class="temperature", friendly_name="Outside")
    show(hass, "sensor.phone", "80", "%", device_class="battery", friendly_name="Phone")
    show(hass, "sensor.kitchen", "20", "°C", device_class="temperature", friendly_name="Kitchen")

    result = await to_proposals(hass, entry_with_feed)
    assert options(result, "feeds") == {
        "sensor.garage": "Garage (2 kW) → Garage battery: power (2 kW consumption)",
        "sensor.roof": "Solar roof (3 kW) → home: Solar roof (3 kW production) *",
        "sensor.outside": "Outside (50 °F) → home: outside (10 °C)",
    }
    assert ticked(result) == []

    result = await submit(hass, result, {"feeds": []})
    assert result["errors"] == {"feeds": "nothing_chosen"}
    result = await submit(hass, result, {"feeds": ["sensor.outside"]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_choosing_by_hand_remains_possible_beside_proposals(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    show(hass, "sensor.garage", "2", "kW", device_class="power")
    result = await submit(hass, await start(hass, entry), {"next_step_id": "feed"})
    assert result["step_id"] == "feed"


async def test_a_proposal_that_was_overtaken_is_made_anew(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Its sensor got another feed meanwhile: the next best is proposed."""
    show(hass, "sensor.garage", "2", "kW", device_class="power", friendly_name="Garage")
    result = await to_proposals(hass, entry)
    form = {**FORM, CONF_SENSOR: str(BATTERY_POWER)}
    other = await submit(hass, await start(hass, entry), {"next_step_id": "feed"})
    await submit(hass, await submit(hass, other, form), VALUES)

    result = await submit(hass, result, {"feeds": ["sensor.garage"]})
    assert result["errors"] == {"feeds": "proposal_outdated"}
    assert result["description_placeholders"] == {"name": "power"}
    assert options(result, "feeds") == {
        "sensor.garage": "Garage (2 kW) → Garage battery: Garage (2 kW consumption) *"
    }
    result = await submit(hass, result, {"feeds": ticked(result)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(feeds(entry)) == 2


async def test_after_a_failure_only_what_is_missing_is_created(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """Two new sensors of which the second failed: the first is not created twice."""
    entry.runtime_data.inventory.data.sensors.clear()
    show(hass, "sensor.a", "1", "kW", device_class="power", friendly_name="Oven")
    show(hass, "sensor.b", "2", "kW", device_class="power", friendly_name="Washer")
    result = await to_proposals(hass, entry)
    first = sensor(CREATED, "Oven", "kW", HOME)
    client.add_sensor.side_effect = [first, ConnectionFailedError("connection lost")]
    result = await submit(hass, result, {"feeds": ["sensor.a", "sensor.b"]})
    assert result["errors"] == {"base": "cannot_connect"}
    assert ticked(result) == ["sensor.a", "sensor.b"]
    assert feeds(entry) == []

    client.add_sensor.side_effect = [replace(first, id=CREATED + 1, name="Washer")]
    result = await submit(hass, result, {"feeds": ticked(result)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    names = [call.kwargs["name"] for call in client.add_sensor.await_args_list]
    assert names == ["Oven", "Washer", "Washer"]
    assert [feed.unique_id for feed in feeds(entry)] == ["feed_90", "feed_91"]


@pytest.mark.usefixtures("recorder")
async def test_history_is_offered_once_for_all_proposals(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    show(hass, "sensor.grid", "80", "W", device_class="power", friendly_name="Grid")
    result = await to_proposals(hass, entry)
    assert defaults(result)["history_days"] == 10
    result = await submit(hass, result, {"feeds": [], "history_days": 3})
    assert result["errors"] == {"feeds": "nothing_chosen"}
    assert defaults(result)["history_days"] == 3

    await submit(hass, result, {"feeds": ["sensor.grid"], "history_days": 3})

    assert [feed.data["history_days"] for feed in feeds(entry)] == [3]
