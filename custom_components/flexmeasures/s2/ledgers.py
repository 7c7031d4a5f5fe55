"""What a session has to remember of what it sent; bounded, so that a silent device costs nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .messages.components import Identifier, Instruction, Message
from .messages.session import InstructionStatus, InstructionStatusUpdate, RevokeObject
from .wire import invalid_content

# The de-facto limit of other implementations is 5 s; a busy device gets twice that.
ANSWER_TIMEOUT = timedelta(seconds=10)
_AWAITED_ANSWERS = 256
# Three days of a new instruction every ten minutes.
_INSTRUCTIONS = 500


@dataclass(frozen=True, slots=True)
class _Awaited:
    sent: Message | Instruction
    deadline: datetime


class AwaitedAnswers:
    """Sent messages that the device has not answered yet.

    Attributes:
        forgotten: how many were dropped because too many were waiting.
    """

    def __init__(self) -> None:
        self._awaited: dict[Identifier, _Awaited] = {}
        self.forgotten = 0

    @property
    def next_deadline(self) -> datetime | None:
        """When the oldest answer is due."""
        return next((awaited.deadline for awaited in self._awaited.values()), None)

    def add(self, sent: Message | Instruction, now: datetime) -> None:
        """Wait for the answer to a message that is being sent."""
        self._awaited[sent.message_id] = _Awaited(sent, now + ANSWER_TIMEOUT)
        if len(self._awaited) > _AWAITED_ANSWERS:
            del self._awaited[next(iter(self._awaited))]
            self.forgotten += 1

    def take(self, subject: Identifier) -> Message | Instruction | None:
        """Return the message that an answer is about, once; None when it is about none."""
        awaited = self._awaited.pop(subject, None)
        return awaited.sent if awaited else None

    def overdue(self, now: datetime) -> list[Message | Instruction]:
        """Return the messages whose answer did not come in time, once."""
        late = [name for name, awaited in self._awaited.items() if awaited.deadline <= now]
        return [self._awaited.pop(name).sent for name in late]


class Instructions:
    """The instructions of a session, and how far the device is with each."""

    def __init__(self) -> None:
        self._sent: dict[Identifier, Instruction] = {}
        self._status: dict[Identifier, InstructionStatus] = {}

    def add(self, instruction: Instruction) -> None:
        """Remember an instruction that is being sent."""
        self._sent[instruction.id] = instruction
        self._status[instruction.id] = InstructionStatus.NEW
        if len(self._sent) > _INSTRUCTIONS:
            oldest = next(iter(self._sent))
            del self._sent[oldest], self._status[oldest]

    def get(self, identifier: Identifier) -> Instruction | None:
        """Return an instruction by its id, which is its message's too."""
        return self._sent.get(identifier)

    def status(self, identifier: Identifier) -> InstructionStatus | None:
        """Return how far the device is with an instruction; None when there is none of this name."""
        return self._status.get(identifier)

    def has_ended(self, identifier: Identifier) -> bool:
        """Tell whether nothing more will come of a known instruction."""
        return self._status[identifier].is_final

    def update(self, identifier: Identifier, status: InstructionStatus) -> None:
        """Note how far the device is with a known instruction; what has ended stays ended."""
        if not self.has_ended(identifier):
            self._status[identifier] = status

    def progress(self, message: InstructionStatusUpdate) -> None:
        """Note what the device says of an instruction.

        Raises:
            MessageError: there is no such instruction.
        """
        if message.instruction_id not in self._sent:
            raise invalid_content("instruction_id is unknown")
        self.update(message.instruction_id, message.status_type)

    def taken_back(self, message: RevokeObject) -> bool:
        """Note that the device takes an instruction back; False when the message is about something else."""
        instruction = self._sent.get(message.object_id)
        if instruction is None or instruction.message_type != message.object_type:
            return False
        self.update(instruction.id, InstructionStatus.REVOKED)
        return True

    def pending(self, now: datetime) -> list[Instruction]:
        """Return those that the device still has to begin."""
        return [
            instruction
            for name, instruction in self._sent.items()
            if instruction.execution_time > now and not self.has_ended(name)
        ]
