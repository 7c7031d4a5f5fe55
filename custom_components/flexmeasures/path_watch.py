"""Notices that a device stores another energy than its plan expects."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .plan_changes import is_energy_off_path
from .plan_keeper import PlanKeeper

if TYPE_CHECKING:
    from .controller import Controller

# A state of charge that is still off its path after this is no glitch, and no reading ahead of its time.
_SETTLED = timedelta(minutes=1)
# However fast a small battery leaves its path, more plans than this would leave none for people and other homes.
_SHORTEST_PAUSE = timedelta(minutes=5)


class PathWatch:
    """Asks for another plan when a device that follows its plan is off its path, and stays so.

    When it fails, a device that was used otherwise goes on with a plan that it cannot keep.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        keeper: PlanKeeper,
        read: Callable[[str], float | None],
        request: Callable[[], None],
    ) -> None:
        """Prepare watching devices.

        Args:
            hass: tells the time.
            keeper: has the plans.
            read: returns the kWh that are stored in the device of an id; None where nothing is. It may raise.
            request: asks for another plan.
        """
        self._hass = hass
        self._keeper = keeper
        self._read = read
        self._request = request
        self._controllers: Mapping[str, Controller] = {}
        self._settling: dict[str, CALLBACK_TYPE] = {}

    @callback
    def async_start(self, controllers: Mapping[str, Controller]) -> None:
        """Take who tells whether a device follows its plan."""
        self._controllers = controllers

    @callback
    def async_stop(self) -> None:
        """Wait for nothing any more."""
        for cancel in self._settling.values():
            cancel()
        self._settling.clear()

    @callback
    def async_look(self, device_id: str) -> None:
        """Look at a device whose stored energy may be another."""
        if device_id not in self._settling and self._is_off_path(device_id):
            self._settling[device_id] = async_call_later(
                self._hass, _SETTLED, partial(self._async_settled, device_id)
            )

    @callback
    def _async_settled(self, device_id: str, now: datetime) -> None:
        del self._settling[device_id]
        if self._is_off_path(device_id):
            self._request()

    def _is_off_path(self, device_id: str) -> bool:
        """Tell whether a device that follows its plan is off it; one that does not is no surprise."""
        if not self._controllers[device_id].following:
            return False
        now = dt_util.utcnow()
        plan = self._keeper.plan(device_id)
        if plan is None or not plan.energies:
            return False
        if now - plan.schedule.computed_at < _SHORTEST_PAUSE:
            return False
        try:
            energy = self._read(device_id)
        except HomeAssistantError:
            return False
        return energy is not None and is_energy_off_path(plan, energy, now)
