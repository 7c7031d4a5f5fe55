"""The states of all actuators of one device."""

from collections.abc import Iterator
from datetime import datetime

from ..messages.components import Identifier
from ..messages.session import InstructionStatus
from .actuator_state import ActuatorState


class ActuatorStates:
    """What is known of each actuator, also before a description names it: devices send in any order."""

    def __init__(self) -> None:
        """Begin with no actuator."""
        self._states: dict[Identifier, ActuatorState] = {}

    def __iter__(self) -> Iterator[ActuatorState]:
        return iter(self._states.values())

    def of(self, actuator_id: Identifier) -> ActuatorState:
        """Return the state of one actuator."""
        state = self._states.get(actuator_id)
        if state is None:
            state = self._states[actuator_id] = ActuatorState()
        return state

    def followed(
        self, instruction_id: Identifier, status: InstructionStatus, now: datetime
    ) -> None:
        """Note how far the device is with an instruction."""
        for state in self:
            state.followed(instruction_id, status, now)

    def refused(self, instruction_id: Identifier, now: datetime, *, temporary: bool) -> None:
        """Note that the device answered an instruction with an error."""
        for state in self:
            state.refused(instruction_id, now, temporary=temporary)

    def withdraw(self) -> tuple[Identifier, ...]:
        """Return the ids of all instructions that are still open, and forget them."""
        return tuple(open_id for state in self for open_id in state.withdraw())

    def next_change(self, now: datetime) -> datetime | None:
        """Return when any actuator should be looked at again without any message."""
        times = [state.next_change(now) for state in self]
        return min((time for time in times if time is not None), default=None)
