"""What people see of control."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .commands import Reading


class ControlStatus(StrEnum):
    """What control does with the device now."""

    FOLLOWING = "following"  # it has what it should have
    IDLE = "idle"  # nobody asked for control
    NOT_FOLLOWING = (
        "not_following"  # it does not take what it is told; told again with the next step
    )
    RELEASED = "released"  # control has ended
    SAFE = "safe"  # it has its safe value
    SETTLING = "settling"  # it was told, and is looked at
    SHADOW = "shadow"  # computed and shown, not written
    SUSPENDED = "suspended"  # a person or another automation changed it, which is left alone
    WAITING = "waiting"  # a guard rail holds the write back


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlStatistics:
    """What control did.

    Attributes:
        writes: in the last 24 hours.
        last_write: when the last of them was; None without any.
        last_read_back: when the actuator last showed what it had been told; None while it never did.
        reading: what it shows now; None when nothing.
        retries: repeated writes since the start.
    """

    writes: int
    last_write: datetime | None
    last_read_back: datetime | None
    reading: Reading | None
    retries: int
