"""What all entities of the simulated home have in common."""

from enum import StrEnum

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import SimulatedHomeCoordinator


class Part(StrEnum):
    """The parts of the home, each a device; the value is its translation key."""

    BATTERY = "battery"
    CAR = "car"
    CONTRACT = "contract"
    GRID = "grid"
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
