"""What can be chosen for a session, and what can be seen of it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

from .messages.components import ControlType, Identifier
from .selection import PREFERENCE
from .versions import POSITIONAL_OFFER


class SessionState(StrEnum):
    """How far a session is."""

    OPEN = "open"
    VERSIONED = "versioned"
    IDENTIFIED = "identified"
    ACTIVE = "active"
    CLOSED = "closed"


class HandshakeOrder(StrEnum):
    """When our own Handshake is sent."""

    AUTOMATIC = "automatic"
    BEFORE_RESPONSE = "before_response"
    AFTER_SELECTION = "after_selection"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """What the user or the installer chose for a device.

    Attributes:
        preference: control types, the best one first; empty when none is to be selected.
        handshake_order: automatic does what all known devices need.
        abnormal_conditions: whether instructions may use what is reserved for abnormal conditions.
    """

    preference: tuple[ControlType, ...] = PREFERENCE
    handshake_order: HandshakeOrder = HandshakeOrder.AUTOMATIC
    abnormal_conditions: bool = False

    def handshake_comes_last(self, offered: tuple[str, ...]) -> bool:
        """Tell whether a device that offers these versions gets our Handshake after its selection only."""
        if self.handshake_order is HandshakeOrder.AUTOMATIC:
            return offered == POSITIONAL_OFFER
        return self.handshake_order is HandshakeOrder.AFTER_SELECTION


@dataclass(slots=True, kw_only=True)
class SessionCounters:
    """What happened in a session, for people who look for the cause of something.

    Attributes:
        received: texts of the device.
        refused: those that got another answer than OK.
        ignored: those that belong to a control type which is just being left.
        unanswered: messages of ours whose answer never came.
        unknown_answers: answers to nothing that we sent, or that came too late.
    """

    received: int = 0
    refused: int = 0
    ignored: int = 0
    unanswered: int = 0
    unknown_answers: int = 0


def random_identifier() -> Identifier:
    """Return a new identifier; devices made with s2-python accept nothing but a UUID."""
    return str(uuid4())
