"""What can be chosen for a session, and what can be seen of it."""

from dataclasses import dataclass
from enum import StrEnum

from .messages.components import ControlType
from .selection import PREFERENCE


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
