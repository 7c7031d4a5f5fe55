"""Whether a flexible device's schedule is carried out, and whether anything is written to it."""

from collections.abc import Iterator
from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import Mode
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import FlexibleDeviceEntity, async_add_to_flexible_devices
from .flexible_device import FlexibleDevice

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add switches to each flexible device."""
    async_add_to_flexible_devices(entry, async_add_entities, _switches_of)


def _switches_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[SwitchEntity]:
    yield FollowSchedule(data, device)
    if device.is_told:
        yield ShadowMode(data, device)


class FollowSchedule(FlexibleDeviceEntity, SwitchEntity):
    """On while the schedule is carried out; off for a new device, and kept across restarts."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Show and take what control follows."""
        super().__init__(data, device, "follow_schedule")

    @property
    @override
    def available(self) -> bool:
        return Mode.SCHEDULE in self._controller.modes

    @property
    @override
    def is_on(self) -> bool:
        return self._controller.following

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._controller.async_follow(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self._controller.async_follow(False)


class ShadowMode(FlexibleDeviceEntity, SwitchEntity):
    """On while everything is computed and shown, and nothing is written to the device."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Show and take whether control writes."""
        super().__init__(data, device, "shadow_mode")

    @property
    @override
    def is_on(self) -> bool:
        return self._controller.shadow

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._controller.async_shadow(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self._controller.async_shadow(False)
