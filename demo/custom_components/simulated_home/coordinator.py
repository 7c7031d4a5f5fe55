"""Lets the simulated home's time pass, and remembers its state across restarts."""

from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from . import prices
from .const import DOMAIN, LOGGER, LONGEST_GAP, TICK
from .faults import Fault
from .physics import Home, Memory, Reading

STORAGE_VERSION = 1
# A crash costs at most this much of the simulated home's recent past.
SAVE_DELAY = 30

type SimulatedHomeConfigEntry = ConfigEntry[SimulatedHomeCoordinator]


class StoredHome(Memory):
    """What a restart must not forget.

    The anchor is the hour in which the demo was first started (see ``prices``), in ISO 8601.
    """

    anchor: str


@dataclass(frozen=True, slots=True)
class HomeState:
    """The home at one moment."""

    time: datetime
    reading: Reading


class SimulatedHomeCoordinator(DataUpdateCoordinator[HomeState]):
    """Owns the one simulated home, and what is wrong with its entities.

    Attributes:
        faults: by entity id; a restart repairs them all.
    """

    config_entry: SimulatedHomeConfigEntry

    def __init__(self, hass: HomeAssistant, entry: SimulatedHomeConfigEntry) -> None:
        """Build a home in its initial state; the first refresh recalls where it was left."""
        super().__init__(hass, LOGGER, config_entry=entry, name=DOMAIN, update_interval=TICK)
        self.home = Home(zone=dt_util.get_default_time_zone())
        self.anchor = prices.start_of_hour(dt_util.utcnow())
        self.faults: dict[str, Fault] = {}
        self._store: Store[StoredHome] = Store(hass, STORAGE_VERSION, DOMAIN)
        self._last_tick = dt_util.utcnow()

    @override
    async def _async_setup(self) -> None:
        if (stored := await self._store.async_load()) is not None:
            self.anchor = datetime.fromisoformat(stored["anchor"])
            self.home.recall(stored)

    @override
    async def _async_update_data(self) -> HomeState:
        now = dt_util.utcnow()
        elapsed = min(now - self._last_tick, LONGEST_GAP)
        self._last_tick = now
        reading = self.home.advance(now, elapsed)
        self._store.async_delay_save(self._remembered, SAVE_DELAY)
        return HomeState(now, reading)

    async def async_remember(self) -> None:
        """Store the home's state now."""
        await self._store.async_save(self._remembered())

    def _remembered(self) -> StoredHome:
        return StoredHome(anchor=self.anchor.isoformat(), **self.home.remember())
