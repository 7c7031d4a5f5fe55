"""Tells what happens to a flexible device's plan, so that automations can act on it."""

from collections.abc import Iterator
from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import Notice
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import PlanEntity, async_add_to_flexible_devices
from .flexible_device import FlexibleDevice
from .plan_event_types import PlanEventType
from .plan_events import PlanEvent, PlanEvents

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an event entity per flexible device."""
    async_add_to_flexible_devices(entry, async_add_entities, _events_of)


def _events_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[EventEntity]:
    yield PlanEventEntity(data, device)


class PlanEventEntity(PlanEntity, EventEntity):
    """The last thing that happened; the integration's triggers listen to it."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Watch the device's plan and control."""
        super().__init__(data, device, "plan_event")
        self._attr_event_types = list(PlanEventType)
        self._events = PlanEvents(self._progress)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._controller.async_listen_notices(self._async_noticed))

    @callback
    @override
    def _async_write_if_changed(self) -> None:
        for event in self._events.take():
            self._async_tell(event)

    @callback
    def _async_noticed(self, notice: Notice) -> None:
        self._async_tell(PlanEvent(PlanEventType(notice.kind)))

    @callback
    def _async_tell(self, event: PlanEvent) -> None:
        self._trigger_event(event.type, event.told)
        self.async_write_ha_state()
