"""The S2 protocol (EN 50491-12-2) as energy manager. Knows neither HTTP nor Home Assistant; time is passed in.

Importing it is cheap. `load` brings s2-python and pydantic, and belongs into an executor.
"""

from .codec import LARGE_LENGTH, MAXIMUM_LENGTH, Codec, Incoming, Refusal, load
from .events import (
    Closed,
    CloseReason,
    ControlTypeActivated,
    ControlTypeDeactivated,
    ControlTypeRefused,
    Event,
    Identified,
    InstructionAnswered,
    InstructionRevoked,
    Output,
    VersionChosen,
)
from .observation import LONGEST_SILENCE, ExpectedPower, Observation
from .options import (
    HandshakeOrder,
    SessionCounters,
    SessionOptions,
    SessionState,
    random_identifier,
)
from .selection import PREFERENCE
from .session import Session
from .sessions import DeviceKey, Routed, Sessions, TooManySessionsError
from .wire import MessageError

__all__ = [
    "LARGE_LENGTH",
    "LONGEST_SILENCE",
    "MAXIMUM_LENGTH",
    "PREFERENCE",
    "CloseReason",
    "Closed",
    "Codec",
    "ControlTypeActivated",
    "ControlTypeDeactivated",
    "ControlTypeRefused",
    "DeviceKey",
    "Event",
    "ExpectedPower",
    "HandshakeOrder",
    "Identified",
    "Incoming",
    "InstructionAnswered",
    "InstructionRevoked",
    "MessageError",
    "Observation",
    "Output",
    "Refusal",
    "Routed",
    "Session",
    "SessionCounters",
    "SessionOptions",
    "SessionState",
    "Sessions",
    "TooManySessionsError",
    "VersionChosen",
    "load",
    "random_identifier",
]
