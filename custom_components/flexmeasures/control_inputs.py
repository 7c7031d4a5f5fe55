"""What control has to know of a device beside its plan, read from the entities that tell it."""

from dataclasses import dataclass
from datetime import datetime

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import CONF_PLUGGED_IN_ENTITY
from .control import Inputs, PowerLimits
from .device_reading import (
    StoredEnergy,
    is_plugged_in,
    read_limits,
    read_model,
    read_stored_energy,
    storage_of,
)
from .flexible_device import DeviceKind, FlexibleDevice, resolve_entity_id
from .scheduling import Storage
from .wishes import Wishes

_PERCENT = 100
# Percentages become energy and back: what misses a limit by less has reached it.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInputs:
    """What is known of a device now.

    Attributes:
        inputs: for the engine.
        limits: what it can take; None when an entity does not tell.
        is_complete: whether every entity tells something: after a start some still have to come.
        stale_at: when the state of charge gets too old; None when it does not.
    """

    inputs: Inputs
    limits: PowerLimits | None
    is_complete: bool
    stale_at: datetime | None


def read_inputs(
    hass: HomeAssistant, device: FlexibleDevice, wishes: Wishes, now: datetime
) -> DeviceInputs:
    """Return what is known of the device now; nothing is raised for what is not known."""
    limits = stored = storage = stale_at = None
    live = plugged_in = True
    try:
        limits = read_limits(hass, device)
        if device.kind.stores_energy:
            storage = storage_of(read_model(hass, device))
        stored = read_stored_energy(hass, device, now)
        plugged_in = is_plugged_in(hass, device)
    except HomeAssistantError:
        live = False
    if stored is not None and device.longest_age is not None:
        stale_at = now - stored.age + device.longest_age
        live = live and stale_at > now
    states = {entity_id: _truth(hass, entity_id) for entity_id in _conditions(hass, device)}
    unmet = {entity_id for entity_id, state in states.items() if not state}
    if device.kind is DeviceKind.EV_CHARGER and not plugged_in:
        unmet.add(resolve_entity_id(hass, device.settings[CONF_PLUGGED_IN_ENTITY]))
    charged, discharged = _reached(storage, stored if live else None, wishes)
    return DeviceInputs(
        inputs=Inputs(
            live=live,
            unmet_conditions=frozenset(unmet),
            charged=charged,
            discharged=discharged,
        ),
        limits=limits,
        is_complete=live and None not in states.values(),
        stale_at=stale_at if stale_at and stale_at > now else None,
    )


def _conditions(hass: HomeAssistant, device: FlexibleDevice) -> tuple[str, ...]:
    return tuple(resolve_entity_id(hass, condition) for condition in device.conditions)


def _truth(hass: HomeAssistant, entity_id: str) -> bool | None:
    state = hass.states.get(entity_id)
    return {STATE_ON: True, STATE_OFF: False}.get(state.state) if state else None


def _reached(
    storage: Storage | None, stored: StoredEnergy | None, wishes: Wishes
) -> tuple[bool, bool]:
    """Return whether charging at once is done, and discharging at once.

    Charging goes up to the target where there is one, never above what is to be kept at most.
    """
    if storage is None or stored is None:
        return False, False
    state_of_charge = stored.energy / storage.capacity
    tops = [limit / _PERCENT for limit in (wishes.target, wishes.keep_at_most) if limit is not None]
    top = min((storage.maximum_state_of_charge, *tops))
    bottom = max(storage.minimum_state_of_charge, (wishes.keep_at_least or 0.0) / _PERCENT)
    return state_of_charge >= top - _ROUNDING, state_of_charge <= bottom + _ROUNDING
