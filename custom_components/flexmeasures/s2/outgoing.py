"""What gathers while a session takes something in: texts for the device, and events for whoever looks after it."""

from datetime import datetime

from .codec import Codec, written_answer
from .events import Event, Output
from .ledgers import AwaitedAnswers
from .messages.components import Identifier, Instruction, Message
from .messages.session import ReceptionStatusValue


class Outgoing:
    """Texts and events of one session, in their order, until they are taken.

    Attributes:
        awaited: what was sent and has to be answered.
    """

    def __init__(self, codec: Codec) -> None:
        """Begin with nothing."""
        self.awaited = AwaitedAnswers()
        self._codec = codec
        self._texts: list[str] = []
        self._events: list[Event] = []

    def send(self, message: Message | Instruction, now: datetime) -> None:
        """Send a message, and wait for its answer."""
        self.send_last(message)
        self.awaited.add(message, now)

    def send_last(self, message: Message | Instruction) -> None:
        """Send a message whose answer nobody waits for."""
        self._texts.append(self._codec.write(message))

    def tell(self, *events: Event) -> None:
        """Tell what happened."""
        self._events.extend(events)

    def answer(
        self,
        subject: Identifier,
        status: ReceptionStatusValue = ReceptionStatusValue.OK,
        label: str | None = None,
    ) -> Output:
        """Return what has gathered, and before it the answer to a message: the device may wait for nothing else."""
        self._texts.insert(0, written_answer(subject, status, label))
        return self.take()

    def take(self) -> Output:
        """Return what has gathered."""
        output = Output(tuple(self._texts), tuple(self._events))
        self._texts.clear()
        self._events.clear()
        return output
