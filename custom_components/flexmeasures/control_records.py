"""What is kept of a device's control across restarts, and how its settings become the engine's."""

from dataclasses import dataclass, field
from typing import Self

from .client import JsonObject
from .const import CONF_SAFE_POWER, LOGGER
from .control import (
    RELEASED,
    ControlMemory,
    ControlMemoryError,
    LeaveAsItIs,
    SafePower,
    SafeReading,
    SafeValue,
    ValueBefore,
)
from .flexible_device import DeviceKind, FlexibleDevice, SafeAction

CONTROL_SECTION = "control"
_WATTS_PER_KILOWATT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """What a restart must not forget of one device.

    Attributes:
        memory: the engine's.
        shadow: whether nothing is written; a switch decides until somebody changes the setting.
    """

    memory: ControlMemory = field(default_factory=ControlMemory)
    shadow: bool

    @classmethod
    def read(cls, record: JsonObject | None, device: FlexibleDevice) -> Self:
        """Return what was kept; without it, or when it makes no sense, the device begins anew."""
        if record is None:
            return cls(shadow=device.shadow)
        try:
            memory = ControlMemory.from_json(record)
        except ControlMemoryError as error:
            LOGGER.warning("What was kept of controlling %s is lost: %s", device.title, error)
            return cls(shadow=device.shadow)
        chosen = record.get("shadow")
        is_current = isinstance(chosen, bool) and record.get("shadow_setting") is device.shadow
        return cls(memory=memory, shadow=chosen is True if is_current else device.shadow)

    def as_record(self, device: FlexibleDevice) -> JsonObject:
        """Return what is to be kept."""
        return {
            **self.memory.to_json(),
            "shadow": self.shadow,
            "shadow_setting": device.shadow,
        }


def safe_value_of(device: FlexibleDevice) -> SafeValue:
    """Return what the device gets when nothing may be carried out any more; an S2 device is left to itself."""
    if device.kind is DeviceKind.S2:
        return SafeReading(RELEASED)
    match device.safe_action:
        case SafeAction.LEAVE:
            return LeaveAsItIs()
        case SafeAction.RESTORE:
            return ValueBefore()
        case SafeAction.FIXED:
            return SafePower(device.settings.get(CONF_SAFE_POWER, 0.0) * _WATTS_PER_KILOWATT)
