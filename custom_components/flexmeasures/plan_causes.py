"""What happens in the home that makes another plan worthwhile."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.util import dt as dt_util

from .const import (
    CONF_CALENDAR_ENTITY,
    CONF_PLUGGED_IN_ENTITY,
    CONF_READY_ENTITY,
    CONF_STATE_OF_CHARGE_ENTITY,
)
from .data import FlexMeasuresConfigEntry
from .device_reading import read_stored_energy
from .flexible_device import DeviceKind, FlexibleDevice
from .followed_entities import FollowedEntities, resolve_entity_id
from .path_watch import PathWatch
from .plan_keeper import PlanKeeper
from .plan_models import PlanCause
from .process_runs import ProcessRuns

if TYPE_CHECKING:
    from .controller import Controller
    from .s2_planning import S2Planning

_NOT_THERE = frozenset({STATE_UNAVAILABLE, STATE_UNKNOWN})


class CauseWatch:
    """Asks for another plan when an entity of a device says something that the plan in force did not know.

    Whether a plan would really be another one is found out by the planner; nothing here triggers by itself.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        devices: tuple[FlexibleDevice, ...],
        keeper: PlanKeeper,
        runs: ProcessRuns,
        request: Callable[[PlanCause], None],
        s2: S2Planning | None,
    ) -> None:
        """Prepare watching the devices' entities, and what S2 devices tell."""
        self._hass = hass
        self._devices = {device.subentry_id: device for device in devices}
        self._runs = runs
        self._request = request
        self._s2 = s2
        self._path = PathWatch(
            hass, keeper, self._stored_energy, partial(request, PlanCause.STATE_OF_CHARGE)
        )

    @callback
    def async_start(
        self, entry: FlexMeasuresConfigEntry, controllers: Mapping[str, Controller]
    ) -> None:
        """Watch until the entry is unloaded."""
        self._path.async_start(controllers)
        entry.async_on_unload(self._path.async_stop)
        for device in self._devices.values():
            if self._s2 is not None and device.kind is DeviceKind.S2:
                look = partial(self._path.async_look, device.subentry_id)
                entry.async_on_unload(self._s2.listeners(device.subentry_id).async_add(look))
            for reference in device.inputs:
                changed = partial(self._async_told, device, self._reaction(device, reference))
                followed = FollowedEntities(self._hass, (reference,), changed)
                entry.async_on_unload(followed.async_start())
            self._async_take_readiness(device)

    def _stored_energy(self, device_id: str) -> float | None:
        """Return the kWh in a device.

        Raises:
            HomeAssistantError: its entity tells nothing of use.
        """
        device = self._devices[device_id]
        if self._s2 is not None and device.kind is DeviceKind.S2:
            return self._s2.stored_energy(device_id)
        stored = read_stored_energy(self._hass, device, dt_util.utcnow())
        return stored.energy if stored else None

    def _reaction(
        self, device: FlexibleDevice, reference: str
    ) -> Callable[[Event[EventStateChangedData]], None]:
        """Return what a change of an entity means, by what the device uses it for."""
        settings = device.settings
        if reference == settings.get(CONF_PLUGGED_IN_ENTITY):
            return self._async_plug_changed
        if reference == settings.get(CONF_READY_ENTITY):
            return partial(self._async_ready_changed, device)
        if reference == settings.get(CONF_STATE_OF_CHARGE_ENTITY):
            return partial(self._async_level_changed, device)
        if reference == settings.get(CONF_CALENDAR_ENTITY):
            return partial(self._async_value_changed, PlanCause.WISH)
        return partial(self._async_value_changed, PlanCause.INPUT)

    @callback
    def _async_told(
        self,
        device: FlexibleDevice,
        changed: Callable[[Event[EventStateChangedData]], None],
        event: Event[EventStateChangedData] | None,
    ) -> None:
        """Take a change of state, or that the entity was renamed, added or removed: it may tell something else now."""
        if event is not None:
            changed(event)
            return
        self._async_take_readiness(device)
        self._request(PlanCause.INPUT)

    @callback
    def _async_plug_changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if new is not None and (old is None or old.state != new.state):
            self._request(PlanCause.PLUG)

    @callback
    def _async_value_changed(self, cause: PlanCause, event: Event[EventStateChangedData]) -> None:
        if _is_there(event.data["new_state"]):
            self._request(cause)

    @callback
    def _async_ready_changed(
        self, device: FlexibleDevice, event: Event[EventStateChangedData]
    ) -> None:
        self._async_take_readiness(device)

    @callback
    def _async_take_readiness(self, device: FlexibleDevice) -> None:
        """Ask for a run of a process that is ready, and take that back when it no longer is."""
        reference = device.settings.get(CONF_READY_ENTITY)
        state = reference and self._hass.states.get(resolve_entity_id(self._hass, reference))
        if not state:
            return
        before = self._runs.of(device.subentry_id)
        if state.state == STATE_ON and before is None:
            self._runs.async_request(device.subentry_id, dt_util.utcnow())
        elif state.state == STATE_OFF:
            self._runs.async_withdraw(device.subentry_id)
        if self._runs.of(device.subentry_id) != before:
            self._request(PlanCause.PROCESS)

    @callback
    def _async_level_changed(
        self, device: FlexibleDevice, event: Event[EventStateChangedData]
    ) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if not _is_there(new):
            return
        if not _is_there(old):
            self._request(PlanCause.INPUT)
        else:
            self._path.async_look(device.subentry_id)


def _is_there(state: State | None) -> bool:
    return state is not None and state.state not in _NOT_THERE
