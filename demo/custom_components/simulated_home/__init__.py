"""A house with battery, solar panels, car, heat pump, dishwasher and dynamic prices that exists only in memory.

For the demo and for trying things out; never shipped with the integration.
"""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from . import services
from .const import DOMAIN
from .coordinator import SimulatedHomeConfigEntry, SimulatedHomeCoordinator

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.NUMBER,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.WATER_HEATER,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the action."""
    services.async_register(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SimulatedHomeConfigEntry) -> bool:
    """Wake the home up where it was left, and let its time pass."""
    coordinator = SimulatedHomeCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SimulatedHomeConfigEntry) -> bool:
    """Remember the home's state and take its entities away."""
    await entry.runtime_data.async_remember()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
