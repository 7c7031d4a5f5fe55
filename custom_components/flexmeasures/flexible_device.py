"""A flexible device as configured: its flex-model, where its state comes from, and what carries its setpoint out."""

from dataclasses import dataclass
from typing import Self

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, PERCENTAGE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from .const import (
    CONF_CAPACITY,
    CONF_CHARGING_POWER,
    CONF_DISCHARGING_POWER,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_POWER_SENSOR,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_SETPOINT_ENTITY,
    CONF_SETPOINT_SIGN,
    CONF_STATE_OF_CHARGE_ENTITY,
    DOMAIN,
    SETPOINT_PRODUCTION_POSITIVE,
)
from .control import PowerLimits
from .scheduling import Battery
from .units import UnitError, convert

_WATTS_PER_KILOWATT = 1000
_PERCENT = 100
# A full battery may report a little more than its capacity.
_ROUNDING = 1.001


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleDevice:
    """One flexible device of the site.

    Attributes:
        state_of_charge_entity: registry id or entity id.
        setpoint_entity: registry id or entity id of a number; None when setpoints are only shown.
        setpoint_factor: 1 when the number takes consumption as positive, -1 when it takes production as positive.
    """

    subentry_id: str
    title: str
    battery: Battery
    state_of_charge_entity: str
    setpoint_entity: str | None
    setpoint_factor: int

    @classmethod
    def from_subentry(cls, subentry: ConfigSubentry) -> Self:
        """Return the device that the subentry describes.

        Raises:
            FlexModelError: the stored values make no sense.
        """
        data = subentry.data
        production_positive = data.get(CONF_SETPOINT_SIGN) == SETPOINT_PRODUCTION_POSITIVE
        return cls(
            subentry_id=subentry.subentry_id,
            title=subentry.title,
            battery=Battery(
                power_sensor=data[CONF_POWER_SENSOR],
                capacity=data[CONF_CAPACITY],
                minimum_state_of_charge=data[CONF_MINIMUM_STATE_OF_CHARGE] / _PERCENT,
                maximum_state_of_charge=data[CONF_MAXIMUM_STATE_OF_CHARGE] / _PERCENT,
                charging_power=data[CONF_CHARGING_POWER] * _WATTS_PER_KILOWATT,
                discharging_power=data[CONF_DISCHARGING_POWER] * _WATTS_PER_KILOWATT,
                roundtrip_efficiency=data[CONF_ROUNDTRIP_EFFICIENCY] / _PERCENT,
            ),
            state_of_charge_entity=data[CONF_STATE_OF_CHARGE_ENTITY],
            setpoint_entity=data.get(CONF_SETPOINT_ENTITY),
            setpoint_factor=-1 if production_positive else 1,
        )

    @property
    def limits(self) -> PowerLimits:
        """Return the device's power limits."""
        return PowerLimits(self.battery.charging_power, self.battery.discharging_power)


def resolve_entity_id(hass: HomeAssistant, registry_or_entity_id: str) -> str:
    """Return the entity id that the stored reference means today; renames are followed."""
    resolved = er.async_resolve_entity_id(er.async_get(hass), registry_or_entity_id)
    return resolved or registry_or_entity_id


def stored_energy(hass: HomeAssistant, device: FlexibleDevice) -> float:
    """Return the energy in the device's storage in kWh.

    Raises:
        HomeAssistantError: the entity is missing, has no number, no usable unit, or tells more than fits.
    """
    entity_id = resolve_entity_id(hass, device.state_of_charge_entity)
    state = hass.states.get(entity_id)
    if state is None:
        raise _not_known("state_of_charge_missing", entity_id, "")
    try:
        value = float(state.state)
    except ValueError:
        raise _not_known("state_of_charge_unknown", entity_id, state.state) from None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or ""
    capacity = device.battery.capacity
    try:
        share = value / _PERCENT
        energy = share * capacity if unit == PERCENTAGE else convert(value, unit, "kWh")
    except UnitError:
        raise _not_known("state_of_charge_unit", entity_id, unit) from None
    if not 0 <= energy <= capacity * _ROUNDING:
        raise _not_known("state_of_charge_outside", entity_id, f"{state.state} {unit}")
    return min(energy, capacity)


def _not_known(reason: str, entity_id: str, state: str) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=reason,
        translation_placeholders={"entity": entity_id, "state": state},
    )
