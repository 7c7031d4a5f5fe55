"""Creating an asset and a power sensor for a device: how it is called, and what happens when that fails."""

from datetime import timedelta
from http import HTTPStatus
from unittest.mock import MagicMock

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import AssetType, ConnectionFailedError, ValidationError
from custom_components.flexmeasures.const import CONF_POWER_SENSOR, CONF_STATE_OF_CHARGE_ENTITY

from ..device_dialogs import (
    CONTROL,
    DETAILS,
    FORM,
    STORED,
    only_device,
    start,
    submit,
    suggested,
    walk,
)
from ..flow_samples import HOME, asset
from .devices import power_sensors


async def to_new_asset(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Go to the form of a new asset."""
    return await walk(hass, await start(hass, entry), {**FORM, CONF_POWER_SENSOR: "new"}, {})


async def test_a_person_creates_asset_and_power_sensor(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """A battery below the site, with a power sensor on which schedules fit."""
    form = {**FORM, CONF_POWER_SENSOR: "new"}
    result = await walk(hass, await start(hass, entry), form, CONTROL, DETAILS)
    assert result["step_id"] == "create_asset"
    assert suggested(result) == {}
    result = await submit(hass, result, {CONF_NAME: " Cellar battery "})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    subentry = only_device(entry)
    assert subentry.title == "Cellar battery"
    assert subentry.unique_id == "power_sensor_98"
    assert subentry.data == {**STORED, CONF_POWER_SENSOR: 98}
    client.add_asset.assert_awaited_once_with(
        name="Cellar battery", type_id=5, account_id=1, parent_id=HOME
    )
    client.add_sensor.assert_awaited_once_with(
        asset_id=99,
        name="power",
        unit="kW",
        resolution=timedelta(minutes=15),
        timezone=hass.config.time_zone,
        attributes={"consumption_is_positive": True},
    )


@pytest.mark.parametrize(
    ("name_by_user", "shown"), [(None, "Inverter 3000"), ("Our battery", "Our battery")]
)
async def test_a_new_asset_is_called_as_the_device_that_tells_the_state_of_charge(
    hass: HomeAssistant, entry: MockConfigEntry, name_by_user: str | None, shown: str
) -> None:
    """The person's own name for it comes first."""
    inverter = MockConfigEntry()
    inverter.add_to_hass(hass)
    devices = dr.async_get(hass)
    made = devices.async_get_or_create(
        config_entry_id=inverter.entry_id, identifiers={("inverter", "1")}, name="Inverter 3000"
    )
    devices.async_update_device(made.id, name_by_user=name_by_user)
    level = er.async_get(hass).async_get_or_create(
        "sensor", "inverter", "level", device_id=made.id, unit_of_measurement="%"
    )
    form = {
        **FORM,
        CONF_POWER_SENSOR: "new",
        CONF_STATE_OF_CHARGE_ENTITY: level.entity_id,
    }
    result = await walk(hass, await start(hass, entry), form, {})
    assert suggested(result) == {CONF_NAME: shown}


async def test_creating_is_what_remains_without_free_power_sensors(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The dropdown then holds that one choice, which is already made."""
    entry.runtime_data.inventory.data.sensors.clear()
    result = await start(hass, entry)
    assert power_sensors(result) == [("new", "new")]
    assert suggested(result)[CONF_POWER_SENSOR] == "new"


async def test_after_a_failure_only_what_is_missing_is_created(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """An asset that was created before its sensor failed is used, unless another name is given."""
    result = await to_new_asset(hass, entry)
    client.add_sensor.side_effect = ConnectionFailedError("connection lost")
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["errors"] == {"base": "cannot_connect"}
    assert suggested(result) == {CONF_NAME: "Cellar battery"}

    client.add_sensor.side_effect = None
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    client.add_asset.assert_awaited_once()
    assert [call.kwargs["asset_id"] for call in client.add_sensor.await_args_list] == [99, 99]


async def test_another_name_after_a_failure_makes_another_asset(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """The person asked for it."""
    result = await to_new_asset(hass, entry)
    client.add_sensor.side_effect = ConnectionFailedError("connection lost")
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    client.add_asset.return_value = asset(97, "Attic battery", parent_id=HOME)
    client.add_sensor.side_effect = None
    await submit(hass, result, {CONF_NAME: "Attic battery"})
    assert only_device(entry).title == "Attic battery"
    assert client.add_sensor.await_args.kwargs["asset_id"] == 97


async def test_a_new_asset_that_is_refused_is_explained(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """A blank name, a name that exists, and a server without batteries."""
    result = await submit(hass, await to_new_asset(hass, entry), {CONF_NAME: ""})
    assert result["errors"] == {CONF_NAME: "empty"}

    client.add_asset.side_effect = ValidationError(
        "A sibling asset with this name exists",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        request="POST /api/v3_0/assets",
    )
    result = await submit(hass, result, {CONF_NAME: "Garage battery"})
    assert result["errors"] == {"base": "refused"}
    assert result["description_placeholders"] == {
        "at": "",
        "message": "A sibling asset with this name exists",
    }

    client.add_asset.side_effect = None
    types = client.get_asset_types.return_value
    client.get_asset_types.return_value = (AssetType(id=6, name="building"),)
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["errors"] == {"base": "asset_type_missing"}
    assert result["description_placeholders"] == {"at": "", "type": "battery"}

    client.get_asset_types.return_value = types
    result = await submit(hass, result, {CONF_NAME: "Cellar battery"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_nothing_is_created_below_a_public_site(
    hass: HomeAssistant, entry: MockConfigEntry, client: MagicMock
) -> None:
    """It belongs to no account that could own the asset."""
    entry.runtime_data.inventory.data.site = asset(HOME, "home", account_id=None)
    result = await submit(hass, await to_new_asset(hass, entry), {CONF_NAME: "Cellar battery"})
    assert result["errors"] == {"base": "no_permission"}
    client.add_asset.assert_not_awaited()
