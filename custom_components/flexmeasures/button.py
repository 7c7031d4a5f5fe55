"""Asks for new schedules now."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import FlexMeasuresConfigEntry
from .entity import FlexibleDeviceEntity, async_add_to_flexible_devices

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a button per flexible device."""
    async_add_to_flexible_devices(entry, async_add_entities, Reschedule)


class Reschedule(FlexibleDeviceEntity, ButtonEntity):
    """Computes new schedules for all flexible devices of the site, since they share its prices and its fuse."""

    _attr_translation_key = "reschedule"

    @override
    async def async_press(self) -> None:
        await self._planner.async_reschedule()
