"""Flex-models and flex-contexts as callers write them, made into what the server reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
import math
import re

from .durations import format_duration
from .errors import InvalidInputError
from .inputs import checked_moment
from .models import JsonObject, JsonValue

type FlexValue = (
    str
    | int
    | float
    | bool
    | datetime
    | timedelta
    | Sequence["FlexValue"]
    | Mapping[str, "FlexValue"]
    | None
)
type FlexObject = Mapping[str, FlexValue]

# All keys of these structures are FlexMeasures' field names; its own are kebab-case, people's are often Python's.
_SNAKE_CASE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")


def flex_model_body(flex_model: Sequence[FlexObject] | FlexObject) -> list[JsonValue]:
    """Return the list of device models; a single one is wrapped.

    Raises:
        InvalidInputError: a value cannot be sent, named with its path: ``flex_model 0 soc-targets 1 datetime``.
    """
    models = [flex_model] if isinstance(flex_model, Mapping) else flex_model
    return [flex_object(model, f"flex_model {index}") for index, model in enumerate(models)]


def flex_context_body(flex_context: FlexObject | Sequence[FlexObject]) -> JsonValue:
    """Return the context, or the list of contexts (one per commodity)."""
    if isinstance(flex_context, Mapping):
        return flex_object(flex_context, "flex_context")
    return [
        flex_object(context, f"flex_context {index}") for index, context in enumerate(flex_context)
    ]


def flex_object(value: FlexObject, path: str) -> JsonObject:
    """Return an object with kebab-case keys and JSON values, without empty lists (they crash the server)."""
    if not isinstance(value, Mapping):
        raise InvalidInputError(path, "must be an object")
    sendable: JsonObject = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise InvalidInputError(path, "may have texts as keys only")
        name = key.replace("_", "-") if _SNAKE_CASE.fullmatch(key) else key
        if name in sendable:
            raise InvalidInputError(path, f"holds {name} twice")
        if not _is_empty_list(item):
            sendable[name] = _flex_value(item, f"{path} {name}")
    return sendable


def _flex_value(value: FlexValue, path: str) -> JsonValue:
    match value:
        case datetime():
            return checked_moment(value, path)
        case timedelta():
            return format_duration(value)
        case float() if not math.isfinite(value):
            raise InvalidInputError(path, "must be finite")
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return flex_object(value, path)
        case Sequence() if not isinstance(value, bytes | bytearray):
            return [_flex_value(item, f"{path} {index}") for index, item in enumerate(value)]
    raise InvalidInputError(path, f"cannot be sent: {type(value).__name__}")


def _is_empty_list(value: FlexValue) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and not value
