"""A home in UTC with a battery, seven minutes into its plan."""

from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.flexible_device import DeviceKind

from ..device_samples import home_of, sample_plan
from ..shown_plans import ShownPlans, seven_past_noon
from ..test_init import set_up

__all__ = ["seven_past_noon"]


@pytest.fixture
async def home(hass: HomeAssistant, client: AsyncMock, plans: ShownPlans) -> MockConfigEntry:
    """Return a home with a battery of 5 kW in and 4 kW out, whose plan begins at noon."""
    entry = home_of(hass, client, DeviceKind.BATTERY)
    await set_up(hass, entry)
    await plans.show(hass, entry, sample_plan())
    return entry
