"""What control must still know after a restart, as plain JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Self

from ..scheduling.grid import as_utc
from .commands import Reading
from .setpoint import Mode, Override, Request

_VERSION = 1

type JSON = None | bool | int | float | str | list[JSON] | dict[str, JSON]


class ControlMemoryError(ValueError):
    """What was stored is no memory of control, or of another version; control begins without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMemory:
    """What a restart must not forget: how often was written, what people wanted, what to give back.

    Attributes:
        request: what people wanted.
        writes: times of the writes of the last 24 hours.
        engaged: whether the device holds a value of ours that is not its safe value.
        captured: what the actuator showed before control took it over; None when it showed nothing.
        standing_power: W that a device that shows nothing was told last; None when it was told none.
        turned_at: when the device last started or stopped.
        suspended_until: until when a person's change is left alone.
    """

    request: Request = field(default_factory=Request)
    writes: tuple[datetime, ...] = ()
    engaged: bool = False
    captured: Reading | None = None
    standing_power: float | None = None
    turned_at: datetime | None = None
    suspended_until: datetime | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return the memory as plain JSON."""
        request = self.request
        return {
            "version": _VERSION,
            "following": request.following,
            "mode": request.mode.value,
            "mode_until": _text(request.mode_until),
            "manual_power": request.manual_power,
            "override": _override_to_json(request.override),
            "writes": [time.isoformat() for time in self.writes],
            "engaged": self.engaged,
            "captured": self.captured,
            "standing_power": self.standing_power,
            "turned_at": _text(self.turned_at),
            "suspended_until": _text(self.suspended_until),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Self:
        """Return the memory that was stored.

        Raises:
            ControlMemoryError: it is of another version, or something in it is not what it should be.
        """
        if data.get("version") != _VERSION:
            raise ControlMemoryError(f"version {data.get('version')} is not known")
        writes = data.get("writes")
        if not isinstance(writes, list):
            raise ControlMemoryError("writes must be a list")
        return cls(
            request=Request(
                following=_truth(data, "following"),
                mode=_mode(data.get("mode")),
                mode_until=_time(data.get("mode_until"), "mode_until"),
                manual_power=_known(_number(data, "manual_power"), "manual_power"),
                override=_override(data.get("override")),
            ),
            writes=tuple(_known(_time(write, "writes"), "writes") for write in writes),
            engaged=_truth(data, "engaged"),
            captured=_reading(data),
            standing_power=_number(data, "standing_power"),
            turned_at=_time(data.get("turned_at"), "turned_at"),
            suspended_until=_time(data.get("suspended_until"), "suspended_until"),
        )


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _override_to_json(override: Override | None) -> JSON:
    if override is None:
        return None
    return {"power": override.power, "until": _text(override.until)}


def _override(value: JSON) -> Override | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ControlMemoryError("override must be an object")
    power = _known(_number(value, "power"), "power")
    return Override(power, _time(value.get("until"), "override"))


def _mode(value: JSON) -> Mode:
    try:
        return Mode(str(value))
    except ValueError:
        raise ControlMemoryError(f"mode {value} is not known") from None


def _time(value: JSON, name: str) -> datetime | None:
    if value is None:
        return None
    try:
        return as_utc(datetime.fromisoformat(str(value)), name)
    except ValueError as error:
        raise ControlMemoryError(f"{name} must be a time with its zone") from error


def _known[T](value: T | None, name: str) -> T:
    if value is None:
        raise ControlMemoryError(f"{name} must not be empty")
    return value


def _truth(data: Mapping[str, JSON], name: str) -> bool:
    value = data.get(name)
    if not isinstance(value, bool):
        raise ControlMemoryError(f"{name} must be true or false")
    return value


def _number(data: Mapping[str, JSON], name: str) -> float | None:
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ControlMemoryError(f"{name} must be a finite number")
    return float(value)


def _reading(data: Mapping[str, JSON]) -> Reading | None:
    value = data.get("captured")
    return value if isinstance(value, str) else _number(data, "captured")
