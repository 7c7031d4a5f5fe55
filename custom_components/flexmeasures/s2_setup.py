"""The door to everything for S2 devices: it costs 5 MiB, and most homes have no such device."""

from typing import TYPE_CHECKING, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .const import SUBENTRY_S2_DEVICE
from .data import FlexMeasuresConfigEntry
from .site_store import SiteStore

if TYPE_CHECKING:
    from .s2_server import S2Server
    from .s2_site import S2Site

# The section of a site's store, and in it the record of the secret with which new devices introduce themselves.
SECTION: Final = "s2"
PAIRING: Final = "pairing"


def discovered_as(entry: FlexMeasuresConfigEntry, resource_id: str) -> str:
    """Return the unique id of the dialog that shows a waiting device as discovered."""
    return f"{entry.entry_id}_{resource_id}"


async def async_s2_site(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, store: SiteStore
) -> S2Site | None:
    """Return the parts for the site's S2 devices; None while it has none, and none may introduce itself."""
    has_devices = any(entry.get_subentries_of_type(SUBENTRY_S2_DEVICE))
    if not has_devices and store.record(SECTION, PAIRING) is None:
        return None
    site = await _async_import(hass)
    return site(hass, entry, store)


async def async_s2_server(hass: HomeAssistant, entry: FlexMeasuresConfigEntry) -> S2Server | None:
    """Return the site's server, made when it is first asked for; None when the site is not loaded (any more)."""
    site = await _async_import(hass)
    if entry.state is not ConfigEntryState.LOADED:
        return None
    data = entry.runtime_data
    if data.s2 is None:
        data.s2 = site(hass, entry, data.store).server
        data.s2.async_start()
    return data.s2


async def _async_import(hass: HomeAssistant) -> type[S2Site]:
    """Import everything for S2, the first time; that takes longer than the event loop may wait."""

    def read() -> type[S2Site]:
        from .s2_site import S2Site  # noqa: PLC0415 - only where S2 devices are

        return S2Site

    return await hass.async_add_import_executor_job(read)
