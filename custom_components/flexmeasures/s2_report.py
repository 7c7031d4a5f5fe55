"""What an S2 device said, for people who look for the cause of something."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
import json
from typing import TYPE_CHECKING, Final, cast

from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType, JsonValueType

if TYPE_CHECKING:
    from .s2_conversation import HeardMessage
    from .s2_device import S2Device

# Fields of messages that name a device or its owner; references to parts of it are named anew, so that they still match.
_PRIVATE: Final = frozenset({"serial_number", "name"})
_REFERENCES: Final = frozenset(
    {"from", "to", "operation_mode", "start_timers", "blocking_timers", "subject_message_id"}
)


def report_of(device: S2Device) -> JsonObjectType:
    """Return everything that is known of a device and the last messages of its sessions."""
    session = device.session
    return {
        "connected": device.connected,
        "state": session.state.value if session else None,
        "version": session.version if session else None,
        "control_type": device.control_type.value if device.control_type else None,
        "details": _as_json(device.details),
        "counters": _as_json(session.counters) if session else None,
        "observation": {
            "power": device.observation.power,
            "fill_level": device.observation.fill_level,
            "fill_level_unit": device.observation.fill_level_unit,
            "state_of_charge": device.observation.state_of_charge,
            "stored_energy": device.observation.stored_energy,
            "operation_mode": device.observation.mode,
            "demand": device.observation.demand,
        },
        "last_instruction": _as_json(device.instructor.last),
        "messages": [
            {
                "time": dt_util.as_local(message.time).isoformat(),
                "sent": message.sent,
                "message": _content(message),
            }
            for message in device.conversation
        ],
    }


def redacted_report_of(device: S2Device) -> JsonObjectType:
    """Return the same without what tells whose device it is."""
    names: dict[str, str] = {}
    report = report_of(device)
    return cast("JsonObjectType", _redacted(report, names))


def _redacted(value: JsonValueType, names: dict[str, str], field: str = "") -> JsonValueType:
    """Return a value with private words left out, and identifiers replaced by one name for each."""
    match value:
        case dict():
            return {key: _redacted(inner, names, key) for key, inner in value.items()}
        case list():
            return [_redacted(inner, names, field) for inner in value]
        case str() if field in _PRIVATE:
            return "**REDACTED**"
        case str() if _is_reference(field):
            return names.setdefault(value, f"id-{len(names) + 1}")
        case _:
            return value


def _is_reference(field: str) -> bool:
    return field.lower() == "id" or field.endswith("_id") or field in _REFERENCES


def _content(message: HeardMessage) -> JsonValueType:
    """Return a message as JSON; of a long or senseless one only how long it is."""
    if message.length == len(message.text):
        try:
            content: JsonValueType = json.loads(message.text)
        except ValueError:
            pass
        else:
            return content
    return {"length": message.length}


def _as_json(value: object) -> JsonValueType:
    """Return a part of a message as JSON."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return dt_util.as_local(value).isoformat()
        case timedelta():
            return value.total_seconds()
        case tuple() | list():
            return [_as_json(inner) for inner in value]
        case _ if is_dataclass(value):
            return dict(_members(value))
        case _:
            return str(value)


def _members(value: object) -> Iterator[tuple[str, JsonValueType]]:
    assert is_dataclass(value)
    for member in fields(value):
        yield member.name, _as_json(getattr(value, member.name))
