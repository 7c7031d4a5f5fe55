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
from homeassistant.const import PERCENTAGE, EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .data import FlexMeasuresConfigEntry
from .delivery import Delivery
from .entity import device_of_asset, server_identifier, subentry_of_asset
from .followed_entities import resolve_entity_id
from .measurements import OutboxStatistics
from .running_feed import RunningFeed
from .sensor_presentation import present


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


class DeliveryEntity(Entity):
    """An entity that tells about the delivery, and looks again whenever that changed."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_has_entity_name = True
    _attr_should_poll = False
    _delivery: Delivery

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._delivery.listeners.async_add(self._async_delivery_changed))

    @callback
    def _async_delivery_changed(self) -> None:
        self.async_write_ha_state()


class UploadEntity(DeliveryEntity):
    """An entity of the whole delivery, on the server's device."""

    def __init__(self, entry: FlexMeasuresConfigEntry, delivery: Delivery, key: str) -> None:
        """Tell about the delivery under the key."""
        self._delivery = delivery
        self._attr_translation_key = key
        self._attr_unique_id = f"{entry.entry_id}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={server_identifier(entry)})


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


class FeedSensor(DeliveryEntity, SensorEntity):
    """An entity of one feed, on the device of its sensor's asset."""

    def __init__(
        self, entry: FlexMeasuresConfigEntry, delivery: Delivery, running: RunningFeed
    ) -> None:
        """Tell about the running feed."""
        self._delivery = delivery
        self._running = running
        inventory = entry.runtime_data.inventory.data
        asset = inventory.asset_of(running.sensor)
        self._attr_translation_placeholders = {"sensor": running.sensor.name}
        self._attr_unique_id = f"{_feed_prefix(entry)}{running.feed.key}_{self.translation_key}"
        self._attr_device_info = device_of_asset(entry, asset.id)
        self._shown: object = None

    @property
    def _told(self) -> object:
        """Return what changes when there is something new to show; others hear of every feed's news, too."""
        raise NotImplementedError

    @callback
    @override
    def _async_delivery_changed(self) -> None:
        if (told := self._told) != self._shown:
            self._shown = told
            self.async_write_ha_state()


class LastValueSent(FeedSensor):
    """The newest value that the server confirmed, in the unit and sign of its sensor."""

    _attr_translation_key = "last_value_sent"
    _unrecorded_attributes = frozenset({"entity", "interval_start"})

    def __init__(
        self, entry: FlexMeasuresConfigEntry, delivery: Delivery, running: RunningFeed
    ) -> None:
        """Look like the sensor."""
        super().__init__(entry, delivery, running)
        presentation = present(running.sensor)
        self._attr_device_class = presentation.device_class
        self._attr_state_class = presentation.state_class
        self._attr_native_unit_of_measurement = presentation.unit

    @property
    @override
    def _told(self) -> object:
        known = self._delivery.sensors.get(self._running.sensor.id)
        return known and (known.last_sent, known.last_sent_start)

    @property
    @override
    def native_value(self) -> float | None:
        known = self._delivery.sensors.get(self._running.sensor.id)
        return known.last_sent if known else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        known = self._delivery.sensors.get(self._running.sensor.id)
        start = known.last_sent_start if known else None
        return {
            "entity": resolve_entity_id(self.hass, self._running.feed.entity),
            "interval_start": start and dt_util.as_local(start).isoformat(),
        }


class IntervalCoverage(FeedSensor):
    """How much of the interval that ended last was covered by readings."""

    _attr_entity_registry_enabled_default = False
    _attr_native_unit_of_measurement = PERCENTAGE
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_suggested_display_precision = 0
    _attr_translation_key = "interval_coverage"

    @property
    @override
    def _told(self) -> object:
        return self._running.last and self._running.last.start

    @property
    @override
    def native_value(self) -> float | None:
        return None if self._running.last is None else 100 * self._running.last.coverage


@callback
def async_add_feed_sensors(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities of each running feed, and remove those of feeds that are no more."""
    prefix = _feed_prefix(entry)
    registry = er.async_get(hass)
    for known in er.async_entries_for_config_entry(registry, entry.entry_id):
        if known.unique_id.startswith(prefix):
            subentry_id, _, _ = known.unique_id.removeprefix(prefix).partition("_")
            if subentry_id not in entry.subentries:
                registry.async_remove(known.entity_id)
    data = entry.runtime_data
    if data.delivery is None or data.uploader is None:
        return
    for running in data.uploader.feeds:
        entities: list[FeedSensor] = [LastValueSent(entry, data.delivery, running)]
        if running.sensor.resolution:
            # A reading of an instantaneous sensor has no length that could be covered.
            entities.append(IntervalCoverage(entry, data.delivery, running))
        asset = data.inventory.data.asset_of(running.sensor)
        owner = subentry_of_asset(entry, data.inventory.data, asset.id)
        async_add_entities(entities, config_subentry_id=owner.subentry_id if owner else None)


def _feed_prefix(entry: FlexMeasuresConfigEntry) -> str:
    """Return how the unique ids of feeds' entities begin; the feed's key and the entity's follow."""
    return f"{entry.entry_id}_feed_"
