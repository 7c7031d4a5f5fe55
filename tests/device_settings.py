"""The settings of one flexible device of each kind, as they are stored."""

from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from custom_components.flexmeasures.flexible_device import FlexibleDevice

BATTERY: dict[str, Any] = {
    "kind": "battery",
    "power_sensor": 30,
    "state_of_charge_entity": "sensor.level",
    "capacity": 10,
    "minimum_state_of_charge": 10,
    "maximum_state_of_charge": 90,
    "charging_power": 5,
    "discharging_power": 4,
    "roundtrip_efficiency": 81,
}
CAR = {**BATTERY, "kind": "ev_charger", "capacity": 60, "plugged_in_entity": "binary_sensor.plug"}
BUFFER: dict[str, Any] = {
    "kind": "heat_buffer",
    "power_sensor": 30,
    "state_of_charge_entity": "sensor.level",
    "capacity": 12,
    "charging_power": 2,
}
# 860 L x 1 K is 1 kWh of heat: 860 / 860.01.
TANK: dict[str, Any] = {
    "kind": "heat_buffer",
    "power_sensor": 30,
    "state_of_charge_entity": "sensor.level",
    "tank_volume": 860,
    "empty_temperature": 10,
    "full_temperature": 60,
    "charging_power": 2,
}
SOLAR = {"kind": "solar", "power_sensor": 30, "forecast_sensor": 31, "peak_power": 4.2}
PROCESS: dict[str, Any] = {
    "kind": "process",
    "power_sensor": 30,
    "profile": [2, 0.1, 1.5],
    "profile_part": 15,
}
GENERIC: dict[str, Any] = {
    "kind": "generic",
    "power_sensor": 30,
    "flex_model": {"soc-max": "10 kWh"},
    "charging_power": 3,
    "discharging_power": 2,
}


def device(settings: dict[str, Any], **changes: Any) -> FlexibleDevice:
    """Return a device as it is stored."""
    data = {key: value for key, value in {**settings, **changes}.items() if value is not None}
    return FlexibleDevice.from_subentry(
        ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type="flexible_device",
            title="Device",
            unique_id=None,
        )
    )


def show(hass: HomeAssistant, entity_id: str, state: str, unit: str | None = None) -> None:
    """Let an entity tell something."""
    hass.states.async_set(entity_id, state, {"unit_of_measurement": unit} if unit else {})
