"""Between text on a socket and messages: tolerant of what real devices write, strict in what is said to them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
import json
from typing import TYPE_CHECKING

from .checks import check
from .forms import unless_known
from .messages import ddbc, frbc, ombc, pebc, ppbc, session
from .messages.components import Identifier, Instruction, Message
from .messages.session import NIL_IDENTIFIER, ReceptionStatus, ReceptionStatusValue
from .reading import Reader, reader_of
from .wire import (
    JsonObject,
    JsonValue,
    MessageError,
    invalid_content,
    invalid_message,
    is_identifier,
)
from .writing import written_object

if TYPE_CHECKING:
    from .schema import Validate

# Ten actuators with ten modes of twenty elements take 0.8 MB; nothing real is larger.
MAXIMUM_LENGTH = 2**20
# Reading it blocks for some ms: the event loop should leave such a text to an executor.
LARGE_LENGTH = 100_000

_FROM_DEVICE: tuple[type[Message], ...] = (
    session.Handshake,
    session.ResourceManagerDetails,
    session.SessionRequest,
    session.RevokeObject,
    session.InstructionStatusUpdate,
    session.PowerMeasurement,
    session.PowerForecast,
    frbc.SystemDescription,
    frbc.ActuatorStatus,
    frbc.StorageStatus,
    frbc.TimerStatus,
    frbc.LeakageBehaviour,
    frbc.UsageForecast,
    frbc.FillLevelTargetProfile,
    ombc.SystemDescription,
    ombc.Status,
    ombc.TimerStatus,
    pebc.PowerConstraints,
    pebc.EnergyConstraint,
    ppbc.PowerProfileDefinition,
    ppbc.PowerProfileStatus,
    ddbc.SystemDescription,
    ddbc.PresentDemandStatus,
    ddbc.ActuatorStatus,
    ddbc.TimerStatus,
    ddbc.AverageDemandRateForecast,
)
_TO_DEVICE: tuple[type[Message | Instruction], ...] = (
    session.Handshake,
    session.HandshakeResponse,
    session.SelectControlType,
    session.SessionRequest,
    session.RevokeObject,
    frbc.Instruction,
    ombc.Instruction,
    pebc.Instruction,
    ppbc.ScheduleInstruction,
    ppbc.StartInterruptionInstruction,
    ppbc.EndInterruptionInstruction,
    ddbc.Instruction,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A text that is no acceptable message.

    Attributes:
        subject: the message's name, nil when it has none; None when the text was an answer, which is never answered.
        status: what to answer.
        label: what is wrong, in one line without markup.
    """

    subject: Identifier | None
    status: ReceptionStatusValue
    label: str


_decode: Callable[[str], JsonValue] = json.JSONDecoder().decode

# What a text turns out to be.
type Incoming = Message | ReceptionStatus | Refusal


class Codec:
    """Reads what devices write, and writes what they read. Holds no state of any session."""

    def __init__(self, validators: dict[str, Validate]) -> None:
        """Take the schema's check for each message type."""
        self._validators = validators
        readable: tuple[type[Message | ReceptionStatus], ...] = (*_FROM_DEVICE, ReceptionStatus)
        self._readers: dict[str, tuple[Validate, Reader]] = {
            kind.message_type: (
                unless_known(kind.message_type, validators[kind.message_type]),
                reader_of(kind),
            )
            for kind in readable
        }
        self._instructions: dict[str, type[Instruction]] = {
            kind.message_type: kind for kind in _TO_DEVICE if issubclass(kind, Instruction)
        }

    def read(self, text: str | bytes) -> Incoming:
        """Return the message in a text, or why there is none. Never raises, whatever the text holds."""
        try:
            raw = _parsed(text)
        except MessageError as error:
            return _refusal(error, NIL_IDENTIFIER)
        try:
            validate, reader = self._known(raw)
            validate(raw)
            message: Message | ReceptionStatus = reader(raw)
            check(message)
        except MessageError as error:
            if raw.get("message_type") == ReceptionStatus.message_type:
                return Refusal(subject=None, status=error.status, label=error.label)
            return _refusal(error, _identifier(raw) or NIL_IDENTIFIER)
        return message

    def read_instruction(self, raw: JsonObject) -> Instruction:
        """Return the instruction that a person wrote as the standard does.

        Raises:
            MessageError: it is none, or makes no sense by itself.
        """
        message_type = raw.get("message_type")
        kind = self._instructions.get(message_type) if isinstance(message_type, str) else None
        if kind is None:
            raise invalid_message("the message type is no instruction")
        self._validators[kind.message_type](raw)
        instruction: Instruction = reader_of(kind)(raw)
        check(instruction)
        return instruction

    def write(self, message: Message | Instruction) -> str:
        """Return a message as text.

        Raises:
            MessageError: the standard does not allow it, so it must not be sent.
        """
        check(message)
        raw: JsonObject = {
            "message_type": message.message_type,
            "message_id": message.message_id,
            **written_object(message),
        }
        self._validators[message.message_type](raw)
        return json.dumps(raw, allow_nan=False)

    def _known(self, raw: JsonObject) -> tuple[Validate, Reader]:
        """Return what checks and what reads this kind of message."""
        message_type = raw.get("message_type")
        known = self._readers.get(message_type) if isinstance(message_type, str) else None
        if message_type != ReceptionStatus.message_type and _identifier(raw) is None:
            raise MessageError(
                ReceptionStatusValue.INVALID_DATA, "is missing or no identifier", "message_id"
            )
        if known is not None:
            return known
        if isinstance(message_type, str) and message_type in self._validators:
            raise invalid_content("only an energy manager sends this")
        raise invalid_message("the message type is unknown")


def written_answer(
    subject: Identifier,
    status: ReceptionStatusValue = ReceptionStatusValue.OK,
    label: str | None = None,
) -> str:
    """Return a ReceptionStatus as text; nothing in it has to be escaped but the label."""
    words = "OK" if status is ReceptionStatusValue.OK else status.value
    ending = "" if label is None else f', "diagnostic_label": {json.dumps(label)}'
    return (
        f'{{"message_type": "ReceptionStatus", "subject_message_id": "{subject}", '
        f'"status": "{words}"{ending}}}'
    )


@cache
def load() -> Codec:
    """Return the codec, loading s2-python and building its validators at the first call.

    That takes most of a second and reads files, so it belongs into an executor.
    """
    kinds = {kind.message_type for kind in (*_FROM_DEVICE, *_TO_DEVICE, ReceptionStatus)}
    validators: Callable[[set[str]], dict[str, Validate]]
    validators = import_module(".schema", __package__).validators
    return Codec(validators(kinds))


def _parsed(text: str | bytes) -> JsonObject:
    """Return the JSON object in a text.

    Python's reader lets NaN and Infinity pass; where a number is read, they are refused with the message's name.
    """
    if len(text) > MAXIMUM_LENGTH:
        raise MessageError(ReceptionStatusValue.INVALID_DATA, "the message is too long")
    try:
        raw: JsonValue = _decode(text if isinstance(text, str) else text.decode())
    except ValueError, RecursionError:
        raise MessageError(ReceptionStatusValue.INVALID_DATA, "the message is no JSON") from None
    if not isinstance(raw, dict):
        raise MessageError(ReceptionStatusValue.INVALID_DATA, "the message is no JSON object")
    return raw


def _identifier(raw: JsonObject) -> Identifier | None:
    found = raw.get("message_id")
    return found if isinstance(found, str) and is_identifier(found) else None


def _refusal(error: MessageError, subject: Identifier) -> Refusal:
    return Refusal(subject=subject, status=error.status, label=error.label)
