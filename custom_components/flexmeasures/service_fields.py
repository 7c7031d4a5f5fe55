"""The fields of the actions: read, checked, and refused with the field's name before anything is sent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
import math
from typing import Any, Final

from homeassistant.const import UnitOfPower
from homeassistant.core import ServiceCall
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import probatio

from .client import Sensor
from .client.durations import parse_duration
from .data import FlexMeasuresData
from .service_targets import refused
from .units import convert, convertible, is_power

type FlexObject = dict[str, object]


def positive_id(value: Any) -> int:
    """Take the id of an asset or sensor, as a number or as text.

    Raises:
        probatio.Invalid: it is not a positive whole number.
    """
    if isinstance(value, bool) or int(value) != float(value) or int(value) < 1:
        raise probatio.Invalid("expected a positive whole number")
    return int(value)


SENSOR_IDS: Final = probatio.All(cv.ensure_list, [positive_id], probatio.Length(min=1))


async def sensor_named(data: FlexMeasuresData, sensor_id: int) -> Sensor:
    """Return the sensor, also one from outside the site that the account may read.

    Raises:
        FlexMeasuresError: the server does not show it.
    """
    known = data.inventory.data.sensors.get(sensor_id)
    return known or await data.connection.client.get_sensor(sensor_id)


def check_unit(unit: str, sensor: Sensor) -> None:
    """Make sure that the sensor's values can be told, or taken, in the unit.

    Raises:
        ServiceValidationError: they cannot.
    """
    if not convertible(unit, sensor.unit):
        raise refused(
            "unit",
            "unit_not_convertible",
            value=unit,
            sensor=f"{sensor.name} ({sensor.id})",
            unit=sensor.unit,
        )


async def sensor_and_unit_of(call: ServiceCall, data: FlexMeasuresData) -> tuple[Sensor, str]:
    """Return the sensor that the action names, and the unit of its values there: the sensor's own when none is given.

    Raises:
        ServiceValidationError: the sensor's values cannot be told in that unit.
        FlexMeasuresError: the server does not show the sensor.
    """
    sensor = await sensor_named(data, call.data["sensor"])
    unit: str = call.data.get("unit", sensor.unit)
    check_unit(unit, sensor)
    return sensor, unit


def time_of(call: ServiceCall, field: str) -> datetime | None:
    """Return the field's time in UTC; None when it is not given.

    Raises:
        ServiceValidationError: it is no time, or has no time zone: guessing one moves a home's plan by hours.
    """
    value = call.data.get(field)
    if value is None:
        return None
    time = value if isinstance(value, datetime) else dt_util.parse_datetime(str(value).strip())
    if time is None:
        raise refused(field, "not_a_time", value=str(value))
    if time.tzinfo is None:
        raise refused(field, "naive_time", value=str(value))
    return time.astimezone(UTC)


def required_time_of(call: ServiceCall, field: str) -> datetime:
    """Return the field's time in UTC.

    Raises:
        ServiceValidationError: as `time_of`, and when the field is null.
    """
    if (time := time_of(call, field)) is None:
        raise refused(field, "not_a_time", value="null")
    return time


def duration_of(call: ServiceCall, field: str) -> timedelta | None:
    """Return the field's duration: ISO 8601, "HH:MM:SS", or the selector's object; None when it is not given.

    Raises:
        ServiceValidationError: it is no duration, or not longer than zero.
    """
    value = call.data.get(field)
    if value is None:
        return None
    try:
        duration = (
            parse_duration(value)
            if isinstance(value, str) and value.strip().upper().startswith("P")
            else cv.time_period(value)
        )
    except (ValueError, probatio.Invalid) as error:
        raise refused(field, "not_a_duration", value=str(value)) from error
    if duration <= timedelta(0):
        raise refused(field, "duration_not_positive", value=str(value))
    return duration


def required_duration_of(call: ServiceCall, field: str) -> timedelta:
    """Return the field's duration.

    Raises:
        ServiceValidationError: as `duration_of`, and when the field is null.
    """
    if (duration := duration_of(call, field)) is None:
        raise refused(field, "not_a_duration", value="null")
    return duration


def values_of(call: ServiceCall, field: str) -> tuple[float | None, ...]:
    """Return the field's numbers; None marks a gap.

    Raises:
        ServiceValidationError: nothing is given, or something is neither a finite number nor null.
    """
    given = call.data[field]
    values = given if isinstance(given, list) else [given]
    if not values or all(value is None for value in values):
        raise refused(field, "no_values")
    return tuple(_number(field, value) for value in values)


def _number(field: str, value: Any) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except TypeError, ValueError:
        raise refused(field, "not_a_number", value=str(value)) from None
    if isinstance(value, bool) or not math.isfinite(number):
        raise refused(field, "not_a_number", value=str(value))
    return number


def power_unit_of(call: ServiceCall) -> str:
    """Return the field `unit`.

    Raises:
        ServiceValidationError: it is not a unit of power.
    """
    unit: str = call.data["unit"]
    if not is_power(unit):
        raise refused("unit", "not_a_power_unit", value=unit)
    return unit


def power_of(call: ServiceCall, field: str) -> float | None:
    """Return the field's power, given in the unit of the field `unit`, in W; None when it is not given.

    Raises:
        ServiceValidationError: it is not a finite number, or the unit is not one of power.
    """
    unit = power_unit_of(call)
    value = call.data.get(field)
    if value is None:
        return None
    number = _number(field, value)
    return None if number is None else convert(number, unit, UnitOfPower.WATT)


def end_of(call: ServiceCall, now: datetime) -> datetime | None:
    """Return when something ends that begins now: the field `until`, or `duration` later; None when neither is given.

    Raises:
        ServiceValidationError: both are given, one is no time or duration, or the end has passed.
    """
    until, duration = time_of(call, "until"), duration_of(call, "duration")
    if until is not None and duration is not None:
        raise refused("duration", "end_and_duration", value=str(call.data["duration"]))
    if duration is not None:
        return now + duration
    if until is not None and until <= now:
        raise refused("until", "end_has_passed", value=str(call.data["until"]))
    return until


def flex_objects_of(call: ServiceCall, field: str) -> FlexObject | list[FlexObject] | None:
    """Return a flex-model or flex-context: an object or a list of objects; None when it is not given.

    Raises:
        ServiceValidationError: it is something else, or empty.
    """
    value = call.data.get(field)
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    if not items:
        raise refused(field, "empty_list")
    if not all(isinstance(item, Mapping) for item in items):
        raise refused(field, "not_an_object")
    return [dict(item) for item in items] if isinstance(value, list) else dict(value)


def object_of(call: ServiceCall, field: str) -> FlexObject | None:
    """Return an object with the server's own fields; None when it is not given.

    Raises:
        ServiceValidationError: it is something else.
    """
    given = flex_objects_of(call, field)
    if isinstance(given, list):
        raise refused(field, "not_an_object")
    return given


def sensor_ids_in(flex_model: FlexObject | list[FlexObject] | None) -> list[int]:
    """Return the power sensors that a flex-model names, in order."""
    items = flex_model if isinstance(flex_model, list) else [flex_model or {}]
    named = [item.get("sensor") for item in items]
    return [sensor_id for sensor_id in named if isinstance(sensor_id, int)]
