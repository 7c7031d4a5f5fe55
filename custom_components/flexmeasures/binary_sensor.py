"""Whether the FlexMeasures server can be reached, and whether all is well with flexible devices."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .entity import (
    SiteEntity,
    async_add_to_flexible_devices,
    server_identifier,
)
from .upload_entities import UploadsPaused

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the server's connectivity, and to each flexible device whether all is well."""
    async_add_entities([ServerConnectivity(entry.runtime_data.inventory)])
    if s2 := entry.runtime_data.s2:
        s2.async_add_connectivity(async_add_entities)
    if delivery := entry.runtime_data.delivery:
        async_add_entities([UploadsPaused(entry, delivery)])
    if flexible := entry.runtime_data.flexible:
        async_add_to_flexible_devices(
            entry,
            async_add_entities,
            flexible.binary_sensors_of,
            flexible.storage_binary_sensors_of,
        )


class ServerConnectivity(SiteEntity, BinarySensorEntity):
    """On while the server answers; always available, since it tells about availability."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = "connected"

    def __init__(self, coordinator: InventoryCoordinator) -> None:
        """Watch the coordinator's last request."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self._attr_unique_id = f"{entry.entry_id}_connected"
        self._attr_device_info = DeviceInfo(identifiers={server_identifier(entry)})

    @property
    @override
    def available(self) -> bool:
        return True

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.last_update_success
