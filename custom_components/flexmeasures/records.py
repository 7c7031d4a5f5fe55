"""Reads what was kept across a restart, strictly: what is not exactly as it was written is dropped."""

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
    match record.get(name):
        case bool() as truth:
            return truth
    raise ValueError(f"{name} is neither true nor false")


def kept_text(record: JsonObject, name: str) -> str:
    """Return a text.

    Raises:
        ValueError: it is no text, or missing.
    """
    match record.get(name):
        case str() as text:
            return text
    raise ValueError(f"{name} is no text")


def kept_texts(record: JsonObject, name: str) -> tuple[str, ...]:
    """Return texts.

    Raises:
        ValueError: it is no list of texts.
    """
    match record.get(name):
        case list() as texts:
            return tuple(kept_text({name: text}, name) for text in texts)
    raise ValueError(f"{name} is no list")


def kept_numbers(record: JsonObject, name: str) -> tuple[float | None, ...]:
    """Return numbers, and None where one was not known.

    Raises:
        ValueError: it is no list of numbers.
    """
    match record.get(name):
        case list() as numbers:
            return tuple(kept_number({name: number}, name) for number in numbers)
    raise ValueError(f"{name} is no list")


def kept_object(record: JsonObject, name: str) -> JsonObject:
    """Return fields by name.

    Raises:
        ValueError: it has no fields, or is missing.
    """
    match record.get(name):
        case dict() as fields:
            return fields
    raise ValueError(f"{name} is no object")


def kept_objects(record: JsonObject, name: str) -> tuple[JsonObject, ...]:
    """Return several objects.

    Raises:
        ValueError: it is no list of objects.
    """
    match record.get(name):
        case list() as objects:
            return tuple(kept_object({name: each}, name) for each in objects)
    raise ValueError(f"{name} is no list")


def kept_length(record: JsonObject, name: str) -> timedelta:
    """Return a length of time that was kept in seconds.

    Raises:
        ValueError: it is no number.
    """
    return timedelta(seconds=needed_number(record, name))


def as_text(moment: datetime | None) -> str | None:
    """Return how a time is kept."""
    return None if moment is None else moment.isoformat()
