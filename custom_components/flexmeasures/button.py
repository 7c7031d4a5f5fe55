"""Asks for new schedules now, gives control back, and sends history."""

from typing import Any, override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .backfill import Backfill
from .backfill_action import ready_backfill
from .data import FlexMeasuresConfigEntry
from .entity import MeasuringEntity, async_add_to_flexible_devices

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add buttons to each flexible device, and one for the measurements."""
    if flexible := entry.runtime_data.flexible:
        async_add_to_flexible_devices(entry, async_add_entities, flexible.buttons_of)
    if backfill := entry.runtime_data.backfill:
        async_add_entities([SendHistory(entry, backfill)])


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
