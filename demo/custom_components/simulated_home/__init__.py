"""A house with battery, solar panels, car and dynamic prices that exists only in memory.

For the demo and for trying things out; never shipped with the integration.
"""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from .coordinator import SimulatedHomeConfigEntry, SimulatedHomeCoordinator

PLATFORMS = [Platform.BINARY_SENSOR, Platform.NUMBER, Platform.SENSOR]


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
