"""The door to planning and control: they cost 4 MiB, and a home that only measures has no flexible device."""

from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant

from .const import SUBENTRY_FLEXIBLE_DEVICE
from .data import FlexMeasuresConfigEntry

if TYPE_CHECKING:
    from .flexible_site import FlexibleSite
    from .s2_site import S2Site


async def async_flexible_site(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, s2: S2Site | None
) -> FlexibleSite | None:
    """Return the parts for the site's flexible devices; None while it has none."""
    if s2 is None and not any(entry.get_subentries_of_type(SUBENTRY_FLEXIBLE_DEVICE)):
        return None

    def read() -> type[FlexibleSite]:
        from .flexible_site import FlexibleSite  # noqa: PLC0415 - only where flexible devices are

        return FlexibleSite

    # The first time, that takes longer than the event loop may wait.
    site = await hass.async_add_import_executor_job(read)
    return site(hass, entry, s2)
