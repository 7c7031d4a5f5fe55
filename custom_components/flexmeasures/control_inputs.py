"""What control has to know of a device beside its plan, read from the entities that tell it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, override

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError

from .const import CONF_PLUGGED_IN_ENTITY
from .control import Inputs, PowerLimits
from .device_model import read_limits, read_model, storage_of
from .device_reading import is_plugged_in, read_stored_energy
from .flexible_device import DeviceKind, FlexibleDevice
from .followed_entities import FollowedEntities, resolve_entity_id
from .wishes import Wishes

_PERCENT = 100
# An entity that is away for a moment, as all of an integration's are while it is reloaded.
_TELLS_NOTHING = frozenset(
    {
        "device_value_unknown",
        "plugged_in_unknown",
        "state_of_charge_missing",
        "state_of_charge_unknown",
    }
)
# An integration that is reloaded, or a car's cloud that hiccups, is back within this. A battery that charges with the
# usual half of its capacity per hour gains less than one percent meanwhile.
_LONGEST_SILENCE = timedelta(minutes=1)
_FOR_EVER = datetime.max.replace(tzinfo=UTC)
# Percentages become energy and back: what misses a limit by less has reached it.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInputs:
    """What is known of a device now.

    Attributes:
        inputs: for the engine.
        limits: what it can take; None when an entity does not tell.
        is_complete: whether every entity tells something: after a start some still have to come.
        is_silent: whether an entity tells nothing at all, which often passes; what is wrong or too old does not.
        stale_at: when the state of charge gets too old; None when it does not.
    """

    inputs: Inputs
    limits: PowerLimits | None
    is_complete: bool
    is_silent: bool
    stale_at: datetime | None


class InputSource(Protocol):
    """Tells what control has to know of one device."""

    def read(self, wishes: Wishes, now: datetime) -> DeviceInputs:
        """Return what is known of the device now; nothing is raised for what is not known."""

    @callback
    def async_start(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call back whenever it may be otherwise, until the callable returned is called."""


class EntityInputs(InputSource):
    """What the entities of a device tell."""

    def __init__(self, hass: HomeAssistant, device: FlexibleDevice) -> None:
        """Read the entities that the device's settings name."""
        self._hass = hass
        self._device = device

    @override
    def read(self, wishes: Wishes, now: datetime) -> DeviceInputs:
        return _read(self._hass, self._device, wishes, now)

    @callback
    @override
    def async_start(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        @callback
        def entity_changed(event: Event[EventStateChangedData] | None) -> None:
            changed()

        entities = (*self._device.inputs, *self._device.conditions)
        return FollowedEntities(self._hass, entities, entity_changed).async_start()


def _read(
    hass: HomeAssistant, device: FlexibleDevice, wishes: Wishes, now: datetime
) -> DeviceInputs:
    limits = stored = storage = stale_at = None
    live = plugged_in = True
    is_silent = False
    try:
        limits = read_limits(hass, device)
        if device.kind.stores_energy:
            storage = storage_of(read_model(hass, device))
        stored = read_stored_energy(hass, device, now)
        plugged_in = is_plugged_in(hass, device)
    except HomeAssistantError as problem:
        live = False
        is_silent = problem.translation_key in _TELLS_NOTHING
    if stored is not None and device.longest_age is not None:
        stale_at = now - stored.age + device.longest_age
        live = live and stale_at > now
    states = {entity_id: _truth(hass, entity_id) for entity_id in _conditions(hass, device)}
    unmet = {entity_id for entity_id, state in states.items() if not state}
    if device.kind is DeviceKind.EV_CHARGER and not plugged_in:
        unmet.add(resolve_entity_id(hass, device.settings[CONF_PLUGGED_IN_ENTITY]))
    charged, discharged = False, False
    if storage and stored and live:
        band = (storage.minimum_state_of_charge, storage.maximum_state_of_charge)
        charged, discharged = reached(stored.energy / storage.capacity, wishes, band)
    return DeviceInputs(
        inputs=Inputs(
            live=live,
            unmet_conditions=frozenset(unmet),
            charged=charged,
            discharged=discharged,
        ),
        limits=limits,
        is_complete=live and None not in states.values(),
        is_silent=is_silent,
        stale_at=stale_at if stale_at and stale_at > now else None,
    )


class Silence:
    """Tells for how long an entity that tells nothing is given to come back.

    When it fails, every reload of another integration stops what is being carried out.
    """

    def __init__(self) -> None:
        """Begin without having heard anything."""
        self._believed_until: datetime | None = None

    def bridge(self, read: DeviceInputs, now: datetime) -> Inputs:
        """Return the inputs, with until when what is silent may come back.

        That is never longer than the last reading is believed, and nothing where there was none.
        """
        if read.inputs.live:
            self._believed_until = read.stale_at or _FOR_EVER
            return read.inputs
        if self._believed_until is None or not read.is_silent:
            self._believed_until = None
            return read.inputs
        self._believed_until = min(self._believed_until, now + _LONGEST_SILENCE)
        return replace(read.inputs, bridged_until=self._believed_until)


def _conditions(hass: HomeAssistant, device: FlexibleDevice) -> tuple[str, ...]:
    return tuple(resolve_entity_id(hass, condition) for condition in device.conditions)


def _truth(hass: HomeAssistant, entity_id: str) -> bool | None:
    state = hass.states.get(entity_id)
    return {STATE_ON: True, STATE_OFF: False}.get(state.state) if state else None


def reached(
    state_of_charge: float | None, wishes: Wishes, band: tuple[float, float] = (0.0, 1.0)
) -> tuple[bool, bool]:
    """Return whether charging at once is done, and discharging at once; neither where nothing tells a state of charge.

    Charging goes up to the target where there is one, never above what is to be kept at most.

    Args:
        state_of_charge: share of the capacity, as the band within which the device is used.
        wishes: what people want, in %.
        band: the least and the most.
    """
    if state_of_charge is None:
        return False, False
    tops = [limit / _PERCENT for limit in (wishes.target, wishes.keep_at_most) if limit is not None]
    top = min((band[1], *tops))
    bottom = max(band[0], (wishes.keep_at_least or 0.0) / _PERCENT)
    return state_of_charge >= top - _ROUNDING, state_of_charge <= bottom + _ROUNDING
