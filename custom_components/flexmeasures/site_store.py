"""What a site remembers across restarts: plans, wishes, and how its devices were controlled."""

from collections.abc import Callable
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .client import JsonObject
from .const import DOMAIN

_VERSION: Final = 1
# A kill loses at most this much: a plan is computed again, a write to a device is counted once too few.
_SAVE_DELAY_SECONDS: Final = 5

type Section = dict[str, JsonObject]


class SiteStore:
    """One small file per entry, with a section per part of the integration and a record per flexible device.

    Each part reads its own records strictly and drops what it does not understand. Without the file a home starts as on
    its first day: devices get their safe value until the first plan is there.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Prepare the entry's file; nothing is read yet."""
        self._store: Store[dict[str, Section]] = Store(hass, _VERSION, f"{DOMAIN}.{entry_id}")
        self._sections: dict[str, Section] = {}
        self._sources: dict[str, Callable[[], Section]] = {}

    async def async_load(self) -> None:
        """Read the file, if there is one."""
        self._sections = await self._store.async_load() or {}

    def record(self, section: str, device_id: str) -> JsonObject | None:
        """Return what a part kept about a device; None when it kept nothing."""
        return self._sections.get(section, {}).get(device_id)

    @callback
    def async_provide(self, section: str, source: Callable[[], Section]) -> None:
        """Let the part with this section tell its records whenever the file is written."""
        self._sources[section] = source

    @callback
    def async_changed(self) -> None:
        """Write the file soon: something that has to survive a restart is another than before."""
        self._store.async_delay_save(self._data, _SAVE_DELAY_SECONDS)

    async def async_save(self) -> None:
        """Write the file now, before the parts are taken down."""
        if self._sources:
            await self._store.async_save(self._data())

    async def async_remove(self) -> None:
        """Forget the site."""
        await self._store.async_remove()

    def _data(self) -> dict[str, Section]:
        return {section: source() for section, source in self._sources.items()}
