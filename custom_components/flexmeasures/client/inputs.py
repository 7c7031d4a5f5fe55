"""Checks of what callers hand us: wrong input is refused here, by name, before anything is sent."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
import re

from .durations import format_duration, parse_duration
from .errors import InvalidInputError
from .models import JsonObject

type Moment = datetime | str
type Length = timedelta | str

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


def checked_count(value: object, field: str, least: int) -> int:
    """Return a whole number that is not less than `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidInputError(field, f"must be a whole number from {least} on")
    return value


def checked_text(value: object, field: str) -> str:
    """Return a text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidInputError(field, "must not be empty")
    return value


def checked_moment(value: object, field: str) -> str:
    """Return a moment with a time zone, given as such or as ISO 8601 text, as ISO 8601 text."""
    return moment_of(value, field).isoformat()


def moment_of(value: object, field: str) -> datetime:
    """Return a moment with a time zone, given as such or as ISO 8601 text."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise InvalidInputError(field, "is not an ISO 8601 date with a time") from None
    if not isinstance(value, datetime):
        raise InvalidInputError(field, "must be a date with a time")
    if value.utcoffset() is None:
        raise InvalidInputError(field, "must have a time zone")
    return value


def checked_window(start: object, end: object, fields: tuple[str, str]) -> tuple[str, str]:
    """Return begin and end of a span of time, both as ISO 8601 text."""
    begin, finish = moment_of(start, fields[0]), moment_of(end, fields[1])
    if finish <= begin:
        raise InvalidInputError(fields[1], f"must be later than {fields[0]}")
    return begin.isoformat(), finish.isoformat()


def checked_duration(value: object, field: str) -> str:
    """Return a positive length of time, given as such or as ISO 8601 text, as the server reads it."""
    return format_duration(checked_length(value, field))


def checked_length(value: object, field: str) -> timedelta:
    """Return a positive length of time, given as such or as ISO 8601 text."""
    length = length_of(value, field)
    if length <= timedelta():
        raise InvalidInputError(field, "must be longer than zero")
    return length


def length_of(value: object, field: str) -> timedelta:
    """Return a length of time of any sign, given as such or as ISO 8601 text."""
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            reason = str(error)
        raise InvalidInputError(field, reason)
    if not isinstance(value, timedelta):
        raise InvalidInputError(field, "must be a length of time")
    return value


def checked_choice(value: object, choices: Collection[str], field: str) -> str:
    """Return one of the texts that the server knows here."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidInputError(field, f"must be one of {', '.join(choices)}")
    return str(value)


def checked_position(latitude: float | None, longitude: float | None) -> None:
    """Refuse half a position."""
    if (latitude is None) != (longitude is None):
        raise InvalidInputError(
            "latitude" if latitude is None else "longitude",
            "latitude and longitude belong together",
        )


def checked_degrees(value: object, field: str, bound: int) -> float:
    """Return an angle on Earth."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= bound:
        raise InvalidInputError(field, f"must be between -{bound} and {bound}")
    return value


def checked_json_object(value: object, field: str) -> JsonObject:
    """Return an object that can be sent; what is inside is looked at when it is sent."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidInputError(field, "must be an object with texts as keys")
    return dict(value)
