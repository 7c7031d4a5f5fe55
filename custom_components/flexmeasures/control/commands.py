"""What can be sent to an actuator: plain data, which a carrier turns into a service call or a message."""

from dataclasses import dataclass, field
from datetime import datetime

# What an actuator shows: a number, or one of its words, such as "on" or an option.
type Reading = float | str

ON = "on"
OFF = "off"
# What a session with a device shows, beside powers: that it carries the plan out, or leaves the device to itself.
SCHEDULE = "schedule"
RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a number accepts, in its own unit; None where it has no bound."""

    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None


ANY_VALUE = Bounds()


@dataclass(frozen=True, slots=True)
class SetNumber:
    """Set a number to a value in its own unit and sign."""

    value: float


@dataclass(frozen=True, slots=True)
class SetNumberOrOff:
    """Set a number and switch its device on; or, without a value, switch its device off."""

    value: float | None


@dataclass(frozen=True, slots=True)
class SetTemperature:
    """Set the target temperature of a climate or water heater, in its own unit."""

    temperature: float


@dataclass(frozen=True, slots=True)
class TurnSwitch:
    """Turn a switch on or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class SelectOption:
    """Choose an option of a select."""

    option: str


@dataclass(frozen=True, slots=True)
class PressStart:
    """Start a process once: press its button or run its script."""


@dataclass(frozen=True, slots=True)
class RunScript:
    """Run a script with variables.

    Attributes:
        power: W, consumption positive.
        source: why, a word of `SetpointSource`.
        until: when the power is decided again; the same power for longer is no reason to run the script again.
    """

    power: float
    source: str = field(compare=False)
    until: datetime | None = field(compare=False)


@dataclass(frozen=True, slots=True)
class SetPower:
    """Follow a power in W, consumption positive; for a carrier that speaks power itself."""

    power: float


@dataclass(frozen=True, slots=True)
class FollowSchedule:
    """Carry the plan in force out; for a carrier that knows the plan and its steps itself."""


@dataclass(frozen=True, slots=True)
class Release:
    """Leave the device to itself: nothing that it was told holds any more."""


type Command = (
    SetNumber
    | SetNumberOrOff
    | SetTemperature
    | TurnSwitch
    | SelectOption
    | PressStart
    | RunScript
    | SetPower
    | FollowSchedule
    | Release
)
