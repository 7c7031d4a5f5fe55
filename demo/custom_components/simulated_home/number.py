"""The knobs of the simulated home: power setpoints that battery and car follow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SimulatedHomeConfigEntry, SimulatedHomeCoordinator
from .entity import Part, SimulatedHomeEntity
from .physics import BATTERY, CAR, Home, Storage, StorageModel

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class SetpointDescription(NumberEntityDescription):
    """One power setpoint, in watts; positive charges."""

    part: Part
    storage_fn: Callable[[Home], Storage]
    model: StorageModel


SETPOINTS = (
    SetpointDescription(
        key="power_setpoint",
        part=Part.BATTERY,
        storage_fn=lambda home: home.battery,
        model=BATTERY,
    ),
    SetpointDescription(
        key="charging_power_setpoint",
        part=Part.CAR,
        storage_fn=lambda home: home.car,
        model=CAR,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SimulatedHomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the setpoints."""
    async_add_entities(PowerSetpoint(entry.runtime_data, description) for description in SETPOINTS)


class PowerSetpoint(SimulatedHomeEntity, NumberEntity):
    """What a battery or charger is asked to do."""

    entity_description: SetpointDescription
    _attr_device_class = NumberDeviceClass.POWER
    _attr_mode = NumberMode.BOX
    _attr_native_step = 1
    _attr_native_unit_of_measurement = UnitOfPower.WATT

    def __init__(
        self, coordinator: SimulatedHomeCoordinator, description: SetpointDescription
    ) -> None:
        """Take the bounds from the model."""
        super().__init__(coordinator, description.part, description)
        self._attr_native_max_value = description.model.charging_power
        self._attr_native_min_value = -description.model.discharging_power

    @property
    @override
    def native_value(self) -> float:
        """Return the setpoint in watts."""
        return self.entity_description.storage_fn(self.coordinator.home).setpoint

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Take a new setpoint; the meters follow from the next tick on."""
        self.entity_description.storage_fn(self.coordinator.home).setpoint = value
        self.async_write_ha_state()
        await self.coordinator.async_request_refresh()
