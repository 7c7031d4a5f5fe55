"""From messages to JSON: strict, because a device may take a wrong word at its face value."""

from datetime import UTC, datetime, timedelta
from math import isfinite

from .messages.components import Factor, Identifier
from .wire import JsonObject, JsonValue, MessageError, invalid_content, is_identifier, wire_fields

_MILLISECOND = timedelta(milliseconds=1)


def written_object(value: object) -> JsonObject:
    """Return a message or component as JSON; what is not given is left out, never null.

    Raises:
        MessageError: a number, time or identifier would not be understood as meant.
    """
    kind: type = type(value)
    raw: JsonObject = {}
    for field, on_the_wire in wire_fields(kind):
        member = getattr(value, field.name)
        if member is None:
            continue
        try:
            raw[on_the_wire] = _written(member, field.type)
        except MessageError as error:
            raise error.within(on_the_wire) from None
    return raw


def _written(value: object, kind: object) -> JsonValue:
    match value:
        case bool():
            return value
        case str():
            if kind is Identifier and not is_identifier(value):
                raise invalid_content("is no identifier")
            return str(value)
        case int() | float():
            return _number(value, kind)
        case datetime():
            return _moment(value)
        case timedelta():
            return _milliseconds(value)
        case tuple():
            return [_written_item(index, item) for index, item in enumerate(value)]
        case _:
            return written_object(value)


def _written_item(index: int, item: object) -> JsonValue:
    try:
        return _written(item, None)
    except MessageError as error:
        raise error.within(index) from None


def _number(value: float, kind: object) -> float:
    if not isfinite(value):
        raise invalid_content("is not finite")
    if kind is Factor and not 0 <= value <= 1:
        raise invalid_content("is not between 0 and 1")
    return value


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise invalid_content("has no offset from UTC")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _milliseconds(value: timedelta) -> int:
    if value < timedelta():
        raise invalid_content("is negative")
    return round(value / _MILLISECOND)
