"""Reads what was kept across a restart, strictly: what is not exactly as it was written is dropped."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .client import JsonObject


def kept_time(record: JsonObject, name: str) -> datetime | None:
    """Return an aware time in UTC; None where none was kept.

    Raises:
        ValueError: it is no time with a zone.
    """
    match record.get(name):
        case None:
            return None
        case str() as text if (moment := datetime.fromisoformat(text)).tzinfo is not None:
            return moment.astimezone(UTC)
    raise ValueError(f"{name} is no time with a zone")


def kept_number(record: JsonObject, name: str) -> float | None:
    """Return a number; None where none was kept.

    Raises:
        ValueError: it is no number.
    """
    match record.get(name):
        case None:
            return None
        case bool():
            pass
        case int() | float() as number:
            return float(number)
    raise ValueError(f"{name} is no number")


def needed_number(record: JsonObject, name: str) -> float:
    """Return a number.

    Raises:
        ValueError: it is no number, or missing.
    """
    number = kept_number(record, name)
    if number is None:
        raise ValueError(f"{name} is missing")
    return number


def kept_integer(record: JsonObject, name: str) -> int | None:
    """Return a whole number; None where none was kept.

    Raises:
        ValueError: it is no whole number.
    """
    return None if record.get(name) is None else needed_integer(record, name)


def needed_integer(record: JsonObject, name: str) -> int:
    """Return a whole number.

    Raises:
        ValueError: it is no whole number, or missing.
    """
    match record.get(name):
        case bool():
            pass
        case int() as number:
            return number
    raise ValueError(f"{name} is no whole number")


def kept_truth(record: JsonObject, name: str) -> bool:
    """Return whether something is so.

    Raises:
        ValueError: it is neither true nor false, or missing.
    """
    return _of_type(record, name, bool, "neither true nor false")


def kept_text(record: JsonObject, name: str) -> str:
    """Return a text.

    Raises:
        ValueError: it is no text, or missing.
    """
    return _of_type(record, name, str, "no text")


def kept_texts(record: JsonObject, name: str) -> tuple[str, ...]:
    """Return texts.

    Raises:
        ValueError: it is no list of texts.
    """
    return _each(record, name, kept_text)


def kept_numbers(record: JsonObject, name: str) -> tuple[float | None, ...]:
    """Return numbers, and None where one was not known.

    Raises:
        ValueError: it is no list of numbers.
    """
    return _each(record, name, kept_number)


def kept_object(record: JsonObject, name: str) -> JsonObject:
    """Return fields by name.

    Raises:
        ValueError: it has no fields, or is missing.
    """
    return _of_type(record, name, dict, "no object")


def kept_objects(record: JsonObject, name: str) -> tuple[JsonObject, ...]:
    """Return several objects.

    Raises:
        ValueError: it is no list of objects.
    """
    return _each(record, name, kept_object)


def _of_type[T](record: JsonObject, name: str, kind: type[T], otherwise: str) -> T:
    value = record.get(name)
    if isinstance(value, kind):
        return value
    raise ValueError(f"{name} is {otherwise}")


def _each[T](record: JsonObject, name: str, read: Callable[[JsonObject, str], T]) -> tuple[T, ...]:
    items = _of_type(record, name, list, "no list")
    return tuple(read({name: item}, name) for item in items)


def kept_length(record: JsonObject, name: str) -> timedelta:
    """Return a length of time that was kept in seconds.

    Raises:
        ValueError: it is no number.
    """
    return timedelta(seconds=needed_number(record, name))


def as_text(moment: datetime | None) -> str | None:
    """Return how a time is kept."""
    return None if moment is None else moment.isoformat()
