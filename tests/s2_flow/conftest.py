"""An entry whose server creates assets for S2 devices, and a device that asks to be accepted there."""

from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.client import AssetType

from ..conftest import make_entry
from ..s2_devices import ConnectedDevice
from ..test_init import set_up
from .dialogs import HttpClient, created, pairing_secret


@pytest.fixture
async def entry(hass: HomeAssistant, client: AsyncMock) -> MockConfigEntry:
    """Return a loaded entry whose server creates assets."""
    client.get_asset_types.return_value = tuple(
        AssetType(id=number, name=name)
        for number, name in enumerate(("battery", "solar", "process"), 1)
    )
    client.add_asset.side_effect = created
    entry = make_entry()
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


@pytest.fixture
async def http(entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator) -> HttpClient:
    """Return a client that speaks to Home Assistant as devices do."""
    return await hass_client_no_auth()


@pytest.fixture
async def secret(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the pairing secret of the entry."""
    return await pairing_secret(hass, entry)


@pytest.fixture
async def device(hass: HomeAssistant, http: HttpClient, secret: str) -> ConnectedDevice:
    """Return a device that introduced itself with the pairing secret, and waits to be accepted."""
    device = await ConnectedDevice.knock(hass, http, secret)
    await device.introduce()
    return device
