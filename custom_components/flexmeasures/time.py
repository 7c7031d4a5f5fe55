"""When a flexible device has to be ready."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from typing import override

from homeassistant.components.time import TimeEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import WishEntity, async_add_to_flexible_devices
from .flexible_device import DeviceKind, FlexibleDevice

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a time to each flexible device that can be ready."""
    async_add_to_flexible_devices(entry, async_add_entities, _times_of, _times_of_storage)


def _times_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[TimeEntity]:
    if device.kind.stores_energy or device.kind is DeviceKind.PROCESS:
        yield ReadyBy(data, device)


def _times_of_storage(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[TimeEntity]:
    yield ReadyBy(data, device)


class ReadyBy(WishEntity, TimeEntity):
    """The local time of day at which the target has to be reached, or a process has to be over."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Show and take the wish."""
        super().__init__(data, device, "ready_by")

    @property
    @override
    def native_value(self) -> time | None:
        return self._wishes.ready_by

    @override
    async def async_set_value(self, value: time) -> None:
        self._async_wish(replace(self._wishes, ready_by=value))
