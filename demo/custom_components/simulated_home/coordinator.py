"""Lets the simulated home's time pass, and remembers its state across restarts."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from . import prices
from .const import DOMAIN, LOGGER, LONGEST_GAP, TICK
from .physics import Home, Reading

STORAGE_VERSION = 1
# A crash costs at most this much of the simulated home's recent past.
SAVE_DELAY = 30

type SimulatedHomeConfigEntry = ConfigEntry[SimulatedHomeCoordinator]


class StoredHome(TypedDict):
    """What a restart must not forget.

    The anchor is the hour in which the demo was first started (see ``prices``), in ISO 8601.
    """

    anchor: str
    battery_stored: float
    battery_setpoint: float
    car_stored: float
    car_setpoint: float


@dataclass(frozen=True, slots=True)
class HomeState:
    """The home at one moment."""

    time: datetime
    reading: Reading


class SimulatedHomeCoordinator(DataUpdateCoordinator[HomeState]):
    """Owns the one simulated home."""

    config_entry: SimulatedHomeConfigEntry

    def __init__(self, hass: HomeAssistant, entry: SimulatedHomeConfigEntry) -> None:
        """Build a home in its initial state; the first refresh recalls where it was left."""
        super().__init__(hass, LOGGER, config_entry=entry, name=DOMAIN, update_interval=TICK)
        self.home = Home(zone=dt_util.get_default_time_zone())
        self.anchor = prices.start_of_hour(dt_util.utcnow())
        self._store: Store[StoredHome] = Store(hass, STORAGE_VERSION, DOMAIN)
        self._last_tick = dt_util.utcnow()

    @override
    async def _async_setup(self) -> None:
        if (stored := await self._store.async_load()) is not None:
            self.anchor = datetime.fromisoformat(stored["anchor"])
            self.home.battery.stored = stored["battery_stored"]
            self.home.battery.setpoint = stored["battery_setpoint"]
            self.home.car.stored = stored["car_stored"]
            self.home.car.setpoint = stored["car_setpoint"]

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
        return StoredHome(
            anchor=self.anchor.isoformat(),
            battery_stored=self.home.battery.stored,
            battery_setpoint=self.home.battery.setpoint,
            car_stored=self.home.car.stored,
            car_setpoint=self.home.car.setpoint,
        )
