"""What can be asked about an asset and changed of it, under the server's names."""

from collections.abc import Mapping, Sequence
from typing import Final

from .errors import InvalidInputError
from .flex_data import flex_object
from .inputs import checked_degrees, checked_id, checked_json_object, checked_text

# Servers that announce the end of this API version list only a few fields unless they are asked for.
_FIELDS: Final = ("id", "name", "account_id", "generic_asset_type", "parent_asset_id")
DEFAULT_FIELDS: Final = ("latitude", "longitude", "flex_context", "flex_model", "attributes")
# Only by name: a server that does not know one of them refuses the whole request.
_FURTHER_FIELDS: Final = (
    "description",
    "external_id",
    "sensors_to_show",
    "sensors_to_show_as_kpis",
)

_SERVER_NAMES: Final = {"type_id": "generic_asset_type_id", "parent_id": "parent_asset_id"}
_CHANGEABLE: Final = frozenset(
    {
        "attributes",
        "description",
        "external_id",
        "flex_context",
        "flex_model",
        "generic_asset_type_id",
        "latitude",
        "longitude",
        "name",
        "parent_asset_id",
        "sensors_to_show",
        "sensors_to_show_as_kpis",
    }
)


def asked_fields(fields: Sequence[str]) -> str:
    """Return the fields to ask for, as the server reads them."""
    known = (*DEFAULT_FIELDS, *_FURTHER_FIELDS)
    if isinstance(fields, str) or not set(fields) <= {*_FIELDS, *known}:
        raise InvalidInputError("fields", f"may hold {', '.join(known)} only")
    return "|".join(dict.fromkeys((*_FIELDS, *fields)))


def asset_changes(updates: Mapping[str, object] | None, **given: object) -> dict[str, object]:
    """Return the body of a request that creates or changes an asset, every field checked.

    Args:
        updates: under the server's names; None clears a field.
        given: under the names of the client's arguments; None is "not given".
    """
    if updates is not None and not isinstance(updates, Mapping):
        raise InvalidInputError("updates", "must be an object")
    changes = dict(updates or {})
    for name, value in given.items():
        server_name = _SERVER_NAMES.get(name, name)
        if value is not None and server_name in changes:
            raise InvalidInputError(name, "is given twice")
        if value is not None:
            changes[server_name] = value
    if not changes:
        raise InvalidInputError("updates", "there is nothing to change")
    return {name: _checked(name, value) for name, value in changes.items()}


def _checked(name: str, value: object) -> object:
    match name:
        case "name":
            return checked_text(value, name)
        case _ if value is None and name in _CHANGEABLE:
            return None
        case "generic_asset_type_id":
            return checked_id(value, "type_id")
        case "parent_asset_id":
            return checked_id(value, "parent_id")
        case "latitude":
            return checked_degrees(value, name, 90)
        case "longitude":
            return checked_degrees(value, name, 180)
        case "flex_context" | "flex_model":
            return flex_object(value, name)
        case "attributes":
            return checked_json_object(value, name)
    if name not in _CHANGEABLE:
        raise InvalidInputError("updates", f"{name} cannot be changed")
    return value
