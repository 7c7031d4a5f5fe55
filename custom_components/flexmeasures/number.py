"""The power that a flexible device should follow now."""

from typing import Any, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberMode
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import FlexibleDeviceEntity, async_add_to_flexible_devices
from .s2_control_entities import S2PowerSetpoint, async_add_s2_control

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a setpoint per flexible device."""
    async_add_to_flexible_devices(entry, async_add_entities, PowerSetpoint)
    async_add_s2_control(entry, async_add_entities, S2PowerSetpoint, "power_setpoint")


class PowerSetpoint(FlexibleDeviceEntity, NumberEntity):
    """The setpoint in W, consumption positive; setting it replaces the schedule until the next step."""

    _attr_device_class = NumberDeviceClass.POWER
    _attr_mode = NumberMode.BOX
    _attr_native_step = 1
    _attr_native_unit_of_measurement = UnitOfPower.WATT
    _attr_translation_key = "power_setpoint"

    def __init__(self, data: FlexMeasuresData, subentry: ConfigSubentry) -> None:
        """Take the device's limits."""
        super().__init__(data, subentry)
        self._attr_native_min_value = -self._controller.limits.production
        self._attr_native_max_value = self._controller.limits.consumption

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._controller.listeners.async_add(self.async_write_ha_state))

    @property
    @override
    def native_value(self) -> float | None:
        power = self._controller.setpoint.power
        return None if power is None else round(power, 1)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"source": self._controller.setpoint.source}

    @override
    async def async_set_native_value(self, value: float) -> None:
        self._controller.async_set_manual(value)
