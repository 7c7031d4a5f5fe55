"""Asks for new schedules now, gives control back, and sends history."""

from collections.abc import Iterator
from typing import Any, override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .backfill import Backfill
from .backfill_action import ready_backfill
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import FlexibleDeviceEntity, MeasuringEntity, async_add_to_flexible_devices
from .flexible_device import DeviceKind, FlexibleDevice

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add buttons to each flexible device, and one for the measurements."""
    async_add_to_flexible_devices(entry, async_add_entities, _buttons_of)
    if backfill := entry.runtime_data.backfill:
        async_add_entities([SendHistory(entry, backfill)])


def _buttons_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[ButtonEntity]:
    yield Reschedule(data, device)
    if device.kind is DeviceKind.PROCESS:
        yield PlanRun(data, device)
    if device.is_told:
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


class SendHistory(MeasuringEntity, ButtonEntity):
    """Sends what the recorder knows of all measured entities, and tells how far that is."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_translation_key = "send_history"
    _unrecorded_attributes = frozenset({"progress"})

    def __init__(self, entry: FlexMeasuresConfigEntry, backfill: Backfill) -> None:
        """Ask this back-fill."""
        super().__init__(entry)
        self._backfill = backfill
        self._data = entry.runtime_data

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._backfill.listeners.async_add(self.async_write_ha_state))

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {
            "problem": self._backfill.problem,
            "progress": {
                self._backfill.feeds[sensor_id].title: f"{done.days_done} / {done.days}"
                for sensor_id, done in self._backfill.progress.items()
            },
        }

    @override
    async def async_press(self) -> None:
        backfill = ready_backfill(self.hass, self._data)
        await backfill.async_ask(backfill.feeds, None, None)
