"""The values of a flexible device: numbers as they were entered, or what the entities that they live in tell now."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import (
    CONF_CAPACITY,
    CONF_COEFFICIENT_OF_PERFORMANCE,
    CONF_DISCHARGING_POWER,
    CONF_EMPTY_TEMPERATURE,
    CONF_FULL_TEMPERATURE,
    CONF_GAIN,
    CONF_HEAT_USAGE,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_STANDBY_LOSS,
    CONF_TANK_VOLUME,
    CONF_USAGE,
    DOMAIN,
)
from .feed import number_of
from .flexible_device import FlexibleDevice
from .followed_entities import resolve_entity_id
from .scheduling import WaterTank
from .units import UnitError, convert

PERCENT = 100
WATTS_PER_KILOWATT = 1000
# What a field means when it is left empty.
_DEFAULTS = {
    CONF_MINIMUM_STATE_OF_CHARGE: 0.0,
    CONF_MAXIMUM_STATE_OF_CHARGE: 100.0,
    CONF_DISCHARGING_POWER: 0.0,
    CONF_STANDBY_LOSS: 0.0,
    CONF_COEFFICIENT_OF_PERFORMANCE: 1.0,
    CONF_HEAT_USAGE: 0.0,
    CONF_USAGE: 0.0,
    CONF_GAIN: 0.0,
}


@contextmanager
def values_make_sense(device: FlexibleDevice) -> Iterator[None]:
    """Tell people about values that a device cannot have.

    Raises:
        HomeAssistantError: names the device and the reason.
    """
    try:
        yield
    except ValueError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="device_values",
            translation_placeholders={"device": device.title, "reason": str(error)},
        ) from error


def tank_of(device: FlexibleDevice) -> WaterTank | None:
    """Return the water that a device heats; None where its capacity is told in kWh.

    Raises:
        FlexModelError: it is no tank.
    """
    settings = device.settings
    if CONF_TANK_VOLUME not in settings:
        return None
    return WaterTank(
        litres=settings[CONF_TANK_VOLUME],
        empty=settings[CONF_EMPTY_TEMPERATURE],
        full=settings[CONF_FULL_TEMPERATURE],
    )


def capacity_of(hass: HomeAssistant, device: FlexibleDevice) -> float:
    """Return kWh between empty and full.

    Raises:
        HomeAssistantError: nothing tells it now.
        FlexModelError: its water makes no tank.
    """
    tank = tank_of(device)
    if tank is not None:
        return tank.capacity
    return value_of(hass, device, CONF_CAPACITY, UnitOfEnergy.KILO_WATT_HOUR)


def power_of(hass: HomeAssistant, device: FlexibleDevice, field: str) -> float:
    """Return a power in W.

    Raises:
        HomeAssistantError: nothing tells it now.
    """
    return value_of(hass, device, field, UnitOfPower.KILO_WATT) * WATTS_PER_KILOWATT


def share_of(hass: HomeAssistant, device: FlexibleDevice, field: str) -> float:
    """Return a percentage as a share, 1 for all.

    Raises:
        HomeAssistantError: nothing tells it now.
    """
    return value_of(hass, device, field, PERCENTAGE) / PERCENT


def value_of(hass: HomeAssistant, device: FlexibleDevice, field: str, unit: str | None) -> float:
    """Return a setting, or what the entity that it names tells, in the unit; None for a number without unit.

    Raises:
        HomeAssistantError: the entity tells no number with a usable unit.
    """
    stored: float | str | None = device.settings.get(field, _DEFAULTS.get(field))
    if stored is None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="device_value_missing",
            translation_placeholders={"device": device.title, "field": field},
        )
    if not isinstance(stored, str):
        return float(stored)
    entity_id = resolve_entity_id(hass, stored)
    state = hass.states.get(entity_id)
    number = None if state is None else number_of(state)
    if state is None or number is None:
        raise not_known("device_value_unknown", entity_id, state.state if state else "")
    if unit is None:
        return number
    entity_unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or ""
    try:
        return convert(number, entity_unit, unit)
    except UnitError:
        raise not_known("device_value_unit", entity_id, entity_unit) from None


def not_known(reason: str, entity_id: str, state: str) -> HomeAssistantError:
    """Return the sentence about an entity that does not tell what it should."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=reason,
        translation_placeholders={"entity": entity_id, "state": state},
    )
