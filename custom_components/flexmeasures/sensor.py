"""Sensors: what FlexMeasures knows of the site, and what is planned for flexible devices."""

from collections.abc import Callable
from typing import Any, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .client import Sensor, ServerVersions
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .entity import (
    SiteEntity,
    asset_identifier,
    async_add_to_flexible_devices,
    server_identifier,
    subentry_of_asset,
)
from .sensor_presentation import MOST_ROWS, present, row_of
from .upload_entities import UPLOAD_SENSORS, UploadSensor, async_add_feed_sensors
from .values import SiteValues

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a sensor per FlexMeasures sensor, now and when one appears, and one per flexible device."""
    data = entry.runtime_data
    async_add_entities(
        [
            ServerVersionSensor(data.inventory, "server_version", lambda known: known.server),
            ServerVersionSensor(data.inventory, "api_version", lambda known: ", ".join(known.apis)),
        ]
    )
    if data.flexible:
        async_add_to_flexible_devices(
            entry, async_add_entities, data.flexible.sensors_of, data.flexible.storage_sensors_of
        )
        data.flexible.async_add_savings_of_s2_devices(hass, entry, async_add_entities)
    if s2 := entry.runtime_data.s2:
        s2.async_add_sensors(async_add_entities)
    if data.delivery:
        async_add_entities(
            UploadSensor(entry, data.delivery, description) for description in UPLOAD_SENSORS
        )
    async_add_feed_sensors(hass, entry, async_add_entities)
    known: set[int] = set()

    @callback
    def add_new_sensors() -> None:
        inventory = data.inventory.data
        known.intersection_update(inventory.sensors)
        by_subentry: dict[str | None, list[FlexMeasuresSensor]] = {}
        for sensor_id in sorted(inventory.sensors.keys() - known):
            sensor = inventory.sensors[sensor_id]
            owner = subentry_of_asset(entry, inventory, inventory.asset_of(sensor).id)
            by_subentry.setdefault(owner.subentry_id if owner else None, []).append(
                FlexMeasuresSensor(data.inventory, data.values, sensor)
            )
        known.update(inventory.sensors)
        for subentry_id, entities in by_subentry.items():
            async_add_entities(entities, config_subentry_id=subentry_id)

    add_new_sensors()
    entry.async_on_unload(data.inventory.async_add_listener(add_new_sensors))


class ServerVersionSensor(SiteEntity, SensorEntity):
    """A version that the server named when it was last met anew."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(
        self,
        coordinator: InventoryCoordinator,
        key: str,
        version_of: Callable[[ServerVersions], str | None],
    ) -> None:
        """Show one of the versions under the key."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self._attr_translation_key = key
        self._attr_unique_id = f"{entry.entry_id}_{key}"
        # The server's device shows its version already.
        self._attr_entity_registry_enabled_default = key != "server_version"
        self._attr_device_info = DeviceInfo(identifiers={server_identifier(entry)})
        self._version_of = version_of

    @property
    @override
    def native_value(self) -> str | None:
        return self._version_of(self.coordinator.versions)


class FlexMeasuresSensor(SiteEntity, SensorEntity):
    """What one FlexMeasures sensor holds now, in its own unit and sign; known future values as an attribute."""

    _unrecorded_attributes = frozenset({"forecast"})

    def __init__(
        self, coordinator: InventoryCoordinator, values: SiteValues, sensor: Sensor
    ) -> None:
        """Stand for the sensor on its asset's device."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        asset = coordinator.data.asset_of(sensor)
        self._values = values
        self._sensor = sensor
        self._shown: tuple[object, ...] = ()
        self._attr_unique_id = f"{entry.entry_id}_sensor_{sensor.id}"
        self._attr_device_info = DeviceInfo(identifiers={asset_identifier(entry, asset.id)})
        self._attr_extra_state_attributes = {"sensor_id": sensor.id}
        presentation = present(sensor)
        self._attr_device_class = presentation.device_class
        self._attr_state_class = presentation.state_class
        self._attr_native_unit_of_measurement = presentation.unit
        if presentation.translation_key:
            self._attr_translation_key = presentation.translation_key
        else:
            self._attr_name = presentation.name

    @property
    @override
    def available(self) -> bool:
        return super().available and self._sensor.id in self.coordinator.data.sensors

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._values.async_follow(self._sensor.id, self._async_values_changed))
        self._async_read()

    @callback
    def _async_values_changed(self) -> None:
        if self._async_read():
            self.async_write_ha_state()

    @callback
    def _async_read(self) -> bool:
        """Take what holds now; return whether anything changed."""
        now = dt_util.utcnow()
        window = self._values.window(self._sensor.id)
        if window is None:
            return False
        value = window.value_at(now)
        rows = list(window.rows_from(now)) if window.has_future(now) else []
        attributes: dict[str, Any] = {"sensor_id": self._sensor.id}
        if rows:
            attributes["forecast"] = [
                row_of(row.start, row.end, row.value) for row in rows[:MOST_ROWS]
            ]
        changed = (value, tuple(rows)) != self._shown
        self._shown = (value, tuple(rows))
        self._attr_native_value = value
        self._attr_extra_state_attributes = attributes
        return changed
