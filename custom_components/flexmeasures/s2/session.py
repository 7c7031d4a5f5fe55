"""One session with one device: a state machine that turns texts, times and commands into texts and events.

Rules: EN 50491-12-2 as documented in s2-documentation, "State of communication", and what devices in the field need.
"""

from collections.abc import Callable
from datetime import datetime

from .codec import Codec, Incoming, Refusal
from .descriptions import Descriptions, is_based_on
from .events import (
    Closed,
    CloseReason,
    ControlTypeActivated,
    ControlTypeDeactivated,
    ControlTypeRefused,
    Identified,
    InstructionAnswered,
    InstructionRevoked,
    Output,
    VersionChosen,
)
from .ledgers import Instructions
from .messages.components import ControlType, Identifier, Instruction, Message
from .messages.session import (
    EnergyManagementRole,
    Handshake,
    HandshakeResponse,
    InstructionStatus,
    InstructionStatusUpdate,
    PowerForecast,
    PowerMeasurement,
    ReceptionStatus,
    ReceptionStatusValue,
    ResourceManagerDetails,
    RevokableObject,
    RevokeObject,
    SelectControlType,
    SessionRequest,
    SessionRequestType,
)
from .opening import Opening
from .options import SessionCounters, SessionOptions, SessionState, random_identifier
from .outgoing import Outgoing
from .selection import Selection, control_type_described, control_type_of
from .versions import is_spoken
from .wire import MessageError, invalid_content

_OK = ReceptionStatusValue.OK


class Session:
    """The conversation with one device, from its first text to the end of its connection.

    It answers every message exactly once, and before anything slow can happen: nothing here waits. When it fails, the
    device runs on its own: the user's plan does not reach it, and what it measures does not reach the user.

    Attributes:
        state: how far it is.
        details: what the device said of itself last; None before.
        control_type: what the device follows; None while it follows none.
        counters: what happened so far.
    """

    def __init__(
        self,
        codec: Codec,
        now: datetime,
        *,
        options: SessionOptions | None = None,
        new_identifier: Callable[[], Identifier] = random_identifier,
    ) -> None:
        """Begin with a connection that was just opened."""
        self.state = SessionState.OPEN
        self.details: ResourceManagerDetails | None = None
        self.control_type: ControlType | None = None
        self.counters = SessionCounters()
        self.instructions = Instructions()
        self._codec = codec
        self._options = options or SessionOptions()
        self._new_identifier = new_identifier
        self._opening = Opening(now)
        self._selection = Selection(self._options.preference)
        self._descriptions = Descriptions()
        self._outgoing = Outgoing(codec)

    @property
    def version(self) -> str | None:
        """What was chosen, as the device spells it; None before."""
        return self._opening.version

    @property
    def next_deadline(self) -> datetime | None:
        """When `tick` has to be called next; None while nothing is due by itself."""
        if self.state is SessionState.CLOSED:
            return None
        deadlines = (
            self._opening.next_deadline(is_identified=self.details is not None),
            self._selection.retry_at,
            self._outgoing.awaited.next_deadline,
        )
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def receive(self, text: str | bytes, now: datetime) -> Output:
        """Take a text of the device. Never raises, whatever the text holds."""
        return self.accept(self._codec.read(text), now)

    def accept(self, incoming: Incoming, now: datetime) -> Output:
        """Take what the codec made of a text, for texts that are so large that they were read elsewhere."""
        if self.state is SessionState.CLOSED:
            return Output()
        self.counters.received += 1
        if isinstance(incoming, ReceptionStatus):
            self._answered(incoming, now)
            return self._outgoing.take()
        if isinstance(incoming, Refusal):
            self.counters.refused += 1
            if incoming.subject is None:
                return self._outgoing.take()
            return self._outgoing.answer(incoming.subject, incoming.status, incoming.label)
        try:
            self._take(incoming, now)
        except MessageError as error:
            self.counters.refused += 1
            return self._outgoing.answer(incoming.message_id, error.status, error.label)
        return self._outgoing.answer(incoming.message_id)

    def tick(self, now: datetime) -> Output:
        """Do what is due: at `next_deadline`, or at any other time."""
        if self.state is SessionState.CLOSED:
            return Output()
        if self._opening.is_handshake_due(now):
            self._send_handshake(now)
        if self.details is None and self._opening.is_too_long(now):
            self._end(CloseReason.NOT_IDENTIFIED, SessionRequestType.TERMINATE)
            return self._outgoing.take()
        retried = self._selection.due(now)
        if retried is not None:
            self._select(retried, now)
        for sent in self._outgoing.awaited.overdue(now):
            self._unanswered(sent)
        return self._outgoing.take()

    def select_control_type(self, control_type: ControlType, now: datetime) -> Output:
        """Ask the device to follow another control type, or none with NO_SELECTION.

        Raises:
            MessageError: the device does not have it, or has not said yet what it has.
        """
        available = self.details.available_control_types if self.details else ()
        if self.details is None or self.state is SessionState.CLOSED:
            raise invalid_content("the device has not identified itself")
        if control_type not in {*available, ControlType.NO_SELECTION}:
            raise invalid_content("the device does not have this control type")
        self._selection.paused = control_type is ControlType.NO_SELECTION
        self._select(control_type, now)
        return self._outgoing.take()

    def send_instruction(self, instruction: Instruction, now: datetime) -> Output:
        """Tell the device what to do.

        Raises:
            MessageError: the device does not follow the instruction's control type now, has not described what the
                instruction names or took it back, or the user does not allow abnormal conditions.
        """
        self._require_active(instruction)
        if instruction.abnormal_condition and not self._options.abnormal_conditions:
            raise invalid_content("abnormal conditions are not allowed")
        if self.instructions.get(instruction.id) is not None:
            raise invalid_content("the instruction's id was used before")
        self._descriptions.check_instruction(instruction, now)
        self._outgoing.send(instruction, now)
        self.instructions.add(instruction)
        return self._outgoing.take()

    def revoke_instruction(self, identifier: Identifier, now: datetime) -> Output:
        """Take an instruction back; nothing happens when it has ended or was taken back before.

        Raises:
            MessageError: there is no such instruction, or its control type is not active any more.
        """
        instruction = self.instructions.get(identifier)
        if instruction is None:
            raise invalid_content("the instruction is unknown")
        self._require_active(instruction)
        if not self.instructions.has_ended(identifier):
            self._revoke_instruction(instruction, now)
        return self._outgoing.take()

    def close(self, request: SessionRequestType, reason: CloseReason) -> Output:
        """End the session from our side; the connection is to be closed after the text that this returns."""
        if self.state is not SessionState.CLOSED:
            self._end(reason, request)
        return self._outgoing.take()

    def connection_lost(self) -> Output:
        """Note that the connection is gone."""
        if self.state is not SessionState.CLOSED:
            self._end(CloseReason.CONNECTION_LOST)
        return self._outgoing.take()

    def _take(self, message: Message, now: datetime) -> None:
        """Let a message have its effect.

        Raises:
            MessageError: it has none, and the device has to know why.
        """
        control_type = control_type_of(message)
        if control_type is not None:
            self._control(message, control_type, now)
            return
        match message:
            case Handshake():
                self._handshake(message, now)
            case ResourceManagerDetails():
                self._identified(message, now)
            case PowerMeasurement() | PowerForecast():
                self._require_details()
                self._outgoing.tell(message)
            case InstructionStatusUpdate():
                self._progress(message)
            case RevokeObject():
                self._revoked(message, now)
            case SessionRequest(request=SessionRequestType.TERMINATE):
                self._end(CloseReason.DEVICE_TERMINATED)
            case SessionRequest():
                self._end(CloseReason.DEVICE_RECONNECTS)

    def _handshake(self, message: Handshake, now: datetime) -> None:
        if message.role is not EnergyManagementRole.RM:
            raise invalid_content("an energy manager cannot control another one")
        if self.state is not SessionState.OPEN:
            raise invalid_content("the version has been chosen already")
        offered = message.supported_protocol_versions or ()
        version = self._opening.choose(offered)
        if version is None:
            self._end(CloseReason.NO_VERSION, SessionRequestType.TERMINATE)
            raise invalid_content("no version is offered")
        self.state = SessionState.VERSIONED
        self._outgoing.tell(VersionChosen(version=version, spoken=is_spoken(version)))
        if not self._options.handshake_comes_last(offered):
            self._send_handshake(now)
        self._outgoing.send(self._opening.response(self._new_identifier()), now)

    def _send_handshake(self, now: datetime) -> None:
        if handshake := self._opening.own_handshake(self._new_identifier()):
            self._outgoing.send(handshake, now)

    def _identified(self, message: ResourceManagerDetails, now: datetime) -> None:
        if self.state is SessionState.OPEN:
            raise invalid_content("no version has been chosen yet")
        if self.details is not None and self.details.resource_id != message.resource_id:
            raise invalid_content("another resource_id needs a session of its own")
        self.details = message
        if self.state is SessionState.VERSIONED:
            self.state = SessionState.IDENTIFIED
        self._outgoing.tell(Identified(details=message))
        followed = self._selection.asked_type or self.control_type
        if followed not in message.available_control_types and not self._selection.paused:
            self._selection.forgive()
            self._select_preferred(now)

    def _select_preferred(self, now: datetime) -> None:
        choice = self._selection.choose(self._require_details().available_control_types)
        if choice is not None:
            self._select(choice, now)
        elif self.control_type is not None or self._selection.asked is not None:
            self._select(ControlType.NO_SELECTION, now)

    def _select(self, control_type: ControlType, now: datetime) -> None:
        question = SelectControlType(message_id=self._new_identifier(), control_type=control_type)
        self._selection.ask(question, self.control_type)
        if self.control_type is not None:
            self._outgoing.tell(ControlTypeDeactivated(control_type=self.control_type))
            self.control_type = None
        self.state = SessionState.IDENTIFIED
        self._descriptions = Descriptions()
        self._outgoing.send(question, now)

    def _activate(self) -> None:
        control_type = self._selection.agree()
        if control_type is ControlType.NO_SELECTION:
            return
        self.control_type = control_type
        self.state = SessionState.ACTIVE
        self._outgoing.tell(ControlTypeActivated(control_type=control_type))

    def _control(self, message: Message, control_type: ControlType, now: datetime) -> None:
        """Take a message of one control type."""
        if control_type is not self.control_type:
            self._require_details()
            if control_type is self._selection.asked_type:
                # Some devices describe themselves before they answer, which says as much as the answer.
                self._activate()
            elif control_type is self._selection.leaving:
                self.counters.ignored += 1
                return
            else:
                raise invalid_content("its control type is not selected")
        self._outgoing.tell(*self._descriptions.take(message, now))

    def _progress(self, message: InstructionStatusUpdate) -> None:
        self.instructions.progress(message)
        self._outgoing.tell(message)

    def _revoked(self, message: RevokeObject, now: datetime) -> None:
        if self.instructions.taken_back(message):
            self._outgoing.tell(message)
            return
        revoked = self._descriptions.revoke(message.object_type, message.object_id)
        if revoked is None:
            if control_type_described(message.object_type) is not self._selection.leaving:
                raise invalid_content("object_id is unknown")
            self.counters.ignored += 1
            return
        self._outgoing.tell(message)
        for pending in self.instructions.pending(now):
            if is_based_on(pending, revoked):
                self._revoke_instruction(pending, now)

    def _revoke_instruction(self, instruction: Instruction, now: datetime) -> None:
        revoke = RevokeObject(
            message_id=self._new_identifier(),
            object_type=RevokableObject(instruction.message_type),
            object_id=instruction.id,
        )
        self._outgoing.send(revoke, now)
        self.instructions.update(instruction.id, InstructionStatus.REVOKED)
        self._outgoing.tell(InstructionRevoked(instruction=instruction))

    def _answered(self, answer: ReceptionStatus, now: datetime) -> None:
        """Take the device's answer to one of our messages."""
        sent = self._outgoing.awaited.take(answer.subject_message_id)
        if sent is None:
            self.counters.unknown_answers += 1
            return
        if isinstance(sent, Instruction):
            if answer.status is not _OK:
                self.instructions.update(sent.id, InstructionStatus.REJECTED)
            answered = InstructionAnswered(
                instruction=sent, status=answer.status, label=answer.diagnostic_label
            )
            self._outgoing.tell(answered)
        if answer.status is ReceptionStatusValue.PERMANENT_ERROR or (
            isinstance(sent, HandshakeResponse) and answer.status is not _OK
        ):
            self._end(CloseReason.REFUSED_BY_DEVICE, SessionRequestType.TERMINATE)
        elif isinstance(sent, SelectControlType):
            self._selection_answered(sent, answer.status, now)

    def _selection_answered(
        self, sent: SelectControlType, status: ReceptionStatusValue, now: datetime
    ) -> None:
        if status is _OK and self._opening.owes_handshake:
            self._send_handshake(now)
        if sent is not self._selection.asked:
            return
        if status is _OK:
            self._activate()
        elif status is ReceptionStatusValue.TEMPORARY_ERROR:
            self._selection.postpone(now)
        else:
            self._selection.refuse()
            refused = ControlTypeRefused(control_type=sent.control_type, status=status)
            self._outgoing.tell(refused)
            if sent.control_type is not ControlType.NO_SELECTION:
                self._select_preferred(now)

    def _unanswered(self, sent: Message | Instruction) -> None:
        """Note a missing answer; a device that does not even answer what everything else rests on is gone."""
        self.counters.unanswered += 1
        if isinstance(sent, Instruction):
            self._outgoing.tell(InstructionAnswered(instruction=sent, status=None))
        lost = sent is self._selection.asked or (
            isinstance(sent, HandshakeResponse) and self.details is None
        )
        if lost and self.state is not SessionState.CLOSED:
            self._end(CloseReason.NOT_ACKNOWLEDGED, SessionRequestType.TERMINATE)

    def _require_details(self) -> ResourceManagerDetails:
        if self.details is None:
            raise invalid_content("the resource manager has not identified itself yet")
        return self.details

    def _require_active(self, instruction: Instruction) -> None:
        if self.state is not SessionState.ACTIVE:
            raise invalid_content("no control type is active")
        if control_type_of(instruction) is not self.control_type:
            raise invalid_content("the instruction belongs to another control type")

    def _end(self, reason: CloseReason, request: SessionRequestType | None = None) -> None:
        if request is not None:
            message = SessionRequest(
                message_id=self._new_identifier(), request=request, diagnostic_label=reason.value
            )
            self._outgoing.send_last(message)
        self.state = SessionState.CLOSED
        self.control_type = None
        self._outgoing.tell(Closed(reason=reason))
