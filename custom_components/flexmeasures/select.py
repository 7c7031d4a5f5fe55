"""What a flexible device does: its schedule, or what a person chose instead."""

from collections.abc import Iterator
from typing import override

from homeassistant.components.select import SelectEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import Mode
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import FlexibleDeviceEntity, async_add_to_flexible_devices
from .flexible_device import DeviceKind, FlexibleDevice

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a mode per flexible device."""
    async_add_to_flexible_devices(entry, async_add_entities, _selects_of)


def _selects_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[SelectEntity]:
    yield ModeSelect(data, device)


class ModeSelect(FlexibleDeviceEntity, SelectEntity):
    """The mode; each but the schedule and the manual one ends by itself or when another is chosen."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Offer the modes that the device is made for."""
        super().__init__(data, device, "mode")
        if device.kind is DeviceKind.SOLAR:
            # The same modes are called otherwise where power only comes out.
            self._attr_translation_key = "production_mode"

    @property
    @override
    def available(self) -> bool:
        return len(self._controller.modes) > 1

    @property
    @override
    def options(self) -> list[str]:
        return [str(mode) for mode in self._controller.modes]

    @override
    def _to_show(self) -> object:
        return super()._to_show(), self.options

    @property
    @override
    def current_option(self) -> str:
        return str(self._controller.mode)

    @override
    async def async_select_option(self, option: str) -> None:
        self._controller.async_choose_mode(Mode(option))
