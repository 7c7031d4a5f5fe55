"""From JSON to messages: the types of the dataclasses say how each field is read.

The schema has been checked before; here is what it cannot say, or what its checker lets pass.
"""

from collections.abc import Callable
from dataclasses import Field, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from types import NoneType
from typing import Any, get_args, get_origin

from .messages.components import Factor, Identifier, Label, NumberRange
from .wire import (
    JsonValue,
    MessageError,
    invalid_content,
    invalid_message,
    is_identifier,
    plain,
    wire_fields,
)

# No device has more of anything, and sums of such numbers stay finite.
_LARGEST_NUMBER = 1e15
# A computed factor such as 0.1 + 0.9 may miss its end by some last digits.
_FACTOR_NOISE = 1e-9
# An element, timer or pause above this is a mistake, and times after it would leave the calendar.
_LONGEST_DURATION = timedelta(days=3660)
# Devices write the first or last day of their calendar for "always" and "never"; adding to it must stay possible.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(3000, 1, 1, tzinfo=UTC)

# What comes out depends on what the field is declared as, so it is checked there and not here.
type Reader = Callable[[Any], Any]


def reader_of(kind: Any) -> Reader:
    """Return what reads JSON of this declared type.

    The reader returns a value of that type. It raises MessageError with the path of the field.
    """
    leaf = _LEAVES.get(kind)
    if leaf is not None:
        return leaf
    inner = [argument for argument in get_args(kind) if argument not in {NoneType, ...}]
    if get_origin(kind) is tuple:
        return _tuple_reader(reader_of(inner[0]))
    if inner:
        return reader_of(inner[0])
    if is_dataclass(kind):
        assert isinstance(kind, type)
        return _object_reader(kind)
    assert issubclass(kind, StrEnum)
    return _word_reader(kind)


def _object_reader(kind: type) -> Reader:
    members = tuple(
        (field.name, on_the_wire, _field_reader(field)) for field, on_the_wire in wire_fields(kind)
    )

    def read(raw: dict[str, JsonValue]) -> object:
        values = {}
        for name, on_the_wire, reader in members:
            found = raw.get(on_the_wire)
            if found is not None:
                try:
                    values[name] = reader(found)
                except MessageError as error:
                    raise error.within(on_the_wire) from None
        return kind(**values)

    return read


def _field_reader(field: Field[Any]) -> Reader:
    reader = reader_of(field.type)
    if not field.metadata.get("bounds"):
        return reader

    def read(raw: JsonValue) -> NumberRange:
        bounds: NumberRange = reader(raw)
        return NumberRange(start_of_range=bounds.lowest, end_of_range=bounds.highest)

    return read


def _tuple_reader(reader: Reader) -> Reader:
    def read(raw: list[JsonValue]) -> tuple[object, ...]:
        items = []
        for index, item in enumerate(raw):
            try:
                items.append(reader(item))
            except MessageError as error:
                raise error.within(index) from None
        return tuple(items)

    return read


def _word_reader(words: type[StrEnum]) -> Reader:
    known: dict[object, StrEnum] = {word.value: word for word in words}

    def read(raw: JsonValue) -> StrEnum:
        return known[raw]

    return read


def _number(raw: JsonValue) -> float:
    if type(raw) is not float:
        if type(raw) is not int:
            raise invalid_message("is no number")
        # Larger integers than a float can hold are no float either.
        raw = float(max(-1e300, min(1e300, raw)))
    if not isfinite(raw):
        raise invalid_content("is not finite")
    if abs(raw) > _LARGEST_NUMBER:
        raise invalid_content("is too large")
    return raw


def _factor(raw: JsonValue) -> float:
    number = _number(raw)
    if not -_FACTOR_NOISE <= number <= 1 + _FACTOR_NOISE:
        raise invalid_content("is not between 0 and 1")
    return max(0.0, min(1.0, number))


def _identifier(raw: JsonValue) -> str:
    if not isinstance(raw, str) or not is_identifier(raw):
        raise invalid_message("is no identifier")
    return raw


def _label(raw: str) -> str:
    return plain(raw)


def _text(raw: str) -> str:
    return raw


def _boolean(raw: JsonValue) -> bool:
    if not isinstance(raw, bool):
        raise invalid_message("is neither true nor false")
    return raw


def _moment(raw: JsonValue) -> datetime:
    if not isinstance(raw, str):
        raise invalid_message("is no time")
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        raise invalid_message("is no time") from None
    if moment.tzinfo is None:
        raise invalid_message("has no offset from UTC")
    # Aware times compare across offsets even where converting them would leave the calendar.
    if moment <= _EARLIEST:
        return _EARLIEST
    if moment >= _LATEST:
        return _LATEST
    return moment.astimezone(UTC)


def _duration(raw: JsonValue) -> timedelta:
    milliseconds = _number(raw)
    if milliseconds > _LONGEST_DURATION / timedelta(milliseconds=1):
        raise invalid_content("is longer than ten years")
    return timedelta(milliseconds=milliseconds)


_LEAVES: dict[object, Reader] = {
    bool: _boolean,
    datetime: _moment,
    Factor: _factor,
    float: _number,
    Identifier: _identifier,
    Label: _label,
    str: _text,
    timedelta: _duration,
}
