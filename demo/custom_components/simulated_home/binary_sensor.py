"""What of the simulated home is on or off: the car's plug, the dishwasher and its program."""

from collections.abc import Callable
from dataclasses import dataclass
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
from .physics import Reading

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class ConditionDescription(BinarySensorEntityDescription):
    """One condition of the reading."""

    part: Part
    value_fn: Callable[[Reading], bool]


CONDITIONS = (
    ConditionDescription(
        key="plugged_in",
        part=Part.CAR,
        value_fn=lambda reading: reading.car_plugged_in,
        device_class=BinarySensorDeviceClass.PLUG,
    ),
    ConditionDescription(
        key="ready",
        part=Part.DISHWASHER,
        value_fn=lambda reading: reading.dishwasher_ready,
    ),
    ConditionDescription(
        key="running",
        part=Part.DISHWASHER,
        value_fn=lambda reading: reading.dishwasher_running,
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SimulatedHomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add all conditions."""
    async_add_entities(Condition(entry.runtime_data, each.part, each) for each in CONDITIONS)


class Condition(SimulatedHomeEntity, BinarySensorEntity):
    """Whether something holds now."""

    entity_description: ConditionDescription

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it holds."""
        return self.entity_description.value_fn(self.coordinator.data.reading)
