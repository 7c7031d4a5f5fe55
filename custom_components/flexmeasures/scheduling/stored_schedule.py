"""Schedules as plain JSON, to keep them across restarts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from .quantities import JSON
from .schedule import Schedule

_VERSION = 1
_FIELDS = frozenset(
    {"version", "start", "resolution", "powers", "computed_at", "schedule_id", "scheduler"}
)


def schedule_to_json(schedule: Schedule) -> dict[str, JSON]:
    """Return the schedule as plain values that `schedule_from_json` reads back equal."""
    return {
        "version": _VERSION,
        "start": schedule.start.isoformat(),
        "resolution": schedule.resolution.total_seconds(),
        "powers": list(schedule.powers),
        "computed_at": schedule.computed_at.isoformat(),
        "schedule_id": schedule.schedule_id,
        "scheduler": schedule.scheduler,
    }


def schedule_from_json(stored: JSON) -> Schedule:
    """Return the schedule that was stored.

    Strict, since a device would follow it: what is not exactly such a schedule is refused.

    Raises:
        ValueError: it is of another version, or not a whole schedule.
    """
    if not isinstance(stored, Mapping) or stored.keys() != _FIELDS:
        raise ValueError("this is no stored schedule")
    if stored["version"] != _VERSION:
        raise ValueError(f"stored schedules of version {stored['version']} are not known")
    return Schedule(
        start=datetime.fromisoformat(_text(stored, "start")),
        resolution=timedelta(seconds=_number(stored["resolution"], "resolution")),
        powers=_powers(stored["powers"]),
        computed_at=datetime.fromisoformat(_text(stored, "computed_at")),
        schedule_id=_text(stored, "schedule_id"),
        scheduler=_text(stored, "scheduler"),
    )


def _text(stored: Mapping[str, JSON], name: str) -> str:
    match stored[name]:
        case str() as text:
            return text
    raise ValueError(f"{name} must be a text")


def _powers(value: JSON) -> tuple[float | None, ...]:
    match value:
        case list() as powers:
            return tuple(None if power is None else _number(power, "powers") for power in powers)
    raise ValueError("powers must be a list")


def _number(value: JSON, name: str) -> float:
    match value:
        case bool():
            pass
        case int() | float():
            return float(value)
    raise ValueError(f"{name} must be numbers")
