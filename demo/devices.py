"""What a person fills in for each flexible device of the demo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from custom_components.flexmeasures import const as names

from .site import BATTERY, CAR, DISHWASHER, HEAT_PUMP, SOLAR, Site

type Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAnswers:
    """The answers to the forms of one device, and what its owner wishes.

    Attributes:
        name: of the device, which is that of its asset in FlexMeasures.
        form: the kind of device, as the first menu calls it.
        actuator: entity that takes the setpoint.
        details: how that entity is told a setpoint.
        safety: what the device gets when nothing may be carried out; empty for what the form suggests for nobody.
        target: state of charge in % that its owner wants.
        ready_by: local time of day at which it has to be reached, or a process has to be over.
    """

    name: str
    form: str
    device: Answers
    actuator: str
    details: Answers
    safety: Answers
    guard_rails: Answers = field(default_factory=dict)
    target: float | None = None
    ready_by: time | None = None

    def steps(self, power_sensor: int) -> tuple[tuple[str, Answers], ...]:
        """Return every form with its answers, in their order."""
        device = {names.CONF_POWER_SENSOR: str(power_sensor), **self.device}
        return (
            ("user", {"next_step_id": self.form}),
            (self.form, device),
            ("control", {names.CONF_SETPOINT_ENTITY: self.actuator}),
            (
                "control_details",
                {**self.details, "safety": self.safety, "guard_rails": self.guard_rails},
            ),
        )


_WELL_BEFORE_WORK = time(7)
_RESTORE = {names.CONF_SAFE_ACTION: "restore"}


def devices(site: Site) -> tuple[DeviceAnswers, ...]:
    """Return the answers for all devices, in the order in which they are added."""
    return (
        DeviceAnswers(
            name=BATTERY,
            form="battery",
            device={
                names.CONF_STATE_OF_CHARGE_ENTITY: "sensor.simulated_battery_state_of_charge",
                names.CONF_CAPACITY: 10,
                names.CONF_MINIMUM_STATE_OF_CHARGE: 5,
                names.CONF_MAXIMUM_STATE_OF_CHARGE: 95,
                names.CONF_CHARGING_POWER: 5,
                names.CONF_DISCHARGING_POWER: 5,
                names.CONF_ROUNDTRIP_EFFICIENCY: 92,
            },
            actuator="number.simulated_battery_power_setpoint",
            details={names.CONF_SETPOINT_SIGN: names.SETPOINT_CONSUMPTION_POSITIVE},
            safety={names.CONF_SAFE_ACTION: "fixed", names.CONF_SAFE_POWER: 0},
        ),
        DeviceAnswers(
            name=CAR,
            form="ev_charger",
            device={
                names.CONF_STATE_OF_CHARGE_ENTITY: "sensor.simulated_car_state_of_charge",
                names.CONF_PLUGGED_IN_ENTITY: "binary_sensor.simulated_car_plugged_in",
                names.CONF_CAPACITY: 60,
                names.CONF_MINIMUM_STATE_OF_CHARGE: 0,
                names.CONF_MAXIMUM_STATE_OF_CHARGE: 100,
                names.CONF_CHARGING_POWER: 11.04,  # three phases of 16 A
                names.CONF_DISCHARGING_POWER: 0,
                names.CONF_ROUNDTRIP_EFFICIENCY: 88,
            },
            actuator="number.simulated_car_charging_current",
            details={
                names.CONF_PHASES: "3",
                names.CONF_VOLTAGE: 230,
                names.CONF_SETPOINT_SIGN: names.SETPOINT_CONSUMPTION_POSITIVE,
                names.CONF_SWITCH_ENTITY: "switch.simulated_car_charging",
            },
            safety=_RESTORE,
            target=80,
            ready_by=_WELL_BEFORE_WORK,
        ),
        DeviceAnswers(
            name=HEAT_PUMP,
            form="water_tank",
            device={
                names.CONF_STATE_OF_CHARGE_ENTITY: "sensor.simulated_heat_pump_tank_temperature",
                names.CONF_TANK_VOLUME: 300,
                # The house gets no heat from water as cold as this.
                names.CONF_EMPTY_TEMPERATURE: 28,
                names.CONF_FULL_TEMPERATURE: 60,
                names.CONF_MINIMUM_STATE_OF_CHARGE: 15,
                names.CONF_MAXIMUM_STATE_OF_CHARGE: 95,
                names.CONF_CHARGING_POWER: 2,
                names.CONF_COEFFICIENT_OF_PERFORMANCE: 3.5,
                names.CONF_HEAT_USAGE: 0.9,  # 21 kWh a day
                names.CONF_STANDBY_LOSS: 0.7,
            },
            actuator="water_heater.simulated_heat_pump_tank",
            details={
                names.CONF_TEMPERATURE_AT_REST: 35,
                names.CONF_TEMPERATURE_AT_FULL_POWER: 60,
                names.CONF_ON_FROM: 1,
                names.CONF_OFF_BELOW: 0.8,
            },
            safety=_RESTORE,
            # A compressor that starts often wears out.
            guard_rails={names.CONF_MINIMUM_ON: 10, names.CONF_MINIMUM_OFF: 10},
        ),
        DeviceAnswers(
            name=SOLAR,
            form="solar",
            device={
                names.CONF_FORECAST_SENSOR: str(site.solar_production),
                names.CONF_PEAK_POWER: 5.2,
            },
            actuator="number.simulated_solar_panels_feed_in_limit",
            details={
                names.CONF_FULL_POWER: 5.2,
                names.CONF_SETPOINT_SIGN: names.SETPOINT_PRODUCTION_POSITIVE,
            },
            safety={names.CONF_SAFE_ACTION: "fixed", names.CONF_SAFE_POWER: -5.2},
        ),
        DeviceAnswers(
            name=DISHWASHER,
            form="process",
            device={
                names.CONF_PROFILE: "0.06 1.9 1.0 0.1 0.08 0.06 1.3 0.1",
                names.CONF_PROFILE_PART: 15,
                names.CONF_INTERRUPTIBLE: False,
                names.CONF_READY_ENTITY: "binary_sensor.simulated_dishwasher_ready_to_start",
            },
            actuator="button.simulated_dishwasher_start",
            details={},
            safety={names.CONF_SAFE_ACTION: "leave"},
            ready_by=_WELL_BEFORE_WORK,
        ),
    )
