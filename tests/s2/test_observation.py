"""What people see of what a device says: sums, shares and names, and nothing that it did not say."""

from datetime import UTC, datetime, timedelta
import json

import pytest

from custom_components.flexmeasures.s2 import Observation, load
from custom_components.flexmeasures.s2.messages.components import Message
from custom_components.flexmeasures.s2.wire import JsonObject

from .samples import (
    actuator,
    demand_driven_description,
    fill_rate_description,
    message,
    number_range,
    power_forecast,
    power_measurement,
    storage_status,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def read(raw: JsonObject) -> Message:
    """Return a device's message."""
    incoming = load().read(json.dumps(raw))
    assert isinstance(incoming, Message)
    return incoming


def told(*messages: JsonObject, capacity_per_unit: float | None = None) -> Observation:
    """Return what is known after these messages."""
    observation = Observation(capacity_per_unit=capacity_per_unit)
    for raw in messages:
        observation.receive(read(raw), NOON)
    return observation


def test_a_measurement_without_electricity_tells_no_power() -> None:
    values: JsonObject = {"commodity_quantity": "HEAT.THERMAL_POWER", "value": 900}
    heat = message(
        "PowerMeasurement", measurement_timestamp="2026-11-22T12:00:00Z", values=[values]
    )

    assert told(heat).power is None


def test_a_power_is_dropped_when_it_is_five_minutes_old() -> None:
    observation = told(power_measurement(1000))

    assert not observation.expire(NOON + timedelta(minutes=4, seconds=59))
    assert observation.power is not None
    assert observation.expire(NOON + timedelta(minutes=5))
    assert observation.power is None
    assert not observation.expire(NOON + timedelta(minutes=6))


def test_the_user_s_energy_per_unit_goes_before_the_derived_one() -> None:
    observation = told(fill_rate_description(), storage_status(25), capacity_per_unit=0.2)

    assert observation.stored_energy == pytest.approx(5.0)
    assert observation.state_of_charge == 0.25


def test_a_level_without_description_has_no_energy_and_no_share() -> None:
    observation = told(storage_status(25))

    assert observation.fill_level == 25
    assert observation.stored_energy is None
    assert observation.state_of_charge is None
    assert not observation.is_described


def test_a_demand_is_the_middle_of_its_range() -> None:
    present = message("DDBC.PresentDemandStatus", present_demand_rate=number_range(2, 4))

    observation = told(demand_driven_description(), present)

    assert observation.demand == 3
    assert observation.is_described
    assert observation.actuators


def test_actuators_of_the_same_name_are_told_apart() -> None:
    observation = told(
        fill_rate_description(
            actuator("one", diagnostic_label="Pump"), actuator("two", diagnostic_label="Pump")
        )
    )

    assert observation.actuators == {"one": "Pump", "two": "two"}


def test_a_forecast_becomes_steps_that_follow_each_other() -> None:
    observation = told(power_forecast())

    assert observation.is_described
    assert all(
        step.end == following.start
        for step, following in zip(observation.forecast, observation.forecast[1:], strict=False)
    )
    assert observation.forecast[0].end > observation.forecast[0].start


def test_nothing_outlives_the_session() -> None:
    observation = told(power_measurement(1000), power_forecast(), fill_rate_description())

    observation.forget()

    assert observation.power is None
    assert observation.forecast == ()
    assert observation.actuators == {}
    assert not observation.is_described
