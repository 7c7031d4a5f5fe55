"""What is wrong with a flexible device as it was entered: its entities, its numbers, and all of it together."""

from collections.abc import Iterator, Mapping, Sequence
import math
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .const import (
    CONF_CAPACITY,
    CONF_CHARGING_EFFICIENCY,
    CONF_CHARGING_POWER,
    CONF_COEFFICIENT_OF_PERFORMANCE,
    CONF_DISCHARGING_EFFICIENCY,
    CONF_DISCHARGING_POWER,
    CONF_EMPTY_TEMPERATURE,
    CONF_FLEX_MODEL,
    CONF_FULL_TEMPERATURE,
    CONF_HEAT_USAGE,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_OPERATION_MODES,
    CONF_PEAK_POWER,
    CONF_POWER_SENSOR,
    CONF_PREDICTED_ENERGY_SENSOR,
    CONF_PROFILE,
    CONF_PROFILE_PART,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_STANDBY_LOSS,
    CONF_STATE_OF_CHARGE_AGE,
    CONF_STATE_OF_CHARGE_ENTITY,
    CONF_TANK_VOLUME,
    SUBENTRY_FLEXIBLE_DEVICE,
)
from .device_forms import EFFICIENCIES, NEW_SENSOR, UNITS, DeviceForm, stored_device
from .device_model import read_model
from .device_reading import read_stored_energy
from .feed import number_of
from .flexible_device import ENTITY_FIELDS, VALUE_FIELDS, DeviceKind, FlexibleDevice
from .forms import FormError, known_entity_id, unit_of_entity
from .power_texts import PowerPair, PowerRangesError, ProfileError
from .scheduling import FlexModelConflict, FlexModelError
from .units import UnitError, convert, convertible, is_energy

# Ids that no sensor has, for those that are not created yet.
_NEW_POWER_SENSOR = -1
_NEW_PREDICTED_SENSOR = -2
# Where the scheduling room has another word for a field.
_FIELDS = {
    "heating_power": CONF_CHARGING_POWER,
    "litres": CONF_TANK_VOLUME,
    "empty": CONF_EMPTY_TEMPERATURE,
    "full": CONF_FULL_TEMPERATURE,
    "loss": CONF_STANDBY_LOSS,
    "minimum": CONF_OPERATION_MODES,
    "part": CONF_PROFILE_PART,
    "power": CONF_PROFILE,
    "powers": CONF_PROFILE,
    "retention": CONF_STANDBY_LOSS,
}
# What an entity that tells nothing now is taken for, so that the other numbers can be checked; else for 0.
_IN_PLACE_OF_UNKNOWN = {
    CONF_CAPACITY: 1.0,
    CONF_CHARGING_EFFICIENCY: 100.0,
    CONF_CHARGING_POWER: 1.0,
    CONF_COEFFICIENT_OF_PERFORMANCE: 1.0,
    CONF_DISCHARGING_EFFICIENCY: 100.0,
    CONF_MAXIMUM_STATE_OF_CHARGE: 100.0,
    CONF_ROUNDTRIP_EFFICIENCY: 100.0,
}


def device_problems(
    hass: HomeAssistant, form: DeviceForm, entered: Mapping[str, Any]
) -> Iterator[FormError]:
    """Yield everything that makes a device unusable as it was entered, at most one problem per field."""
    for name in ENTITY_FIELDS:
        if name in entered and (problem := _problem_with_entity(hass, entered, name)):
            yield problem
    for name in VALUE_FIELDS:
        value = entered.get(name)
        if isinstance(value, str) and (problem := _problem_with_value(hass, name, value)):
            yield problem
    yield from (FormError(name, "empty") for name in form.required if name not in entered)
    asked = [name for name in EFFICIENCIES if name in form.fields]
    if asked and not any(name in entered for name in asked):
        yield FormError(asked[0], "empty")
    if problem := _problem_with_numbers(hass, form, entered):
        yield problem


def stored_energy_text(hass: HomeAssistant, data: Mapping[str, Any]) -> str:
    """Return what is in a device right now, such as ``Battery level: 45 % = 4.5 kWh``; empty when nothing tells it."""
    if CONF_STATE_OF_CHARGE_ENTITY not in data:
        return ""
    entity_id = known_entity_id(hass, data[CONF_STATE_OF_CHARGE_ENTITY])
    state = hass.states.get(entity_id) if entity_id else None
    if state is None:
        return ""
    try:
        stored = read_stored_energy(hass, _device(data), dt_util.utcnow())
    except HomeAssistantError:
        stored = None
    energy = f" = {stored.energy:.1f} kWh" if stored else ""
    return f"{state.name}: {_state_text(state)}{energy}"


def told_entity_text(state: State) -> str:
    """Return which entity is told setpoints and what it shows, if it shows anything: ``Charging current (6 A)``."""
    if state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
        return state.name
    return f"{state.name} ({_state_text(state)})"


def _state_text(state: State) -> str:
    return f"{state.state} {state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or ''}".strip()


def _problem_with_entity(
    hass: HomeAssistant, entered: Mapping[str, Any], name: str
) -> FormError | None:
    entity_id = known_entity_id(hass, entered[name])
    if entity_id is None:
        return FormError(name, "entity_not_found")
    if name != CONF_STATE_OF_CHARGE_ENTITY:
        return None
    unit = unit_of_entity(hass, entity_id)
    is_tank = CONF_TANK_VOLUME in entered
    if unit is None:
        return FormError(name, "state_of_charge_without_unit")
    if is_tank and convertible(unit, UnitOfTemperature.CELSIUS):
        return None
    if unit != PERCENTAGE and not is_energy(unit):
        if is_tank:
            return FormError(name, "tank_state_unit", state_of_charge_unit=unit)
        return FormError(name, "state_of_charge_unit", state_of_charge_unit=unit)
    if unit == PERCENTAGE and not is_tank and CONF_CAPACITY not in entered:
        return FormError(CONF_CAPACITY, "capacity_missing")
    return None


def _problem_with_value(hass: HomeAssistant, name: str, entity: str) -> FormError | None:
    """Return why the entity cannot tell this value; None when it can."""
    if (entity_id := known_entity_id(hass, entity)) is None:
        return FormError(name, "entity_not_found")
    unit, wanted = unit_of_entity(hass, entity_id), UNITS[name]
    if wanted is None or convertible(unit, wanted):
        return None
    return FormError(name, "value_unit", value_unit=unit or "-", wanted_unit=wanted)


def _problem_with_numbers(
    hass: HomeAssistant, form: DeviceForm, entered: Mapping[str, Any]
) -> FormError | None:
    """Return what no such device can be; None when the numbers make sense."""
    if any(name not in entered for name in form.required):
        return None
    # Compared as "not above" so that what is not a number is refused, too.
    for name in (CONF_PEAK_POWER, CONF_STATE_OF_CHARGE_AGE):
        if name in entered and not entered[name] > 0:
            return FormError(name, "not_positive")
    if not isinstance(entered.get(CONF_FLEX_MODEL, {}), Mapping):
        return FormError(CONF_FLEX_MODEL, "not_an_object")
    numbers = {
        name: _in_numbers(hass, name, value) if name in VALUE_FIELDS else value
        for name, value in entered.items()
    }
    if form.kind is DeviceKind.GENERIC:
        for name in (CONF_CHARGING_POWER, CONF_DISCHARGING_POWER):
            if not 0 <= numbers[name] < math.inf:
                return FormError(name, "negative")
    try:
        device = _device(stored_device(hass, form, numbers), entered)
    except ProfileError:
        return FormError(CONF_PROFILE, "not_a_profile")
    except PowerRangesError:
        return FormError(CONF_OPERATION_MODES, "not_ranges")
    modes = device.settings.get(CONF_OPERATION_MODES, ())
    if any(_is_out_of_reach(mode, numbers) for mode in modes):
        return FormError(CONF_OPERATION_MODES, "modes_outside_power")
    if form.kind is DeviceKind.PROCESS and _rests(device.settings[CONF_PROFILE]):
        return FormError(CONF_PROFILE, "profile_rests")
    return _problem_with_model(hass, device)


def _is_out_of_reach(mode: PowerPair, numbers: Mapping[str, float]) -> bool:
    """Tell whether a device could never run in a mode, for instance because it was entered in W."""
    least, most = mode
    return least > numbers[CONF_CHARGING_POWER] or most < -numbers.get(CONF_DISCHARGING_POWER, 0.0)


def _rests(powers: Sequence[float]) -> bool:
    """Tell whether a run takes nothing for a part in its middle: it would be started anew after that."""
    taking = [part for part, power in enumerate(powers) if power]
    return bool(taking) and 0 in powers[taking[0] : taking[-1]]


def _problem_with_model(hass: HomeAssistant, device: FlexibleDevice) -> FormError | None:
    try:
        read_model(hass, device)
    except HomeAssistantError as error:
        cause = error.__cause__
        if not isinstance(cause, FlexModelError):
            raise
        if device.kind is DeviceKind.GENERIC:
            if cause.problem is FlexModelConflict.RESERVED_FIELD:
                return FormError(CONF_FLEX_MODEL, cause.problem, name=cause.field)
            return FormError(CONF_FLEX_MODEL, "empty_field", name=cause.field)
        if cause.field == "usage" and device.kind is DeviceKind.HEAT_BUFFER:
            return FormError(CONF_HEAT_USAGE, cause.problem)
        return FormError(_FIELDS.get(cause.field, cause.field), cause.problem)
    return None


def _in_numbers(hass: HomeAssistant, name: str, value: float | str) -> float:
    """Return a value, or what its entity tells now; something harmless while that tells nothing."""
    if not isinstance(value, str):
        return value
    entity_id = known_entity_id(hass, value)
    state = hass.states.get(entity_id) if entity_id else None
    told = number_of(state) if state else None
    wanted = UNITS[name]
    try:
        if state and told is not None:
            unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
            return told if wanted is None else convert(told, unit, wanted)
    except UnitError:
        pass  # told at the field itself
    return _IN_PLACE_OF_UNKNOWN.get(name, 0.0)


def _device(data: Mapping[str, Any], entered: Mapping[str, Any] | None = None) -> FlexibleDevice:
    """Return a device from its data, with ids of their own for sensors that are not created yet."""
    sensors = {CONF_POWER_SENSOR: _NEW_POWER_SENSOR}
    if entered and entered.get(CONF_PREDICTED_ENERGY_SENSOR) == NEW_SENSOR:
        sensors[CONF_PREDICTED_ENERGY_SENSOR] = _NEW_PREDICTED_SENSOR
    subentry = ConfigSubentry(
        data=MappingProxyType({**sensors, **data}),
        subentry_type=SUBENTRY_FLEXIBLE_DEVICE,
        title="",
        unique_id=None,
    )
    return FlexibleDevice.from_subentry(subentry)
