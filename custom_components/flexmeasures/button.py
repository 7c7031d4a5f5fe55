"""Asks for new schedules now, and gives control back."""

from collections.abc import Iterator
from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import FlexibleDeviceEntity, async_add_to_flexible_devices
from .flexible_device import DeviceKind, FlexibleDevice

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add buttons to each flexible device."""
    async_add_to_flexible_devices(entry, async_add_entities, _buttons_of)


def _buttons_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[ButtonEntity]:
    yield Reschedule(data, device)
    if device.kind is DeviceKind.PROCESS:
        yield PlanRun(data, device)
    if device.setpoint_entity:
        yield ResumeControl(data, device)


class Reschedule(FlexibleDeviceEntity, ButtonEntity):
    """Computes new schedules for all flexible devices of the site, since they share its prices and its fuse."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Stand beside the device's plan."""
        super().__init__(data, device, "reschedule")

    @override
    async def async_press(self) -> None:
        await self._planner.async_reschedule()


class PlanRun(FlexibleDeviceEntity, ButtonEntity):
    """Asks for one run of a process, until the time at which it has to be over."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Stand beside the process's plan."""
        super().__init__(data, device, "plan_run")

    @override
    async def async_press(self) -> None:
        self._planner.async_request_run(self._device.subentry_id)


class ResumeControl(FlexibleDeviceEntity, ButtonEntity):
    """Gives control back after somebody else's change; only there while that is left alone."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Stand beside the device's control."""
        super().__init__(data, device, "resume_control")

    @property
    @override
    def available(self) -> bool:
        return self._controller.suspended_until is not None

    @override
    async def async_press(self) -> None:
        self._controller.async_resume()
