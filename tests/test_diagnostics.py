"""What people may send to others when something goes wrong."""

import json
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from custom_components.flexmeasures.diagnostics import async_get_config_entry_diagnostics

from .conftest import EMAIL, PASSWORD
from .test_flexible_device import NOON, pass_seconds
from .test_init import set_up


async def test_diagnostics_tell_that_there_is_no_plan_and_why(
    hass: HomeAssistant,
    client: AsyncMock,
    battery_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to(NOON)
    await set_up(hass, battery_entry)
    await pass_seconds(hass, freezer, 5)

    diagnostics = await async_get_config_entry_diagnostics(hass, battery_entry)

    assert "sensor.home_battery_level does not exist" in diagnostics["problem"]
    assert [device["schedule"] for device in diagnostics["devices"].values()] == [None]


async def test_diagnostics_tell_the_plan_and_no_secret(
    hass: HomeAssistant,
    client: AsyncMock,
    battery_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    snapshot: SnapshotAssertion,
) -> None:
    freezer.move_to(NOON)
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    await set_up(hass, battery_entry)
    await pass_seconds(hass, freezer, 5)

    diagnostics = await async_get_config_entry_diagnostics(hass, battery_entry)

    (subentry_id,) = battery_entry.subentries
    diagnostics["devices"] = {"the battery": diagnostics["devices"][subentry_id]}
    text = json.dumps(diagnostics)
    assert PASSWORD not in text
    assert EMAIL not in text
    assert diagnostics == snapshot(
        exclude=props("created_at", "modified_at", "subentry_id", "powers")
    )
    assert diagnostics["devices"]["the battery"]["schedule"]["powers"] == [1000.0] * 96
