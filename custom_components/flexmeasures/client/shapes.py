"""Reading single fields of an answer: each has the type that was documented, or the answer is refused by name."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import json
import math
from types import NoneType

from .durations import parse_duration
from .models import JsonObject, JsonValue


class ShapeError(ValueError):
    """The data has another shape than documented; the text names the field."""


def list_of[T](parse: Callable[[JsonValue], T]) -> Callable[[JsonValue], tuple[T, ...]]:
    """Return a parser of a JSON list whose items `parse` understands."""

    def parse_list(data: JsonValue) -> tuple[T, ...]:
        return tuple(parse(item) for item in as_list(data))

    return parse_list


def as_object(data: JsonValue) -> JsonObject:
    """Return the JSON object."""
    if not isinstance(data, dict):
        raise ShapeError(f"an object was expected, not {_kind(data)}")
    return data


def as_list(data: JsonValue) -> list[JsonValue]:
    """Return the JSON list."""
    if not isinstance(data, list):
        raise ShapeError(f"a list was expected, not {_kind(data)}")
    return data


def integer(body: JsonObject, key: str) -> int:
    """Return a whole number."""
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ShapeError(f"{key} is {_kind(value)} instead of a whole number")
    return value


def optional_integer(body: JsonObject, key: str) -> int | None:
    """Return a whole number, or None for null or nothing."""
    return None if body.get(key) is None else integer(body, key)


def text(body: JsonObject, key: str) -> str:
    """Return a text."""
    value = body.get(key)
    if not isinstance(value, str):
        raise ShapeError(f"{key} is {_kind(value)} instead of a text")
    return value


def optional_text(body: JsonObject, key: str) -> str | None:
    """Return a text, or None for null or nothing."""
    return None if body.get(key) is None else text(body, key)


def truth(body: JsonObject, key: str) -> bool:
    """Return a truth value."""
    value = body.get(key)
    if not isinstance(value, bool):
        raise ShapeError(f"{key} is {_kind(value)} instead of a truth value")
    return value


def duration(body: JsonObject, key: str) -> timedelta:
    """Return a duration of fixed length, zero or more."""
    try:
        value = parse_duration(text(body, key))
    except ShapeError:
        raise
    except ValueError as error:
        raise ShapeError(f"{key}: {error}") from None
    if value < timedelta():
        raise ShapeError(f"{key} is negative")
    return value


def moment(body: JsonObject, key: str) -> datetime:
    """Return a moment in UTC."""
    value = text(body, key)
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
    except ValueError, OverflowError:
        pass
    raise ShapeError(f"{key} is no moment with a time zone")


def optional_moment(body: JsonObject, key: str) -> datetime | None:
    """Return a moment in UTC, or None for null or nothing."""
    return None if body.get(key) is None else moment(body, key)


def embedded(body: JsonObject, key: str) -> JsonObject:
    """Return an object that FlexMeasures sends as JSON text; nothing gives an empty one."""
    value = _decoded(body, key)
    return {} if value is None else as_object(value)


def embedded_list(body: JsonObject, key: str) -> tuple[JsonValue, ...]:
    """Return a list that FlexMeasures sends as JSON text; nothing gives an empty one."""
    value = _decoded(body, key)
    return () if value is None else tuple(as_list(value))


def optional_number(body: JsonObject, key: str) -> float | None:
    """Return a number; None for null, nothing and what is not finite."""
    return as_number(body.get(key), key)


def numbers(body: JsonObject, key: str) -> tuple[float | None, ...]:
    """Return a list of numbers; null and what is not finite become None, minus zero becomes zero."""
    values = body.get(key)
    if not isinstance(values, list):
        raise ShapeError(f"{key} is {_kind(values)} instead of a list")
    if set(map(type, values)) <= {float, NoneType}:
        # The usual case without a call per value, of which there may be 100,000.
        found = [value + 0.0 if isinstance(value, float) else None for value in values]
        if math.isfinite(math.fsum(filter(None, found))):
            return tuple(found)
    return tuple([as_number(value, key) for value in values])


def as_number(value: JsonValue, key: str) -> float | None:
    """Return a number; null and what is not finite become None, minus zero becomes zero."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ShapeError(f"{key} holds {_kind(value)} instead of a number")
    try:
        number = float(value) + 0.0  # minus zero plus zero is zero
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _decoded(body: JsonObject, key: str) -> JsonValue:
    value = body.get(key)
    if not isinstance(value, str):
        return value
    try:
        decoded: JsonValue = json.loads(value)
    except ValueError, RecursionError:
        raise ShapeError(f"{key} holds broken JSON") from None
    return decoded


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "a truth value"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
    return "an object"
