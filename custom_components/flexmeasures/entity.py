"""The devices of a site and what their entities share."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import UNDEFINED
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import (
    CONF_ASSET,
    CONF_POWER_SENSOR,
    DOMAIN,
    SUBENTRY_FLEXIBLE_DEVICE,
    SUBENTRY_S2_DEVICE,
)
from .coordinator import InventoryCoordinator, SiteInventory
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .listeners import Listeners

if TYPE_CHECKING:
    from .flexible_device import FlexibleDevice
    from .wishes import Wishes

_MANUFACTURER = "FlexMeasures"
# FlexMeasures' asset types that do not read well as they are.
_TYPE_WORDS = {
    "heat-storage": "Heat storage",
    "one-way_evse": "One-way EV charger",
    "two-way_evse": "Two-way EV charger",
}


def server_identifier(entry: FlexMeasuresConfigEntry) -> tuple[str, str]:
    """Return the identifier of the device that stands for the account on the server."""
    return (DOMAIN, entry.entry_id)


def asset_identifier(entry: FlexMeasuresConfigEntry, asset_id: int) -> tuple[str, str]:
    """Return the identifier of an asset's device."""
    return (DOMAIN, f"{entry.entry_id}_{asset_id}")


def subentry_of_asset(
    entry: FlexMeasuresConfigEntry, inventory: SiteInventory, asset_id: int
) -> ConfigSubentry | None:
    """Return the flexible device that owns the asset's device; None when no flexible device is on this asset.

    Home Assistant gives a device to at most one subentry. Where several flexible devices have their power sensor on
    one asset, the first owns its device and the others stand beside it.
    """
    for subentry in entry.get_subentries_of_type(SUBENTRY_S2_DEVICE):
        if subentry.data[CONF_ASSET] == asset_id:
            return subentry
    for subentry in entry.get_subentries_of_type(SUBENTRY_FLEXIBLE_DEVICE):
        sensor = inventory.sensors.get(subentry.data[CONF_POWER_SENSOR])
        if sensor is not None and sensor.asset_id == asset_id:
            return subentry
    return None


def device_of_asset(entry: FlexMeasuresConfigEntry, asset_id: int) -> DeviceInfo:
    """Return the link to an asset's device, which `async_update_devices` made."""
    return DeviceInfo(identifiers={asset_identifier(entry, asset_id)})


def flexible_device_identifier(
    entry: FlexMeasuresConfigEntry, inventory: SiteInventory, subentry: ConfigSubentry
) -> tuple[str, str]:
    """Return the identifier of the device with its entities: its asset's device, unless another one owns that."""
    sensor = inventory.sensors.get(subentry.data[CONF_POWER_SENSOR])
    if sensor is not None and sensor.asset_id in inventory.assets:
        owner = subentry_of_asset(entry, inventory, sensor.asset_id)
        if owner is not None and owner.subentry_id == subentry.subentry_id:
            return asset_identifier(entry, sensor.asset_id)
    return (DOMAIN, subentry.subentry_id)


def s2_device_identifier(
    entry: FlexMeasuresConfigEntry, inventory: SiteInventory, subentry: ConfigSubentry
) -> tuple[str, str]:
    """Return the identifier of the device with an S2 device's entities: its asset's, while there is one."""
    asset_id = subentry.data[CONF_ASSET]
    owner = subentry_of_asset(entry, inventory, asset_id)
    is_owner = owner is not None and owner.subentry_id == subentry.subentry_id
    if asset_id in inventory.assets and is_owner:
        return asset_identifier(entry, asset_id)
    return (DOMAIN, subentry.subentry_id)


@callback
def async_update_devices(hass: HomeAssistant, coordinator: InventoryCoordinator) -> None:
    """Make the devices of the server, of every asset and of flexible devices beside them; remove those that are gone.

    While the server is away nothing is known to be gone.
    """
    entry = coordinator.config_entry
    registry = dr.async_get(hass)
    server = registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        configuration_url=coordinator.client.url,
        entry_type=DeviceEntryType.SERVICE,
        identifiers={server_identifier(entry)},
        manufacturer=_MANUFACTURER,
        model="Server",
        name=coordinator.account.name if coordinator.account else "FlexMeasures",
        sw_version=coordinator.versions.server,
    )
    asset_devices = _async_make_asset_devices(registry, coordinator, server.id)
    keep = {server.id, *asset_devices.values()}
    for kind, identifier_of in (
        (SUBENTRY_FLEXIBLE_DEVICE, flexible_device_identifier),
        (SUBENTRY_S2_DEVICE, s2_device_identifier),
    ):
        for subentry in entry.get_subentries_of_type(kind):
            own = (DOMAIN, subentry.subentry_id)
            if identifier_of(entry, coordinator.data, subentry) == own:
                device = registry.async_get_or_create(
                    config_entry_id=entry.entry_id,
                    config_subentry_id=subentry.subentry_id,
                    identifiers={own},
                    manufacturer=UNDEFINED if kind == SUBENTRY_S2_DEVICE else _MANUFACTURER,
                    name=subentry.title,
                    via_device_id=asset_devices[coordinator.site_id],
                )
                keep.add(device.id)
    if not coordinator.last_update_success:
        return
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        if device.id not in keep:
            registry.async_remove_device(device.id)


def _async_make_asset_devices(
    registry: dr.DeviceRegistry, coordinator: InventoryCoordinator, server_device_id: str
) -> dict[int, str]:
    """Make every asset's device, parents first; return their ids by asset."""
    entry = coordinator.config_entry
    device_ids: dict[int, str] = {}
    for asset in coordinator.data.assets_from_top():
        owner = subentry_of_asset(entry, coordinator.data, asset.id)
        owner_id = owner.subentry_id if owner else None
        identifier = asset_identifier(entry, asset.id)
        existing = registry.async_get_device_by_identifier(identifier, entry.entry_id)
        if existing and existing.config_subentry_id != owner_id:
            registry.async_update_device(existing.id, new_config_subentry_id=owner_id)
        # An S2 device tells itself who made it.
        is_s2 = owner is not None and owner.subentry_type == SUBENTRY_S2_DEVICE
        device_ids[asset.id] = registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            config_subentry_id=owner_id,
            configuration_url=f"{coordinator.client.url}/assets/{asset.id}",
            identifiers={identifier},
            manufacturer=UNDEFINED if is_s2 else _MANUFACTURER,
            model=UNDEFINED if is_s2 else _model_of(asset.type_name),
            name=asset.name,
            via_device_id=device_ids.get(asset.parent_id or 0, server_device_id),
        ).id
    return device_ids


def _model_of(asset_type: str) -> str:
    """Return FlexMeasures' name of an asset type as people read it."""
    if (words := _TYPE_WORDS.get(asset_type)) is not None:
        return words
    return asset_type[:1].upper() + asset_type[1:].replace("_", " ")


@callback
def async_remove_stale_sensors(hass: HomeAssistant, coordinator: InventoryCoordinator) -> None:
    """Remove the entities of sensors that are no longer on the server, while that can tell."""
    if not coordinator.last_update_success:
        return
    entry = coordinator.config_entry
    registry = er.async_get(hass)
    prefix = f"{entry.entry_id}_sensor_"
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if (
            entity.unique_id.startswith(prefix)
            and int(entity.unique_id.removeprefix(prefix)) not in coordinator.data.sensors
        ):
            registry.async_remove(entity.entity_id)


def own_entities(hass: HomeAssistant, entity_ids: set[str], key: str) -> set[str]:
    """Return those of the entities that are ours and tell what the key names."""
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if (entity := registry.async_get(entity_id))
        and (entity.platform, entity.translation_key) == (DOMAIN, key)
    }


class SiteEntity(CoordinatorEntity[InventoryCoordinator]):
    """An entity that tells what the server knows; unavailable while the server is away."""

    _attr_has_entity_name = True


class MeasuringEntity(Entity):
    """An entity of what the site measures, on the server's device, named by its translation key."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: FlexMeasuresConfigEntry) -> None:
        """Stand for the entry."""
        self._attr_unique_id = f"{entry.entry_id}_{self.translation_key}"
        self._attr_device_info = DeviceInfo(identifiers={server_identifier(entry)})


class FlexibleDeviceEntity(Entity):
    """An entity of a flexible device, named by its key.

    It stays available while the server is away, since the plan does.
    """

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice, key: str) -> None:
        """Stand for the device, beside the sensors of its asset."""
        self._controller = data.controllers[device.subentry_id]
        self._device = device
        self._planner = data.planner
        self._progress = data.progress[device.subentry_id]
        self._site_wishes = data.wishes
        self._shown: object = None
        self._attr_translation_key = key
        self._attr_unique_id = f"{device.subentry_id}_{key}"
        inventory = data.inventory
        entry = inventory.config_entry
        subentry = entry.subentries[device.subentry_id]
        is_s2 = subentry.subentry_type == SUBENTRY_S2_DEVICE
        identifier_of = s2_device_identifier if is_s2 else flexible_device_identifier
        identifier = identifier_of(entry, inventory.data, subentry)
        self._attr_device_info = DeviceInfo(identifiers={identifier})

    @property
    def _sources(self) -> tuple[Listeners, ...]:
        """Return whose changes may change what this entity shows."""
        return (self._controller.listeners,)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        for source in self._sources:
            self.async_on_remove(source.async_add(self._async_write_if_changed))
        self._shown = self._to_show()

    @callback
    def _async_write_if_changed(self) -> None:
        """Write the state, unless it stands already."""
        shown = self._to_show()
        if shown != self._shown:
            self._shown = shown
            self.async_write_ha_state()

    def _to_show(self) -> object:
        """Return everything that the state tells."""
        return self.available, self.state, self.state_attributes, self.extra_state_attributes


class PlanEntity(FlexibleDeviceEntity):
    """An entity that tells of a flexible device's plan alone."""

    @property
    @override
    def _sources(self) -> tuple[Listeners, ...]:
        return (self._progress.listeners,)


class WishEntity(FlexibleDeviceEntity):
    """An entity that shows and takes what people want of a flexible device."""

    @property
    @override
    def _sources(self) -> tuple[Listeners, ...]:
        return (self._site_wishes.listeners,)

    @property
    def _wishes(self) -> Wishes:
        return self._site_wishes.of(self._device.subentry_id)

    @callback
    def _async_wish(self, wishes: Wishes) -> None:
        self._site_wishes.async_wish(self._device.subentry_id, wishes)


type EntitiesOf = Callable[[FlexMeasuresData, FlexibleDevice], Iterable[Entity]]


@callback
def async_add_to_flexible_devices(
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entities_of: EntitiesOf,
    storage_entities_of: EntitiesOf | None = None,
) -> None:
    """Add to each flexible device that can be planned the entities that make sense for it.

    Args:
        entry: has the devices.
        async_add_entities: of the platform.
        entities_of: returns those of a device, by its kind.
        storage_entities_of: returns what an S2 device has besides, from when on it says that it stores energy.
    """
    data = entry.runtime_data
    for subentry_id, device in data.devices.items():
        async_add_entities(list(entities_of(data, device)), config_subentry_id=subentry_id)
        if storage_entities_of is not None and data.s2 and subentry_id in data.s2.devices:

            @callback
            def add(device: FlexibleDevice = device) -> None:
                entities = list(storage_entities_of(data, device))
                async_add_entities(entities, config_subentry_id=device.subentry_id)

            entry.async_on_unload(data.s2.devices[subentry_id].async_when_it_stores(add))
