"""A site with an S2 battery that has described itself."""

from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from ..conftest import make_entry
from ..s2.samples import fill_rate_description, storage_status
from ..s2_devices import ConnectedDevice, s2_subentry
from ..test_init import set_up


@pytest.fixture
async def entry(hass: HomeAssistant, client: AsyncMock) -> MockConfigEntry:
    """Return a loaded entry with an S2 device."""
    entry = make_entry(s2_subentry(resource_id="battery-1"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


@pytest.fixture
async def battery(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> ConnectedDevice:
    """Return the device, connected and described."""
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.follow()
    await device.say(fill_rate_description())
    await device.say(storage_status(40))
    return device
