"""Which control type a device is asked to follow."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from .messages.components import ControlType, Instruction, Message
from .messages.session import RevokableObject, SelectControlType

# What says most about the device comes first: with a fill level more can be planned than with limits alone.
# NO_SELECTION is missing although some devices list it: it is what ends a selection.
PREFERENCE = (
    ControlType.FILL_RATE_BASED_CONTROL,
    ControlType.OPERATION_MODE_BASED_CONTROL,
    ControlType.POWER_PROFILE_BASED_CONTROL,
    ControlType.DEMAND_DRIVEN_BASED_CONTROL,
    ControlType.POWER_ENVELOPE_BASED_CONTROL,
    ControlType.NOT_CONTROLABLE,
)

# After "temporary error": the time that a device of this protocol takes to give up on us.
_RETRY = timedelta(seconds=5)

_BY_PREFIX = {
    "DDBC": ControlType.DEMAND_DRIVEN_BASED_CONTROL,
    "FRBC": ControlType.FILL_RATE_BASED_CONTROL,
    "OMBC": ControlType.OPERATION_MODE_BASED_CONTROL,
    "PEBC": ControlType.POWER_ENVELOPE_BASED_CONTROL,
    "PPBC": ControlType.POWER_PROFILE_BASED_CONTROL,
}


def control_type_of(message: Message | Instruction) -> ControlType | None:
    """Return the control type that a message belongs to; None when it belongs to every session."""
    return _BY_PREFIX.get(message.message_type[:4])


def control_type_described(object_type: RevokableObject) -> ControlType:
    """Return the control type that a revokable object belongs to."""
    return _BY_PREFIX[object_type[:4]]


class Selection:
    """What a device was asked to follow, and what it said to that.

    Attributes:
        asked: the question that is not settled yet.
        leaving: what the device followed before that; its messages may still be under way.
        retry_at: when to ask the same again; None when there is no reason to.
        paused: a person wants it to follow nothing, which the device's next details must not undo.
    """

    def __init__(self, preference: Sequence[ControlType]) -> None:
        """Begin with a device that was asked nothing."""
        self.asked: SelectControlType | None = None
        self.leaving: ControlType | None = None
        self.retry_at: datetime | None = None
        self.paused = False
        self._preference = preference
        self._refused: set[ControlType] = set()

    @property
    def asked_type(self) -> ControlType | None:
        """The control type that the device was asked to follow; None while no question is open."""
        return self.asked.control_type if self.asked else None

    def choose(self, available: Collection[ControlType]) -> ControlType | None:
        """Return the first preferred control type that the device has and did not refuse; None when there is none."""
        open_choices = set(available) - self._refused
        return next((choice for choice in self._preference if choice in open_choices), None)

    def ask(self, question: SelectControlType, followed: ControlType | None) -> None:
        """Note a question that is being sent, and what the device followed up to now."""
        self.asked = question
        self.leaving = followed or self.leaving
        self.retry_at = None

    def agree(self) -> ControlType:
        """Settle the question as the device wants it, and return what it follows now."""
        assert self.asked is not None
        control_type = self.asked.control_type
        self._settle()
        return control_type

    def refuse(self) -> None:
        """Settle the question against us."""
        assert self.asked is not None
        self._refused.add(self.asked.control_type)
        self._settle()

    def forgive(self) -> None:
        """Let everything that was refused be asked again: the device has changed."""
        self._refused.clear()

    def postpone(self, now: datetime) -> None:
        """Leave the question open and ask again later."""
        self.retry_at = now + _RETRY

    def due(self, now: datetime) -> ControlType | None:
        """Return what to ask again now; None when nothing is due."""
        return self.asked_type if self.retry_at is not None and now >= self.retry_at else None

    def _settle(self) -> None:
        self.asked = None
        self.leaving = None
        self.retry_at = None
