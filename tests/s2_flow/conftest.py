"""An entry whose server creates assets for S2 devices."""

from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import AssetType

from ..conftest import make_entry
from ..test_init import set_up
from .dialogs import created


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
