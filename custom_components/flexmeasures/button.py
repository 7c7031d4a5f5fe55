"""Asks for new schedules now."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SUBENTRY_FLEXIBLE_DEVICE
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .entity import FlexibleDeviceEntity
from .planner import Planner

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a button per flexible device."""
    data = entry.runtime_data
    for subentry in entry.get_subentries_of_type(SUBENTRY_FLEXIBLE_DEVICE):
        if subentry.subentry_id in data.controllers:
            async_add_entities(
                [Reschedule(data.inventory, subentry, data.planner)],
                config_subentry_id=subentry.subentry_id,
            )


class Reschedule(FlexibleDeviceEntity, ButtonEntity):
    """Computes new schedules for all flexible devices of the site, since they share its prices and its fuse."""

    def __init__(
        self, coordinator: InventoryCoordinator, subentry: ConfigSubentry, planner: Planner
    ) -> None:
        """Press the planner."""
        super().__init__(coordinator, subentry, "reschedule")
        self._planner = planner

    @override
    async def async_press(self) -> None:
        await self._planner.async_reschedule()
