"""The small site, loaded at seven past noon."""

from datetime import timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..site_actions import NOON
from ..test_init import set_up


@pytest.fixture(autouse=True)
async def loaded(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Load the entry at seven past noon."""
    freezer.move_to(NOON + timedelta(minutes=7))
    await set_up(hass, entry)
    client.reset_mock()
