"""Whether the simulated car is plugged in."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SimulatedHomeConfigEntry
from .entity import Part, SimulatedHomeEntity

PARALLEL_UPDATES = 0

PLUGGED_IN = BinarySensorEntityDescription(
    key="plugged_in", device_class=BinarySensorDeviceClass.PLUG
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SimulatedHomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the car's plug."""
    async_add_entities([CarPluggedIn(entry.runtime_data, Part.CAR, PLUGGED_IN)])


class CarPluggedIn(SimulatedHomeEntity, BinarySensorEntity):
    """On while the car stands at its charger."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the car is here."""
        return self.coordinator.data.reading.car_plugged_in
