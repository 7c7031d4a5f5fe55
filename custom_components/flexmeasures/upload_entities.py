"""What people see of the measurements on their way: proof that they arrive, or why they do not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity

from .data import FlexMeasuresConfigEntry
from .delivery import Delivery
from .entity import server_identifier
from .measurements import OutboxStatistics


@dataclass(frozen=True, kw_only=True)
class UploadSensorDescription(SensorEntityDescription):
    """A number of the outbox; ``value_fn`` reads it."""

    value_fn: Callable[[OutboxStatistics], datetime | int | None]


UPLOAD_SENSORS = (
    UploadSensorDescription(
        key="last_upload",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda statistics: statistics.confirmed_at,
    ),
    UploadSensorDescription(
        key="upload_backlog",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda statistics: statistics.backlog,
    ),
    UploadSensorDescription(
        key="oldest_unsent",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda statistics: statistics.oldest,
    ),
    UploadSensorDescription(
        key="lost_intervals",
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda statistics: statistics.lost + statistics.dropped,
    ),
)


class UploadEntity(Entity):
    """An entity of the delivery, on the server's device."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: FlexMeasuresConfigEntry, delivery: Delivery, key: str) -> None:
        """Tell about the delivery under the key."""
        self._delivery = delivery
        self._attr_translation_key = key
        self._attr_unique_id = f"{entry.entry_id}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={server_identifier(entry)})

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._delivery.listeners.async_add(self.async_write_ha_state))


class UploadSensor(UploadEntity, SensorEntity):
    """One number of the outbox."""

    entity_description: UploadSensorDescription

    def __init__(
        self,
        entry: FlexMeasuresConfigEntry,
        delivery: Delivery,
        description: UploadSensorDescription,
    ) -> None:
        """Show what the description reads."""
        super().__init__(entry, delivery, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> datetime | int | None:
        statistics = self._delivery.statistics
        return None if statistics is None else self.entity_description.value_fn(statistics)


class UploadsPaused(UploadEntity, BinarySensorEntity):
    """On while measurements wait because the server or the disk does not take them."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM

    def __init__(self, entry: FlexMeasuresConfigEntry, delivery: Delivery) -> None:
        """Watch the delivery."""
        super().__init__(entry, delivery, "uploads_paused")

    @property
    @override
    def is_on(self) -> bool:
        return self._delivery.paused is not None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"reason": self._delivery.paused}
