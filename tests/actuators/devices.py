"""Devices of every kind, as they are configured but for the entity that takes their setpoint."""

from collections.abc import Callable, Mapping

from ..controlled_device import ControlledDevice

BATTERY = {
    "kind": "battery",
    "capacity": 10.0,
    "charging_power": 5.0,
    "discharging_power": 4.0,
    "state_of_charge_entity": "sensor.level",
}
CAR = {
    "kind": "ev_charger",
    "capacity": 50.0,
    "charging_power": 11.0,
    "state_of_charge_entity": "sensor.level",
    "plugged_in_entity": "binary_sensor.plugged_in",
}
BOILER = {
    "kind": "heat_buffer",
    "capacity": 6.0,
    "charging_power": 2.0,
    "state_of_charge_entity": "sensor.level",
}
DISHWASHER = {"kind": "process", "profile": [0.2, 2.0], "profile_part": 15}
SOLAR = {"kind": "solar", "peak_power": 5.0, "forecast_sensor": 13}
type MakeDevice = Callable[[Mapping[str, object]], ControlledDevice]
