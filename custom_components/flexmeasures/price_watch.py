"""Notices prices that are new: most are made known once a day, and a car that leaves early cannot wait for a period."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util import dt as dt_util

from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .plan_models import PlanCause
from .plan_prices import price_sensors
from .scheduling import FlexContext
from .values import SiteValues


class PriceWatch:
    """Asks for another plan when a price sensor of the site holds a price to come that it did not hold before.

    When it fails, plans take new prices up with the next period.
    """

    def __init__(
        self,
        inventory: InventoryCoordinator,
        values: SiteValues,
        context: FlexContext,
        request: Callable[[PlanCause], None],
    ) -> None:
        """Prepare watching the price sensors of the options, or else of the site as the server stores it."""
        self._inventory = inventory
        self._values = values
        self._context = context
        self._request = request
        self._stops: dict[int, CALLBACK_TYPE] = {}
        self._known: dict[int, dict[datetime, float]] = {}

    @callback
    def async_start(self, entry: FlexMeasuresConfigEntry) -> None:
        """Watch until the entry is unloaded."""
        entry.async_on_unload(self._async_stop)
        entry.async_on_unload(self._inventory.async_add_listener(self._async_follow))
        self._async_follow()

    @callback
    def _async_stop(self) -> None:
        for stop in self._stops.values():
            stop()
        self._stops.clear()

    @callback
    def _async_follow(self) -> None:
        """Follow the sensors that prices come from now: somebody may have chosen others on the server."""
        sensors = price_sensors(self._inventory.data.site.flex_context, self._context)
        for gone in self._stops.keys() - sensors:
            self._stops.pop(gone)()
            self._known.pop(gone, None)
        for sensor in sensors - self._stops.keys():
            look = partial(self._async_look, sensor)
            self._stops[sensor] = self._values.async_follow(sensor, look)

    @callback
    def _async_look(self, sensor: int) -> None:
        window = self._values.window(sensor)
        if window is None:
            return
        before = self._known.get(sensor)
        known = {row.start: row.value for row in window.rows_from(dt_util.utcnow())}
        self._known[sensor] = known
        if before is not None and not known.items() <= before.items():
            self._request(PlanCause.PRICES)
