"""The start button of the simulated dishwasher."""

from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SimulatedHomeConfigEntry
from .entity import Part, SimulatedHomeEntity
from .faults import Fault

PARALLEL_UPDATES = 1

START = ButtonEntityDescription(key="start")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SimulatedHomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the dishwasher's button."""
    async_add_entities([StartButton(entry.runtime_data, Part.DISHWASHER, START)])


class StartButton(SimulatedHomeEntity, ButtonEntity):
    """Starts the program, which then runs to its end."""

    @override
    async def async_press(self) -> None:
        """Start the program; without effect while it runs."""
        if self.fault is not Fault.IGNORES_WRITES:
            self.coordinator.home.dishwasher.start()
        await self.async_changed()
