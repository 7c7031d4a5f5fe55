"""Flex-models and flex-contexts as callers write them, made into what the server reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
import math
import re

from .durations import format_duration
from .errors import InvalidInputError
from .inputs import checked_duration, checked_moment
from .models import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexPart:
    """A typed piece of a flex-model or flex-context; its fields are FlexMeasures' own, in Python's spelling.

    Attributes:
        extra: what the server knows and this class does not, under the server's field names.
    """

    extra: Mapping[str, FlexValue] = field(default_factory=dict)

    def given(self) -> dict[str, FlexValue]:
        """Return the fields that were given."""
        own = {
            item.name: value
            for item in fields(self)
            if item.name != "extra" and (value := getattr(self, item.name)) is not None
        }
        return own | dict(self.extra)


type FlexValue = (
    str
    | int
    | float
    | bool
    | datetime
    | timedelta
    | Sequence["FlexValue"]
    | Mapping[str, "FlexValue"]
    | FlexPart
    | None
)
type FlexObject = Mapping[str, FlexValue] | FlexPart

# All keys of these structures are FlexMeasures' field names; its own are kebab-case, people's are often Python's.
_SNAKE_CASE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
# Of whatever these say, the server reads the text as a moment, or as a length of time.
_MOMENTS = frozenset({"datetime", "end", "start"})
_LENGTHS = frozenset({"duration"})


def flex_model_body(flex_model: Sequence[FlexObject] | FlexObject) -> list[JsonObject]:
    """Return the list of device models; a single one is wrapped.

    Raises:
        InvalidInputError: a value cannot be sent, named with its path: ``flex_model 0 soc-targets 1 datetime``.
    """
    models = [flex_model] if isinstance(flex_model, Mapping | FlexPart) else flex_model
    if not isinstance(models, Sequence) or isinstance(models, str):
        raise InvalidInputError("flex_model", "must be an object, or a list of objects")
    return [flex_object(model, f"flex_model {index}") for index, model in enumerate(models)]


def flex_context_body(flex_context: FlexObject | Sequence[FlexObject]) -> JsonValue:
    """Return the context, or the list of contexts (one per commodity)."""
    if isinstance(flex_context, Mapping | FlexPart):
        return flex_object(flex_context, "flex_context")
    return [
        flex_object(context, f"flex_context {index}") for index, context in enumerate(flex_context)
    ]


def flex_object(value: object, path: str) -> JsonObject:
    """Return an object with kebab-case keys and JSON values, without empty lists (they crash the server)."""
    given = value.given() if isinstance(value, FlexPart) else value
    if not isinstance(given, Mapping):
        raise InvalidInputError(path, "must be an object")
    sendable: JsonObject = {}
    for key, item in given.items():
        if not isinstance(key, str):
            raise InvalidInputError(path, "may have texts as keys only")
        name = key.replace("_", "-") if _SNAKE_CASE.fullmatch(key) else key
        if name in sendable:
            raise InvalidInputError(path, f"holds {name} twice")
        if not _is_empty_list(item):
            sendable[name] = _flex_field(name, item, f"{path} {name}")
    return sendable


def _flex_field(name: str, value: FlexValue, path: str) -> JsonValue:
    if isinstance(value, str) and name in _MOMENTS:
        return checked_moment(value, path)
    if isinstance(value, str) and name in _LENGTHS:
        return checked_duration(value, path)
    return _flex_value(value, path)


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
        case Mapping() | FlexPart():
            return flex_object(value, path)
        case Sequence() if not isinstance(value, bytes | bytearray):
            return [_flex_value(item, f"{path} {index}") for index, item in enumerate(value)]
    raise InvalidInputError(path, f"cannot be sent: {type(value).__name__}")


def _is_empty_list(value: FlexValue) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and not value
