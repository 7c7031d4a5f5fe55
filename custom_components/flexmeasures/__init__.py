"""FlexMeasures: let the home use its flexibility."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util

from .audit import Audit
from .backfill import Backfill, backfill_store
from .card import async_register_card
from .connection import async_acquire_connection, async_release_connection
from .const import (
    DOMAIN,
    LOGGER,
    SUBENTRY_MEASUREMENT,
)
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .delivery import Delivery
from .entity import async_remove_stale_sensors, async_update_devices
from .feed import Feed
from .feed_sources import async_look_after_sources
from .flexible_setup import async_flexible_site
from .inventory_store import InventoryStore
from .measurements import Outbox, OutboxError
from .repairs import (
    async_end_other_feed_issues,
    async_forget_device_issues,
    async_remove_issues,
    async_update_outbox_issue,
)
from .s2_setup import async_s2_site
from .s2_view import S2View
from .sentences import async_sentences
from .services import async_setup_services
from .site_store import SiteStore
from .uploader import Uploader, outbox_path
from .values import SiteValues

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TIME,
]
# Of these, a site without flexible devices has entities.
SITE_PLATFORMS = [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.SENSOR]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, the plan card and the address for S2 devices, once."""
    async_setup_services(hass)
    hass.http.register_view(S2View())
    await async_register_card(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> bool:
    """Build the parts of one site, start them, and show them."""
    connection = async_acquire_connection(hass, entry)
    inventory = InventoryCoordinator(hass, entry, connection.client)
    try:
        await inventory.async_config_entry_first_refresh()
    except BaseException:
        async_release_connection(hass, entry)
        raise
    values = SiteValues(hass, entry, connection.client, inventory)
    store = SiteStore(hass, entry.entry_id)
    await store.async_load()
    s2 = await async_s2_site(hass, entry, store)
    data = entry.runtime_data = FlexMeasuresData(
        connection=connection,
        inventory=inventory,
        s2=s2.server if s2 else None,
        sentence=await async_sentences(hass),
        store=store,
        values=values,
    )
    flexible = data.flexible = await async_flexible_site(hass, entry, s2)
    async_forget_device_issues(hass, entry, data.devices.keys())

    def inventory_changed() -> None:
        async_update_devices(hass, inventory)
        async_remove_stale_sensors(hass, inventory)

    entry.async_on_unload(entry.add_update_listener(_async_entry_changed))
    await _async_measure(hass, entry, s2.feeds() if s2 else ())
    inventory_changed()
    entry.async_on_unload(inventory.async_add_listener(inventory_changed))
    if flexible:
        flexible.async_start_control()
    await hass.config_entries.async_forward_entry_setups(entry, _platforms(data))
    if flexible:
        flexible.planner.async_start()
        if s2:
            s2.async_start(flexible.planner)
    if data.uploader:
        data.uploader.async_start()
    if data.audit:
        data.audit.async_start()
    if data.backfill:
        data.backfill.async_start()
    return True


def _platforms(data: FlexMeasuresData) -> list[Platform]:
    """Return the platforms of an entry; those that only show flexible devices are loaded where there are some."""
    return PLATFORMS if data.flexible else SITE_PLATFORMS


async def _async_measure(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, s2_feeds: tuple[Feed, ...]
) -> None:
    """Open the outbox and prepare the feeds; without an outbox nothing is measured, and the rest goes on."""
    feeds = tuple(map(Feed.from_subentry, entry.get_subentries_of_type(SUBENTRY_MEASUREMENT)))
    data = entry.runtime_data
    feeds += s2_feeds
    async_end_other_feed_issues(hass, entry, feeds)
    if not feeds and not (data.s2 and data.s2.devices):
        return
    path = outbox_path(hass, entry.entry_id)
    units = {sensor.id: sensor.unit for sensor in data.inventory.data.sensors.values()}
    try:
        outbox, recorded_until = await hass.async_add_executor_job(_open_outbox, path, units)
    except OutboxError as error:
        LOGGER.error("%s measures nothing, its outbox cannot be opened: %s", entry.title, error)
        async_update_outbox_issue(hass, entry, error)
        return
    async_update_outbox_issue(hass, entry, None)
    client = data.connection.client
    data.delivery = Delivery(hass, entry, client, data.inventory, data.values, outbox)
    data.audit = Audit(hass, entry, client, data.inventory, data.delivery, outbox)
    data.backfill = Backfill(hass, entry, data.inventory, data.delivery, outbox, feeds)
    recorded_until |= await data.backfill.async_load(recorded_until)
    data.uploader = Uploader(
        hass, entry, data.inventory, data.delivery, outbox, feeds, recorded_until
    )
    async_look_after_sources(hass, entry, data.delivery, feeds)


def _open_outbox(path: Path, units: Mapping[int, str]) -> tuple[Outbox, dict[int, datetime]]:
    """Return the outbox, and until when it has recorded each sensor."""
    outbox = Outbox.open(path, now=dt_util.utcnow(), units=units)
    return outbox, {
        sensor_id: sensor.recorded_until
        for sensor_id, sensor in outbox.sensors().items()
        if sensor.recorded_until is not None
    }


async def _async_entry_changed(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> None:
    """Take new settings or subentries by building the parts anew; while they are taken down, that happens anyway."""
    if entry.state is ConfigEntryState.UNLOAD_IN_PROGRESS:
        return
    hass.config_entries.async_schedule_reload(entry.entry_id)


async def async_unload_entry(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> bool:
    """Give devices their safe power, and end every part."""
    data = entry.runtime_data
    if data.flexible:
        await data.flexible.async_release()
    if data.s2:
        await data.s2.async_stop()
    if data.backfill:
        data.backfill.async_stop()
    if data.uploader:
        await data.uploader.async_stop()
    if data.flexible:
        data.flexible.planner.async_stop()
    await data.store.async_save()
    unloaded = await hass.config_entries.async_unload_platforms(entry, _platforms(data))
    if unloaded:
        async_release_connection(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> None:
    """Leave nothing behind that people would have to mend."""
    async_remove_issues(hass, entry)
    await backfill_store(hass, entry.entry_id).async_remove()
    await SiteStore(hass, entry.entry_id).async_remove()
    await InventoryStore(hass, entry).async_remove()
    await hass.async_add_executor_job(_remove_outbox, outbox_path(hass, entry.entry_id))


def _remove_outbox(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink(missing_ok=True)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, device: DeviceEntry
) -> bool:
    """Let people remove no device: those that are gone on the server are removed with the next inventory."""
    return False
