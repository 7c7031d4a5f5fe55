"""The parts that a site with S2 devices has besides the others."""

from collections.abc import Iterator

from homeassistant.core import HomeAssistant, callback

from .const import LOGGER, SUBENTRY_S2_DEVICE
from .data import FlexMeasuresConfigEntry
from .feed import Feed
from .planner import Planner
from .s2_carrier import S2Carrier, S2Inputs
from .s2_planning import S2Planning
from .s2_sensors import S2SensorKeeper, s2_feeds
from .s2_server import S2Server
from .s2_settings import S2Settings
from .site_store import SiteStore


class S2Site:
    """Builds and starts what serves, measures and plans a site's S2 devices.

    Attributes:
        planning: reads them for the site's plans.
        server: takes their connections.
    """

    def __init__(
        self, hass: HomeAssistant, entry: FlexMeasuresConfigEntry, store: SiteStore
    ) -> None:
        """Prepare the parts; nothing runs yet."""
        self._hass = hass
        self._entry = entry
        self.server = S2Server(hass, entry, store, tuple(_devices(entry)))
        self.planning = S2Planning(hass, entry, self.server.devices)

    def feeds(self) -> tuple[Feed, ...]:
        """Return the measurements of all devices whose entities and sensors exist."""
        return s2_feeds(self._hass, self._entry, self.server.devices.values())

    def control_of(self, device_id: str, planner: Planner) -> tuple[S2Carrier, S2Inputs]:
        """Return what takes a device's setpoint, and what tells of it."""
        device = self.server.devices[device_id]
        return S2Carrier(device, planner), S2Inputs(device)

    @callback
    def async_start(self, planner: Planner) -> None:
        """Take connections, measure and plan, until the entry is unloaded."""
        self.server.async_start()
        S2SensorKeeper(self._hass, self._entry, self.server.devices).async_start()
        self.planning.async_start(planner)


def _devices(entry: FlexMeasuresConfigEntry) -> Iterator[S2Settings]:
    for subentry in entry.get_subentries_of_type(SUBENTRY_S2_DEVICE):
        try:
            yield S2Settings.from_subentry(subentry)
        except ValueError as error:
            LOGGER.error("%s is not served, its settings make no sense: %s", subentry.title, error)
