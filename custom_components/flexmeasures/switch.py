"""Whether a flexible device's schedule is carried out."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .data import FlexMeasuresConfigEntry
from .entity import FlexibleDeviceEntity, async_add_to_flexible_devices
from .s2_control_entities import S2FollowSchedule, async_add_s2_control

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a switch per flexible device."""
    async_add_to_flexible_devices(entry, async_add_entities, FollowSchedule)
    async_add_s2_control(entry, async_add_entities, S2FollowSchedule, "follow_schedule")


class FollowSchedule(FlexibleDeviceEntity, SwitchEntity, RestoreEntity):
    """On while the schedule is carried out; off for a new device, and kept across restarts."""

    _attr_translation_key = "follow_schedule"

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._controller.listeners.async_add(self.async_write_ha_state))
        last = await self.async_get_last_state()
        if last is not None and last.state == STATE_ON:
            self._controller.async_follow(True)

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
