"""What a device described within the active control type: what its statuses and our instructions may name."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from .messages import ddbc, frbc, ombc, pebc, ppbc
from .messages.components import (
    Identifier,
    Instruction,
    Message,
    OperationModeInstruction,
    OperationModeStatus,
)
from .messages.session import RevokableObject
from .wire import MessageError, invalid_content

type SystemDescription = frbc.SystemDescription | ombc.SystemDescription | ddbc.SystemDescription
_SYSTEM_DESCRIPTIONS = (frbc.SystemDescription, ombc.SystemDescription, ddbc.SystemDescription)

# What can be understood only together with a description, and with which.
_UNDERSTOOD_WITH: dict[type[Message], type[Message]] = {
    frbc.ActuatorStatus: frbc.SystemDescription,
    frbc.StorageStatus: frbc.SystemDescription,
    frbc.TimerStatus: frbc.SystemDescription,
    frbc.LeakageBehaviour: frbc.SystemDescription,
    frbc.UsageForecast: frbc.SystemDescription,
    frbc.FillLevelTargetProfile: frbc.SystemDescription,
    ombc.Status: ombc.SystemDescription,
    ombc.TimerStatus: ombc.SystemDescription,
    ppbc.PowerProfileStatus: ppbc.PowerProfileDefinition,
    ddbc.PresentDemandStatus: ddbc.SystemDescription,
    ddbc.ActuatorStatus: ddbc.SystemDescription,
    ddbc.TimerStatus: ddbc.SystemDescription,
    ddbc.AverageDemandRateForecast: ddbc.SystemDescription,
}
_REVOKABLE = frozenset(RevokableObject)
# Of each kind. A device that announces more than its next few changes gains nothing by it.
_KEPT = 16
# One for each actuator and timer of a device of ordinary size.
_WAITING = 64


class Descriptions:
    """The descriptions, constraints, profiles and forecasts that hold now or will hold later.

    A description with a later ``valid_from`` is kept beside the one in force, and statuses may name what is in either.
    """

    def __init__(self) -> None:
        self._kept: dict[str, list[Message]] = {}
        self._waiting: dict[tuple[str, *tuple[Identifier, ...]], Message] = {}
        self._actuators: dict[Identifier | None, _Names] = {}

    def take(self, message: Message, now: datetime) -> tuple[Message, ...]:
        """Take a message, and return what can be understood by now: this one and those that waited for it.

        What comes before its description waits for it. The newest of each kind counts.

        Raises:
            MessageError: it names what has not been described (INVALID_CONTENT).
        """
        kind = type(message)
        needed = _UNDERSTOOD_WITH.get(kind)
        if needed is not None and not self._kept.get(needed.message_type):
            self._wait(message)
            return ()
        check = _NAME_CHECKS.get(kind)
        if check is not None:
            check(self, message)
        if message.message_type not in _REVOKABLE:
            return (message,)
        self._keep(message, now)
        return (message, *self._take_waiting(now))

    def _wait(self, message: Message) -> None:
        names = (getattr(message, "actuator_id", ""), getattr(message, "timer_id", ""))
        self._waiting[message.message_type, *names] = message
        if len(self._waiting) > _WAITING:
            del self._waiting[next(iter(self._waiting))]

    def _take_waiting(self, now: datetime) -> list[Message]:
        """Return what can be understood by now; what names something unknown was about an earlier description."""
        waiting, self._waiting = self._waiting, {}
        understood: list[Message] = []
        for message in waiting.values():
            try:
                understood += self.take(message, now)
            except MessageError:
                continue
        return understood

    def _keep(self, message: Message, now: datetime) -> None:
        """Keep a message that can be revoked or named; what it supersedes is dropped."""
        kept = self._kept.setdefault(message.message_type, [])
        own_id = getattr(message, "id", None)
        kept[:] = [
            other for other in kept if own_id is None or getattr(other, "id", None) != own_id
        ]
        kept.append(message)
        in_force = self.in_force(now)
        if isinstance(message, _SYSTEM_DESCRIPTIONS) and in_force is not None:
            later = [one for one in self._described() if one.valid_from > in_force.valid_from]
            kept[:] = [in_force, *later]
        if len(kept) > _KEPT:
            # The first one may be in force.
            del kept[1]
        self._index()

    def revoke(self, object_type: RevokableObject, object_id: Identifier) -> Message | None:
        """Remove the object of this id, or that the message of this id brought; None when there is none."""
        kept = self._kept.get(object_type, [])
        for message in kept:
            if object_id in {message.message_id, getattr(message, "id", None)}:
                kept.remove(message)
                self._index()
                return message
        for name, message in self._waiting.items():
            if name[0] == object_type and message.message_id == object_id:
                return self._waiting.pop(name)
        return None

    def in_force(self, now: datetime) -> SystemDescription | None:
        """Return the description with the newest ``valid_from`` that is not in the future."""
        begun = [message for message in self._described() if message.valid_from <= now]
        # Of two for the same moment the one that came later counts.
        return max(reversed(begun), key=_valid_from, default=None)

    def check_instruction(self, instruction: Instruction, now: datetime) -> None:
        """Check that an instruction asks only for what the device can do when it executes it.

        Raises:
            MessageError: it asks for something else, so it must not be sent.
        """
        match instruction:
            case OperationModeInstruction():
                self._check_mode(instruction, max(now, instruction.execution_time))
            case pebc.Instruction():
                kept = self._kept.get(pebc.PowerConstraints.message_type, [])
                if instruction.power_constraints_id not in _ids(kept):
                    raise invalid_content("power_constraints_id is unknown")
            case ppbc.SequenceInstruction():
                self._check_sequence(
                    instruction.power_profile_id,
                    instruction.sequence_container_id,
                    instruction.power_sequence_id,
                )

    def check_status(self, message: OperationModeStatus) -> None:
        """Refuse an unknown actuator or operation mode."""
        names = self._actuator(getattr(message, "actuator_id", None))
        names.check_mode(message.active_operation_mode_id)

    def check_timer(self, message: frbc.TimerStatus | ombc.TimerStatus | ddbc.TimerStatus) -> None:
        """Refuse an unknown actuator or timer."""
        names = self._actuator(getattr(message, "actuator_id", None))
        names.check_timer(message.timer_id)

    def check_profile_status(self, message: ppbc.PowerProfileStatus) -> None:
        """Refuse an unknown profile, container or sequence."""
        for status in message.sequence_container_status:
            self._check_sequence(
                status.power_profile_id, status.sequence_container_id, status.selected_sequence_id
            )

    def _check_mode(self, instruction: OperationModeInstruction, at: datetime) -> None:
        description = self.in_force(at)
        if description is None:
            raise invalid_content("no description is in force")
        actuator_id = getattr(instruction, "actuator_id", None)
        part = _parts(description).get(actuator_id)
        if part is None:
            raise invalid_content("actuator_id is unknown")
        names = _Names().add(part)
        names.check_mode(instruction.operation_mode_id)
        if instruction.operation_mode_id in names.abnormal and not instruction.abnormal_condition:
            raise invalid_content("the operation mode is reserved for abnormal conditions")

    def _check_sequence(
        self, profile_id: Identifier, container_id: Identifier, sequence_id: Identifier | None
    ) -> None:
        for profile in self._kept.get(ppbc.PowerProfileDefinition.message_type, []):
            assert isinstance(profile, ppbc.PowerProfileDefinition)
            if profile.id != profile_id:
                continue
            for container in profile.power_sequences_containers:
                if container.id == container_id and (
                    sequence_id is None or sequence_id in _ids(container.power_sequences)
                ):
                    return
            raise invalid_content("the container or its sequence is unknown")
        raise invalid_content("power_profile_id is unknown")

    def _actuator(self, actuator_id: Identifier | None) -> _Names:
        found = self._actuators.get(actuator_id)
        if found is None:
            raise invalid_content("actuator_id is unknown")
        return found

    def _described(self) -> list[SystemDescription]:
        return [
            message
            for kept in self._kept.values()
            for message in kept
            if isinstance(message, _SYSTEM_DESCRIPTIONS)
        ]

    def _index(self) -> None:
        self._actuators = {}
        for description in self._described():
            for actuator_id, part in _parts(description).items():
                self._actuators.setdefault(actuator_id, _Names()).add(part)


def is_based_on(instruction: Instruction, described: Message) -> bool:
    """Tell whether an instruction has lost its ground when the device takes this back."""
    match instruction, described:
        case pebc.Instruction(), pebc.PowerConstraints():
            return instruction.power_constraints_id == described.id
        case ppbc.SequenceInstruction(), ppbc.PowerProfileDefinition():
            return instruction.power_profile_id == described.id
        case _:
            return isinstance(described, _SYSTEM_DESCRIPTIONS)


class _Names:
    """The operation modes and timers of one actuator, or of a device without actuators."""

    def __init__(self) -> None:
        self.modes: set[Identifier] = set()
        self.timers: set[Identifier] = set()
        self.abnormal: set[Identifier] = set()

    def add(
        self, part: frbc.ActuatorDescription | ddbc.ActuatorDescription | ombc.SystemDescription
    ) -> _Names:
        """Take up the names of one more description."""
        self.timers.update(timer.id for timer in part.timers)
        for mode in part.operation_modes:
            self.modes.add(mode.id)
            if mode.abnormal_condition_only:
                self.abnormal.add(mode.id)
        return self

    def check_mode(self, identifier: Identifier) -> None:
        """Refuse an operation mode that was not described."""
        if identifier not in self.modes:
            raise invalid_content("the operation mode is unknown")

    def check_timer(self, identifier: Identifier) -> None:
        """Refuse a timer that was not described."""
        if identifier not in self.timers:
            raise invalid_content("timer_id is unknown")


def _parts(
    description: SystemDescription,
) -> dict[
    Identifier | None,
    frbc.ActuatorDescription | ddbc.ActuatorDescription | ombc.SystemDescription,
]:
    if isinstance(description, ombc.SystemDescription):
        return {None: description}
    return {actuator.id: actuator for actuator in description.actuators}


def _ids(things: Iterable[object]) -> set[object]:
    return {getattr(thing, "id", None) for thing in things}


def _valid_from(description: SystemDescription) -> datetime:
    return description.valid_from


# Any: each check is called with the type that it stands beside.
_NAME_CHECKS: dict[type[Message], Callable[[Descriptions, Any], None]] = {
    frbc.ActuatorStatus: Descriptions.check_status,
    frbc.TimerStatus: Descriptions.check_timer,
    ombc.Status: Descriptions.check_status,
    ombc.TimerStatus: Descriptions.check_timer,
    ppbc.PowerProfileStatus: Descriptions.check_profile_status,
    ddbc.ActuatorStatus: Descriptions.check_status,
    ddbc.TimerStatus: Descriptions.check_timer,
}
