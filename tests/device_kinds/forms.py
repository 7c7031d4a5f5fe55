"""How the form of each kind of device is filled in."""

from typing import Any

from ..device_dialogs import FORM
from ..flow_samples import SITE_POWER

TYPES = (
    "battery",
    "building",
    "heat-storage",
    "one-way_evse",
    "process",
    "solar",
    "two-way_evse",
)
NEW_POWER, NEW_ENERGY = 201, 202
EV: dict[str, Any] = {
    "power_sensor": "new",
    "state_of_charge_entity": "sensor.car_level",
    "capacity": 60,
    "minimum_state_of_charge": 0,
    "maximum_state_of_charge": 100,
    "charging_power": "sensor.charger_limit",
    "discharging_power": 0,
    "roundtrip_efficiency": 90,
    "plugged_in_entity": "binary_sensor.plugged_in",
    "calendar_entity": "calendar.trips",
}
NEW_BATTERY: dict[str, Any] = {**FORM, "power_sensor": "new"}
HEAT: dict[str, Any] = {
    "power_sensor": "new",
    "minimum_state_of_charge": 20,
    "maximum_state_of_charge": 100,
    "charging_power": 2,
    "coefficient_of_performance": 3,
    "heat_usage": 0.3,
    "standby_loss": 1,
}
BUFFER = {**HEAT, "state_of_charge_entity": "sensor.buffer_energy", "capacity": 12}
TANK = {
    **HEAT,
    "state_of_charge_entity": "sensor.tank_temperature",
    "tank_volume": 200,
    "empty_temperature": 10,
    "full_temperature": 60,
}
SOLAR = {"power_sensor": "new", "forecast_sensor": str(SITE_POWER), "peak_power": 4.2}
PROCESS: dict[str, Any] = {
    "power_sensor": "new",
    "profile": "2 2; 0,1 1.5",
    "profile_part": 15,
    "interruptible": False,
    "ready_entity": "input_boolean.dishwasher_ready",
}
GENERIC: dict[str, Any] = {
    "power_sensor": "new",
    "flex_model": {"soc-max": "10 kWh"},
    "charging_power": 3,
    "discharging_power": 2,
}
SAFETY = {"safe_action": "restore"}
