"""Choosing a site or creating one: which are offered, and what is said when none can be had."""

from http import HTTPStatus
from unittest.mock import MagicMock

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from custom_components.flexmeasures.client import AssetType, PermissionDeniedError
from custom_components.flexmeasures.const import CONF_SITE_ID

from ..device_dialogs import suggested
from ..flow_samples import BATTERY, CABIN, CONNECTION, HOME, add_entry, asset
from .dialogs import offered, start, submit
from .failures import response_error


async def test_a_site_that_has_an_entry_is_not_offered(hass: HomeAssistant) -> None:
    """One entry per server and site."""
    add_entry(hass, site_id=HOME)
    result = await submit(hass, await start(hass), CONNECTION)
    assert offered(result, CONF_SITE_ID) == [(str(CABIN), "Cabin"), ("new", "new")]
    with pytest.raises(InvalidData):
        await submit(hass, result, {CONF_SITE_ID: str(HOME)})


async def test_the_same_site_on_another_server_is_offered(hass: HomeAssistant) -> None:
    """Numbers of sites mean something on their own server only."""
    add_entry(hass, site_id=HOME, url="https://other.example.com")
    result = await submit(hass, await start(hass), CONNECTION)
    result = await submit(hass, result, {CONF_SITE_ID: str(HOME)})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_site_is_refused_twice(hass: HomeAssistant) -> None:
    """Two dialogs that are open at the same time do not make two entries."""
    first = await submit(hass, await start(hass), CONNECTION)
    second = await submit(hass, await start(hass), CONNECTION)
    await submit(hass, first, {CONF_SITE_ID: str(CABIN)})
    result = await submit(hass, second, {CONF_SITE_ID: str(CABIN)})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def create_site(hass: HomeAssistant) -> ConfigFlowResult:
    """Go to the form of a new site."""
    result = await submit(hass, await start(hass), CONNECTION)
    return await submit(hass, result, {CONF_SITE_ID: "new"})


async def test_a_person_creates_a_site(hass: HomeAssistant, client: MagicMock) -> None:
    """A building where Home Assistant is, under a name that can be changed."""
    hass.config.location_name = "Canal house"
    hass.config.latitude, hass.config.longitude = 52.37, 4.9
    client.add_asset.return_value = asset(99, "Boat")
    result = await create_site(hass)
    assert result["step_id"] == "create_site"
    assert suggested(result) == {CONF_NAME: "Canal house"}

    result = await submit(hass, result, {CONF_NAME: " Boat "})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Boat"
    assert result["data"][CONF_SITE_ID] == 99
    client.add_asset.assert_awaited_once_with(
        name="Boat", type_id=6, account_id=1, latitude=52.37, longitude=4.9
    )


@pytest.mark.parametrize("reason", ["no sites", "all sites have entries"])
async def test_creating_is_what_remains_when_there_is_nothing_to_pick(
    hass: HomeAssistant, client: MagicMock, reason: str
) -> None:
    """An account without free sites goes straight to creating one."""
    if reason == "no sites":
        client.get_assets.return_value = (asset(BATTERY, "battery", parent_id=HOME),)
    else:
        add_entry(hass, site_id=HOME)
        add_entry(hass, site_id=CABIN)
    result = await submit(hass, await start(hass), CONNECTION)
    assert result["step_id"] == "create_site"


@pytest.mark.parametrize("call", ["get_asset_types", "add_asset"])
async def test_a_site_that_could_not_be_created_can_be_tried_again(
    hass: HomeAssistant, client: MagicMock, call: str
) -> None:
    """The name stays in the form."""
    client.add_asset.return_value = asset(99, "Boat")
    result = await create_site(hass)
    getattr(client, call).side_effect = response_error(PermissionDeniedError, HTTPStatus.FORBIDDEN)
    result = await submit(hass, result, {CONF_NAME: "Boat"})
    assert result["errors"] == {"base": "no_permission"}
    assert suggested(result) == {CONF_NAME: "Boat"}

    getattr(client, call).side_effect = None
    result = await submit(hass, result, {CONF_NAME: "Boat"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_site_needs_a_name_and_a_type(hass: HomeAssistant, client: MagicMock) -> None:
    """A blank name and a server without buildings are told apart."""
    client.add_asset.return_value = asset(99, "Boat")
    result = await submit(hass, await create_site(hass), {CONF_NAME: " "})
    assert result["errors"] == {CONF_NAME: "empty"}

    types = client.get_asset_types.return_value
    client.get_asset_types.return_value = (AssetType(id=5, name="battery"),)
    result = await submit(hass, result, {CONF_NAME: "Boat"})
    assert result["errors"] == {"base": "asset_type_missing"}
    assert result["description_placeholders"] == {"type": "building"}
    client.add_asset.assert_not_awaited()

    client.get_asset_types.return_value = types
    result = await submit(hass, result, {CONF_NAME: "Boat"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
