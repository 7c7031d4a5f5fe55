"""What the S2 devices of homes say, in words that several tests need."""

from typing import Any

from custom_components.flexmeasures.s2.wire import JsonObject, JsonValue

from .s2.samples import (
    actuator,
    actuator_status,
    energy_constraint,
    fill_rate_description,
    limit,
    message,
    power_constraints,
    power_profile,
    storage_status,
    transition,
)


def free_actuator(name: str = "inverter") -> Any:
    """Return an actuator that may change its mode at any time."""
    return actuator(
        name,
        transitions=[transition("up", "idle", "charge"), transition("down", "charge", "idle")],
        timers=[],
    )


def idle_storage(*actuators: str) -> list[JsonObject]:
    """Return what a storage tells of itself: it takes 5000 W with each of its actuators, and is idle at 40 %."""
    names = actuators or ("inverter",)
    return [
        fill_rate_description(*map(free_actuator, names)),
        storage_status(40),
        *(actuator_status("idle", actuator=name) for name in names),
    ]


def limited_car() -> JsonObject:
    """Return the limits of a car: up to 4 kW, which it catches up later where it is given less."""
    return power_constraints(
        consequence_type="DEFER",
        allowed_limit_ranges=[limit("UPPER_LIMIT", 0, 4000), limit("LOWER_LIMIT", 0, 0)],
    )


def car_need() -> JsonObject:
    """Return what a car wants from 06:00 until 18:00: up to 1 kW in the mean, which are 12 kWh."""
    return energy_constraint(
        valid_until="2026-11-22T18:00:00Z", upper_average_power=1000, lower_average_power=0
    )


def programme(start_time: str, end_time: str) -> JsonObject:
    """Return a programme of 2 kW for an hour that may run on 22 November between these times (UTC)."""
    return power_profile(
        start_time=f"2026-11-22T{start_time}:00Z", end_time=f"2026-11-22T{end_time}:00Z"
    )


def measurement(**watts: float) -> JsonObject:
    """Return a measurement with a value for each phase."""
    values: list[JsonValue] = [
        {"commodity_quantity": f"ELECTRIC.POWER.{phase}", "value": value}
        for phase, value in watts.items()
    ]
    return message("PowerMeasurement", measurement_timestamp="2026-11-22T12:00:00Z", values=values)
