"""What all entities of the simulated home have in common."""

from enum import StrEnum
from typing import override

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import SimulatedHomeCoordinator
from .faults import Fault


class Part(StrEnum):
    """The parts of the home, each a device; the value is its translation key."""

    BATTERY = "battery"
    CAR = "car"
    CONTRACT = "contract"
    DISHWASHER = "dishwasher"
    GRID = "grid"
    HEAT_PUMP = "heat_pump"
    HOUSE = "house"
    SOLAR = "solar"


class SimulatedHomeEntity(CoordinatorEntity[SimulatedHomeCoordinator]):
    """One meter or knob of one part of the home."""

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: SimulatedHomeCoordinator,
        part: Part,
        description: EntityDescription,
    ) -> None:
        """Attach the entity to the device of its part."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_translation_key = description.key
        self._attr_unique_id = f"{part}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, part)},
            translation_key=part,
            manufacturer="Simulation",
        )

    @property
    def fault(self) -> Fault | None:
        """Return what is wrong with this entity; None while it does as it should."""
        return self.coordinator.faults.get(self.entity_id)

    @property
    @override
    def available(self) -> bool:
        """Tell whether the device can be reached."""
        return super().available and self.fault is not Fault.UNAVAILABLE

    async def async_changed(self) -> None:
        """Show what was just set; the meters follow from the next tick on."""
        self.async_write_ha_state()
        await self.coordinator.async_request_refresh()
