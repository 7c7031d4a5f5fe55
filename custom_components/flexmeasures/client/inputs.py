"""Checks of what callers hand us: wrong input is refused here, by name, before anything is sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
import math
import re

from .errors import InvalidInputError

_JOB_ID = re.compile(r"[0-9A-Za-z_-]+")


def checked_id(value: object, field: str) -> int:
    """Return an identifier of the server: a positive whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise InvalidInputError(field, "must be a positive whole number")
    return value


def checked_job_id(value: object, field: str) -> str:
    """Return a job's identifier: it becomes a part of a path."""
    if not isinstance(value, str) or not _JOB_ID.fullmatch(value):
        raise InvalidInputError(field, "is not the identifier of a job")
    return value


def checked_text(value: object, field: str) -> str:
    """Return a text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidInputError(field, "must not be empty")
    return value


def checked_moment(value: object, field: str) -> str:
    """Return an aware moment as ISO 8601 text."""
    if not isinstance(value, datetime):
        raise InvalidInputError(field, "must be a date with a time")
    if value.utcoffset() is None:
        raise InvalidInputError(field, "must have a time zone")
    return value.isoformat()


def checked_length(value: object, field: str) -> timedelta:
    """Return a positive length of time."""
    if not isinstance(value, timedelta):
        raise InvalidInputError(field, "must be a length of time")
    if value <= timedelta():
        raise InvalidInputError(field, "must be longer than zero")
    return value


def checked_position(latitude: float | None, longitude: float | None) -> None:
    """Refuse half a position and one that is not on Earth."""
    if (latitude is None) != (longitude is None):
        raise InvalidInputError(
            "latitude" if latitude is None else "longitude",
            "latitude and longitude belong together",
        )
    for value, field, bound in ((latitude, "latitude", 90), (longitude, "longitude", 180)):
        if value is not None and not -bound <= value <= bound:
            raise InvalidInputError(field, f"must be between -{bound} and {bound}")


def checked_values(values: Sequence[object], duration: timedelta) -> list[float | None]:
    """Return the values that are to be spread evenly over `duration`.

    Zero duration is for one instantaneous reading. None is a gap; nothing but gaps is nothing to store.
    """
    if not values or isinstance(values, str):
        raise InvalidInputError("values", "must hold at least one number")
    checked = [_checked_value(value) for value in values]
    if all(value is None for value in checked):
        raise InvalidInputError("values", "must hold at least one number that is not missing")
    if duration == timedelta():
        if len(checked) > 1:
            raise InvalidInputError("duration", "zero fits a single value only")
        return checked
    step = checked_length(duration, "duration") / len(checked)
    if step * len(checked) != duration:
        raise InvalidInputError("duration", f"cannot be divided evenly among {len(checked)} values")
    return checked


def _checked_value(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInputError("values", "may hold numbers and gaps only")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InvalidInputError("values", "must be finite; use a gap where nothing is known")
    return number
