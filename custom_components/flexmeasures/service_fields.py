"""The fields of the actions: read, checked, and refused with the field's name before anything is sent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
import math
from typing import Any, Final

from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util import dt as dt_util
import probatio

from .client.durations import parse_duration
from .const import DOMAIN
from .data import FlexMeasuresConfigEntry, FlexMeasuresData

type FlexObject = dict[str, object]


def refused(field: str, reason: str, **placeholders: str) -> ServiceValidationError:
    """Return the error that names the field and, by its translation key, the reason."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=reason,
        translation_placeholders={"field": field, **placeholders},
    )


def data_of(call: ServiceCall) -> FlexMeasuresData:
    """Return the running parts of the entry that the action names.

    Raises:
        ServiceValidationError: there is no such entry, or it is not loaded.
    """
    entry: FlexMeasuresConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data["config_entry"]
    )
    return entry.runtime_data


def positive_id(value: Any) -> int:
    """Take the id of an asset or sensor, as a number or as text.

    Raises:
        probatio.Invalid: it is not a positive whole number.
    """
    if isinstance(value, bool) or int(value) != float(value) or int(value) < 1:
        raise probatio.Invalid("expected a positive whole number")
    return int(value)


SENSOR_IDS: Final = probatio.All(cv.ensure_list, [positive_id], probatio.Length(min=1))


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


def sensor_ids_in(flex_model: FlexObject | list[FlexObject] | None) -> list[int]:
    """Return the power sensors that a flex-model names, in order."""
    items = flex_model if isinstance(flex_model, list) else [flex_model or {}]
    named = [item.get("sensor") for item in items]
    return [sensor_id for sensor_id in named if isinstance(sensor_id, int)]
