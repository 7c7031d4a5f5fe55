"""What people see of their measurements: per feed beside its sensor, and in the diagnostics."""

import json
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ConnectionFailedError, PermissionDeniedError
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.diagnostics import async_get_config_entry_diagnostics

from . import site
from .conftest import BATTERY_SUBENTRY, EMAIL, PASSWORD, make_entry
from .fed_site import CHARGE, LEVEL, METER, NOON, SOLAR, fed, noon, pass_time
from .test_init import set_up

__all__ = ["fed", "noon"]

SENT = "sensor.solar_panels_last_value_sent_to_roof_east"
COVERAGE = "sensor.solar_panels_coverage_of_roof_east"


async def test_the_last_value_sent_is_shown_in_the_unit_of_its_sensor_also_after_a_restart(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, fed)
    state = hass.states.get(SENT)
    assert state
    assert state.state == "unknown"

    await pass_time(hass, freezer, 17)
    for _ in range(2):
        state = hass.states.get(SENT)
        assert state
        assert float(state.state) == pytest.approx(0.002)
        assert state.attributes["unit_of_measurement"] == "MW"
        assert state.attributes["device_class"] == "power"
        assert state.attributes["state_class"] == "measurement"
        assert state.attributes["entity"] == METER
        assert state.attributes["interval_start"] == "2026-11-22T04:00:00-08:00"
        await hass.config_entries.async_reload(fed.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)

    entity = er.async_get(hass).async_get(SENT)
    assert entity
    assert entity.device_id
    device = dr.async_get(hass).async_get(entity.device_id)
    assert device
    assert device.name == "Solar panels"


async def test_what_was_not_confirmed_is_not_shown_as_sent(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)

    state = hass.states.get(SENT)
    assert state
    assert state.state == "unknown"


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_the_coverage_tells_how_much_of_the_interval_was_measured(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, fed)
    await pass_time(hass, freezer, 9)
    hass.states.async_set(METER, "unavailable")
    await pass_time(hass, freezer, 7)

    # 9 of 15 minutes. A level has moments, of which nothing can be covered.
    state = hass.states.get(COVERAGE)
    assert state
    assert float(state.state) == pytest.approx(60.0)
    assert state.attributes["unit_of_measurement"] == "%"
    assert hass.states.get("sensor.battery_coverage_of_state_of_charge") is None


async def test_the_coverage_is_disabled_at_first(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry
) -> None:
    await set_up(hass, fed)

    entity = er.async_get(hass).async_get(COVERAGE)
    assert entity
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_the_entities_of_a_removed_feed_leave(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry
) -> None:
    await set_up(hass, fed)
    registry = er.async_get(hass)
    other = "sensor.battery_last_value_sent_to_state_of_charge"
    assert registry.async_get(other)

    subentry = next(item for item in fed.subentries.values() if item.title.startswith(METER))
    hass.config_entries.async_remove_subentry(fed, subentry.subentry_id)
    await hass.async_block_till_done()

    assert registry.async_get(SENT) is None
    assert registry.async_get(COVERAGE) is None
    assert registry.async_get(other)

    (last,) = fed.subentries.values()
    hass.config_entries.async_remove_subentry(fed, last.subentry_id)
    await hass.async_block_till_done()
    assert registry.async_get(other) is None


async def test_the_entities_stand_on_the_device_of_a_flexible_device(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    entry = make_entry(BATTERY_SUBENTRY, SOLAR, CHARGE)
    entry.add_to_hass(hass)
    await set_up(hass, entry)

    entity = er.async_get(hass).async_get("sensor.battery_last_value_sent_to_state_of_charge")
    assert entity
    battery = next(s for s in entry.subentries.values() if s.title == BATTERY_SUBENTRY["title"])
    assert entity.config_subentry_id == battery.subentry_id
    assert entity.device_id
    device = dr.async_get(hass).async_get(entity.device_id)
    assert device
    assert (DOMAIN, f"{entry.entry_id}_2") in device.identifiers


async def test_diagnostics_tell_of_every_feed_what_it_measured_and_what_stops_it(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.post_sensor_data.side_effect = PermissionDeniedError("no", status=403, request="POST /")
    hass.states.async_set(LEVEL, "20", {"unit_of_measurement": "°C"})
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)
    await fed.runtime_data.audit.async_audit()

    diagnostics = await async_get_config_entry_diagnostics(hass, fed)

    text = json.dumps(diagnostics)
    assert PASSWORD not in text
    assert EMAIL not in text
    solar, charge = diagnostics["feeds"]
    assert (solar["entity"], solar["sensor"], solar["unit"]) == (METER, site.SOLAR_POWER, "MW")
    assert solar["last_interval"] == {
        "start": NOON.isoformat(),
        "value": pytest.approx(0.002),
        "coverage": pytest.approx(1.0),
    }
    assert (solar["last_error"], solar["not_measured_because"]) == ("no", None)
    assert solar["outbox"]["parked"] == "no"
    assert solar["outbox"]["backlog"] == 1
    assert solar["outbox"]["oldest"] == NOON.isoformat()
    assert "°C" in charge["not_measured_because"]
    assert diagnostics["uploads"]["paused"] is None
    assert diagnostics["uploads"]["outbox"]["backlog"] == 1
    assert diagnostics["uploads"]["last_audit"] == {"compared": 0, "resent": 0, "unread": {}}
