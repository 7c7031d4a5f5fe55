"""How a flexible device is now, read from the entities that its settings name."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
import math

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_OFF,
    STATE_ON,
    UnitOfEnergy,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import CONF_PLUGGED_IN_ENTITY, CONF_STATE_OF_CHARGE_ENTITY, DOMAIN
from .device_values import PERCENT, capacity_of, not_known, tank_of, values_make_sense
from .feed import number_of
from .flexible_device import DeviceKind, FlexibleDevice
from .followed_entities import resolve_entity_id
from .scheduling import (
    Departure,
    EnergyTarget,
    EnergyWindow,
    Storage,
    StorageState,
    VehicleState,
    WaterTank,
)
from .units import UnitError, convert, is_energy
from .wishes import Wishes

# A full battery may report a little more than its capacity.
_ROUNDING = 1.001
_ALWAYS_FROM = datetime(1970, 1, 1, tzinfo=UTC)
_ALWAYS_UNTIL = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StoredEnergy:
    """What a device's state of charge means.

    Attributes:
        energy: kWh.
        age: since the entity last reported it.
    """

    energy: float
    age: timedelta


def read_storage_state(
    hass: HomeAssistant,
    device: FlexibleDevice,
    storage: Storage,
    stored: StoredEnergy,
    wishes: Wishes,
    *,
    now: datetime,
    zone: tzinfo,
    departures: tuple[Departure, ...] = (),
) -> StorageState | VehicleState:
    """Return how a device that stores energy is now, and what is wanted of it.

    Args:
        hass: tells whether a car is plugged in.
        device: of a kind that stores energy.
        storage: what it can do.
        stored: what is in it.
        wishes: what people want, in %.
        now: aware.
        zone: in which people say when it has to be ready.
        departures: what a calendar asks for, beside the wishes.

    Raises:
        HomeAssistantError: it is not known whether the car is plugged in, or nothing is between the limits.
    """
    ready_at = wishes.ready_at(now, zone)
    share = None if wishes.target is None else wishes.target / PERCENT
    least = (wishes.keep_at_least or 0.0) / PERCENT
    most = 1.0 if wishes.keep_at_most is None else wishes.keep_at_most / PERCENT
    if least >= most:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="wishes_contradict",
            translation_placeholders={
                "device": device.title,
                "minimum": f"{least:.0%}",
                "maximum": f"{most:.0%}",
            },
        )
    wished = (
        ()
        if ready_at is None or share is None
        else (Departure(time=ready_at, state_of_charge=share),)
    )
    if device.kind is DeviceKind.EV_CHARGER:
        return VehicleState(
            stored_energy=stored.energy,
            is_plugged_in=is_plugged_in(hass, device),
            departures=(*wished, *departures),
            keep_at_least=least,
            keep_at_most=most,
        )
    return StorageState(
        stored_energy=stored.energy,
        targets=tuple(
            EnergyTarget(each.time, each.state_of_charge * storage.capacity) for each in wished
        ),
        minima=_always(least * storage.capacity) if least > 0 else (),
        maxima=_always(most * storage.capacity) if most < 1 else (),
    )


def _always(energy: float) -> tuple[EnergyWindow, ...]:
    return (EnergyWindow(_ALWAYS_FROM, _ALWAYS_UNTIL, energy),)


def is_plugged_in(hass: HomeAssistant, device: FlexibleDevice) -> bool:
    """Return whether the device can be charged now; what tells nothing about it always can.

    Raises:
        HomeAssistantError: the entity does not tell.
    """
    if (entity := device.settings.get(CONF_PLUGGED_IN_ENTITY)) is None:
        return True
    entity_id = resolve_entity_id(hass, entity)
    state = hass.states.get(entity_id)
    if state is None or state.state not in {STATE_ON, STATE_OFF}:
        raise not_known("plugged_in_unknown", entity_id, state.state if state else "")
    return state.state == STATE_ON


def read_stored_energy(
    hass: HomeAssistant, device: FlexibleDevice, now: datetime
) -> StoredEnergy | None:
    """Return what is stored in the device; None where nothing tells a state of charge.

    Raises:
        HomeAssistantError: the entity is missing, has no number, no usable unit, or tells more than fits.
    """
    if (entity := device.settings.get(CONF_STATE_OF_CHARGE_ENTITY)) is None:
        return None
    entity_id = resolve_entity_id(hass, entity)
    state = hass.states.get(entity_id)
    if state is None:
        raise not_known("state_of_charge_missing", entity_id, "")
    value = number_of(state)
    if value is None:
        raise not_known("state_of_charge_unknown", entity_id, state.state)
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or ""
    # A device with a flex-model of its own may have no capacity; its energy is then told as energy.
    knows_capacity = device.kind.stores_energy or unit == PERCENTAGE
    with values_make_sense(device):
        tank = tank_of(device)
        capacity = capacity_of(hass, device) if knows_capacity else math.inf
    try:
        energy = _energy(value, unit, capacity, tank)
    except UnitError:
        raise not_known("state_of_charge_unit", entity_id, unit) from None
    if not 0 <= energy <= capacity * _ROUNDING:
        raise not_known("state_of_charge_outside", entity_id, f"{state.state} {unit}")
    return StoredEnergy(min(energy, capacity), max(now - state.last_reported, timedelta(0)))


def _energy(value: float, unit: str, capacity: float, tank: WaterTank | None) -> float:
    """Return the kWh that a reading means; a tank below its empty temperature stores nothing of use.

    Raises:
        UnitError: the unit says nothing about stored energy.
    """
    if unit == PERCENTAGE:
        return value / PERCENT * capacity
    if tank is not None and not is_energy(unit):
        return max(0.0, tank.energy(convert(value, unit, UnitOfTemperature.CELSIUS)))
    return convert(value, unit, UnitOfEnergy.KILO_WATT_HOUR)
