"""The body of a post of values: checked, and written as JSON once.

A look at every value would cost several times as much as all the rest of a large post. The JSON text, which is needed
anyway, shows the same at the speed of a search for single bytes: in a list of numbers there is nothing but numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import Enum
import math
from numbers import Real
from types import NoneType
from typing import Final

import orjson

from .errors import InvalidInputError

_BEGIN: Final = len('{"values":[')


def post_body(
    values: object, duration: timedelta, fields: Mapping[str, object]
) -> bytes | dict[str, object]:
    """Return the values that are to be spread evenly over `duration`, and the other fields, as they are to be sent.

    Zero duration is for one instantaneous reading. None is a gap; nothing but gaps is nothing to store. Whatever
    Python takes for a real number is one, except a truth value; members of an enumeration count as their values.

    Raises:
        InvalidInputError: names the position of the first value that cannot be sent, counted from zero.
    """
    found = values if type(values) is list else _items(values)
    count = len(found)
    if not count:
        raise InvalidInputError("values", "must hold at least one number")
    _check_grid(count, duration)
    body = {"values": found, **fields}
    try:
        text = orjson.dumps(body)
    except TypeError:
        body["values"] = _looked_at(found)
    else:
        if _begins_with_numbers(text) or _numbers_and_gaps(found):
            return text
        body["values"] = _looked_at(found)
    return body


def _items(values: object) -> Sequence[object]:
    if isinstance(values, int | float) and not isinstance(values, bool):
        return [values]
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping):
        raise InvalidInputError("values", "must be numbers")
    return list(values)


def _begins_with_numbers(text: bytes) -> bool:
    """Tell whether there is nothing else in the list at the beginning.

    Beside numbers JSON knows lists, objects, texts, null, true and false: each has one of these bytes.
    """
    end = text.find(b"]", _BEGIN)
    return (
        text.find(b"u", _BEGIN, end) < 0
        and text.find(b"l", _BEGIN, end) < 0
        and text.find(b'"', _BEGIN, end) < 0
        and text.find(b"[", _BEGIN, end) < 0
        and text.find(b"{", _BEGIN, end) < 0
    )


def _numbers_and_gaps(found: Sequence[object]) -> bool:
    """Tell whether null means a gap wherever it was written: NaN and infinity become null, too."""
    kinds = set(map(type, found))
    if kinds == {NoneType} or not kinds <= {float, int, NoneType}:
        return False
    numbers: Iterable[float] = filter(None, found)  # type: ignore[arg-type]
    return math.isfinite(sum(numbers))


def _looked_at(found: Sequence[object]) -> list[float | None]:
    """Return as plain numbers what takes a closer look."""
    checked = [_number(value, position) for position, value in enumerate(found)]
    if all(value is None for value in checked):
        raise InvalidInputError("values", "must hold at least one number that is not missing")
    return checked


def _number(value: object, position: int) -> float | None:
    if isinstance(value, Enum):
        value = value.value
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InvalidInputError("values", f"may hold numbers and gaps only; look at {position}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        reason = f"must be finite; use a gap where nothing is known, such as at {position}"
        raise InvalidInputError("values", reason)
    return number


def _check_grid(count: int, duration: timedelta) -> None:
    if not duration:
        if count > 1:
            raise InvalidInputError("duration", "zero fits a single value only")
    elif duration.days < 0:
        raise InvalidInputError("duration", "must be longer than zero")
    elif duration / count * count != duration:
        raise InvalidInputError("duration", f"cannot be divided evenly among {count} values")
