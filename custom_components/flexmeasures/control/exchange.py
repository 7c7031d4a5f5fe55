"""What a carrier tells the engine, and what the engine asks of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .commands import ANY_VALUE, Bounds, Command, Reading
from .limits import PowerLimits
from .setpoint import Inputs, Mode, Plan, SetpointSource


class Origin(StrEnum):
    """Who changed what an actuator shows."""

    OWN = "own"  # the context of one of our writes
    DEVICE = "device"  # the device itself, or a poll: nobody is named
    FOREIGN = "foreign"  # a person or another automation


class Outcome(StrEnum):
    """What became of a write."""

    TAKEN = "taken"
    FAILED = "failed"  # worth another attempt: a timeout, a lost connection
    REFUSED = "refused"  # the same attempt would fail again: a value or an action that the device does not know
    DROPPED = "dropped"  # never sent, because the engine no longer allowed it


@dataclass(frozen=True, slots=True)
class PlanReceived:
    """There is another plan; None when there is none any more."""

    plan: Plan | None


@dataclass(frozen=True, slots=True)
class FollowingChosen:
    """A person lets the schedule be carried out, or stops that; either ends mode, override and suspension."""

    following: bool


@dataclass(frozen=True, slots=True)
class ModeChosen:
    """A person chose a mode; it ends an override and a suspension.

    Attributes:
        power: W, consumption positive, of the manual mode; None for the power that is followed at the moment.
        until: when the schedule takes over by itself; None at the mode's own end, or never.
    """

    mode: Mode
    power: float | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OverrideSet:
    """A person or an action sets the power; it ends a suspension.

    Attributes:
        power: W, consumption positive.
        until: None for the plan's next block while it is followed, an hour where it has none, otherwise for good.
    """

    power: float
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OverrideCleared:
    """The override is taken back."""


@dataclass(frozen=True, slots=True)
class ControlResumed:
    """A person gives control back before a suspension ends."""


@dataclass(frozen=True, slots=True)
class ShadowChosen:
    """Compute and show everything and write nothing, or write again; going into the shadow gives the safe value."""

    shadow: bool


@dataclass(frozen=True, slots=True)
class InputsChanged:
    """More or less is known of the device."""

    inputs: Inputs


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """The device can take more or less."""

    limits: PowerLimits


@dataclass(frozen=True, slots=True)
class Reported:
    """What the actuator shows: tell it at the start, with every report, and after `Verify`.

    Attributes:
        reading: None when it shows nothing, although it can be written to.
        origin: who changed it.
        bounds: what it accepts.
        available: whether it can be written to.
    """

    reading: Reading | None
    origin: Origin = Origin.DEVICE
    bounds: Bounds = ANY_VALUE
    available: bool = True


@dataclass(frozen=True, slots=True)
class WriteFinished:
    """What became of a write; every write is answered."""

    number: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The time of `Wake` has come."""


@dataclass(frozen=True, slots=True)
class Released:
    """Control ends for good: unload, stop. The safe value is the last write."""


type Event = (
    PlanReceived
    | FollowingChosen
    | ModeChosen
    | OverrideSet
    | OverrideCleared
    | ControlResumed
    | ShadowChosen
    | InputsChanged
    | LimitsChanged
    | Reported
    | WriteFinished
    | TimePassed
    | Released
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Send the command, after any write before it has ended; answer with `WriteFinished`.

    Ask `ControlEngine.allows` right before sending: what was decided in the meantime counts.

    Attributes:
        number: which write this is.
        generation: of the plan; it grows with every plan, so that an old one can never be mistaken.
        command: what to send.
        power: W, consumption positive, that it stands for; None when it is a value that was read before.
        source: why.
        is_safe: whether it brings the device to its safe value.
        expires: not to be sent from then on; None when it never expires.
    """

    number: int
    generation: int
    command: Command
    power: float | None
    source: SetpointSource
    is_safe: bool
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Verify:
    """Have the actuator read freshly, and tell what it shows with `Reported`."""


@dataclass(frozen=True, slots=True)
class Wake:
    """Send `TimePassed` at that time, instead of at any told before; None for not at all."""

    at: datetime | None


class NoticeKind(StrEnum):
    """What people may want to know of at once."""

    FOLLOWING_AGAIN = "following_again"
    MODE_ENDED = "mode_ended"
    NOT_FOLLOWING = "not_following"
    RESUMED = "resumed"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened that people may want to know of."""

    kind: NoticeKind


type Effect = Write | Verify | Wake | Notice
