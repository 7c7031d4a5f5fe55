"""A site with two S2 devices."""

from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..conftest import make_entry
from ..s2_devices import s2_subentry
from ..test_init import set_up


@pytest.fixture
async def site(hass: HomeAssistant, client: AsyncMock) -> MockConfigEntry:
    """Return a loaded entry with two S2 devices."""
    entry = make_entry(s2_subentry(), s2_subentry("Boiler", "secret-of-the-boiler"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry
