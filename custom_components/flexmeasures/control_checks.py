"""What is wrong with how a flexible device is to be controlled, as it was entered."""

from collections.abc import Iterator, Mapping
import math
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import (
    CONF_CONDITIONS,
    CONF_FULL_POWER,
    CONF_KIND,
    CONF_OFF_BELOW,
    CONF_ON_FROM,
    CONF_OPTION_CHARGE,
    CONF_OPTION_DISCHARGE,
    CONF_OPTION_IDLE,
    CONF_SAFE_ACTION,
    CONF_SAFE_POWER,
    CONF_SETPOINT_ENTITY,
    CONF_STATE_OF_CHARGE_ENTITY,
    CONF_SUSPENSION,
    CONF_SWITCH_ENTITY,
    CONF_TEMPERATURE_AT_FULL_POWER,
    CONF_TEMPERATURE_AT_REST,
    CONF_VOLTAGE,
    CONF_WRITES_PER_DAY,
    DOMAIN,
)
from .control import GuardRails
from .control_forms import GUARD_RAIL_FIELDS, Takes
from .device_sensors import other_devices
from .flexible_device import DeviceKind, SafeAction
from .forms import FormError, known_entity_id, lasting_id, unit_of_entity

# The safe value with all its retries, and one other value.
_FEWEST_WRITES = 2 + GuardRails().retries
# Being on means taking power, to these.
_NO_LIMIT = frozenset({Takes.SWITCH, Takes.TEMPERATURE})


def is_used_for_setpoints(hass: HomeAssistant, entity: str, changed: ConfigSubentry | None) -> bool:
    """Tell whether another device, of whatever site, writes its setpoints to the entity."""
    wanted = lasting_id(hass, entity)
    return any(
        subentry.data.get(CONF_SETPOINT_ENTITY) == wanted
        for entry in hass.config_entries.async_entries(DOMAIN)
        for subentry in other_devices(entry, changed)
    )


def setpoint_problem(
    hass: HomeAssistant, device: Mapping[str, Any], entity: str
) -> FormError | None:
    """Return why the entity cannot take the device's setpoint; None when it can."""
    field = CONF_SETPOINT_ENTITY
    if (entity_id := known_entity_id(hass, entity)) is None:
        return FormError(field, "entity_not_found")
    if lasting_id(hass, entity_id) == device.get(CONF_STATE_OF_CHARGE_ENTITY):
        return FormError(field, "same_entity")
    registered = er.async_get(hass).async_get(entity_id)
    if registered is not None and registered.platform == DOMAIN:
        return FormError(field, "own_entity")
    takes = Takes.of(hass, entity_id)
    if takes is Takes.START and device[CONF_KIND] != DeviceKind.PROCESS:
        return FormError(field, "starts_only_processes")
    if takes in _NO_LIMIT and device[CONF_KIND] == DeviceKind.SOLAR:
        return FormError(field, "cannot_curtail")
    if takes is not None:
        return None
    if (unit := unit_of_entity(hass, entity_id)) is None:
        return FormError(field, "setpoint_without_unit")
    return FormError(field, "setpoint_unit", setpoint_unit=unit)


def details_problems(
    hass: HomeAssistant, entity_id: str, takes: Takes, entered: Mapping[str, Any]
) -> Iterator[FormError]:
    """Yield everything that makes no sense in how a device is to be controlled, at most one problem per field."""
    for name in (CONF_VOLTAGE, CONF_FULL_POWER, CONF_ON_FROM, CONF_OFF_BELOW, CONF_SUSPENSION):
        if name in entered and not 0 < entered[name] < math.inf:
            yield FormError(name, "not_positive")
            return
    match takes:
        case Takes.SWITCH | Takes.TEMPERATURE:
            yield from _threshold_problems(entered)
        case Takes.OPTION:
            if entered[CONF_OPTION_IDLE] == entered[CONF_OPTION_CHARGE]:
                yield FormError(CONF_OPTION_IDLE, "same_option")
            elif entered.get(CONF_OPTION_DISCHARGE) in (
                entered[CONF_OPTION_CHARGE],
                entered[CONF_OPTION_IDLE],
            ):
                yield FormError(CONF_OPTION_DISCHARGE, "same_option")
    if takes is Takes.TEMPERATURE:
        yield from _temperature_problems(hass, entity_id, entered)
    if (switch := entered.get(CONF_SWITCH_ENTITY)) and known_entity_id(hass, switch) is None:
        yield FormError(CONF_SWITCH_ENTITY, "entity_not_found")
    yield from _safety_problems(hass, entered)


def _threshold_problems(entered: Mapping[str, Any]) -> Iterator[FormError]:
    on_from, off_below = entered.get(CONF_ON_FROM), entered.get(CONF_OFF_BELOW)
    if (on_from is None) is not (off_below is None):
        yield FormError(CONF_OFF_BELOW, "both_thresholds")
    elif on_from is not None and off_below is not None and off_below > on_from:
        yield FormError(CONF_OFF_BELOW, "off_above_on")


def _temperature_problems(
    hass: HomeAssistant, entity_id: str, entered: Mapping[str, Any]
) -> Iterator[FormError]:
    rest, full = entered[CONF_TEMPERATURE_AT_REST], entered[CONF_TEMPERATURE_AT_FULL_POWER]
    if rest == full:
        yield FormError(CONF_TEMPERATURE_AT_FULL_POWER, "same_temperature")
        return
    state = hass.states.get(entity_id)
    attributes = state.attributes if state else {}
    least = attributes.get("min_temp", attributes.get("min", -math.inf))
    most = attributes.get("max_temp", attributes.get("max", math.inf))
    for name in (CONF_TEMPERATURE_AT_REST, CONF_TEMPERATURE_AT_FULL_POWER):
        if not least <= entered[name] <= most:
            yield FormError(name, "temperature_outside", minimum=f"{least:g}", maximum=f"{most:g}")
            return


def _safety_problems(hass: HomeAssistant, entered: Mapping[str, Any]) -> Iterator[FormError]:
    for entity in entered.get(CONF_CONDITIONS, ()):
        if known_entity_id(hass, entity) is None:
            yield FormError(CONF_CONDITIONS, "entity_not_found")
            return
    if entered[CONF_SAFE_ACTION] == SafeAction.FIXED and CONF_SAFE_POWER not in entered:
        yield FormError(CONF_SAFE_POWER, "empty")
    for name in GUARD_RAIL_FIELDS:
        if name in entered and not 0 <= entered[name] < math.inf:
            yield FormError(name, "negative")
            return
    writes = int(entered.get(CONF_WRITES_PER_DAY, GuardRails().writes_per_day))
    if writes < _FEWEST_WRITES:
        yield FormError(CONF_WRITES_PER_DAY, "too_few_writes", minimum=str(_FEWEST_WRITES))
