"""How one actuator runs, as far as is known: what it reported, what it was told, what it refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..messages.components import Identifier, OperationModeInstruction, OperationModeStatus
from ..messages.session import InstructionStatus
from .modes import Actuator
from .timers import Started, Timers

# A mode that was refused is not asked for again before this; the device's own timers are mostly in this order.
BACK_OFF = timedelta(seconds=60)
# After "temporary error": once, then the longer one.
RETRY = timedelta(seconds=5)
# Devices lose instructions in a restart of their own; one a quarter-hour brings them back without wearing them out.
REASSERT = timedelta(minutes=15)

_NONE: frozenset[Identifier] = frozenset()


@dataclass(frozen=True, slots=True)
class _Sent:
    instruction: OperationModeInstruction
    at: datetime
    # What ran before, to go back to when it is refused.
    before: tuple[Identifier, float] | None
    started: Started


class ActuatorState:
    """What is known of one actuator.

    An instruction counts as followed until the device says otherwise, because many devices never report; a status
    of the device counts more than any instruction.
    """

    def __init__(self) -> None:
        """Begin with an actuator of which nothing is known."""
        self.timers = Timers()
        self._running: tuple[Identifier, float] | None = None
        self._changing_until: datetime | None = None
        self._last: _Sent | None = None
        self._pending = False
        self._avoided: dict[Identifier, datetime] = {}
        self._retried: set[Identifier] = set()

    def running(self, actuator: Actuator) -> tuple[Identifier, float] | None:
        """Return the mode and factor that run; None while unknown.

        An actuator with a single mode needs no status to tell which one it is.
        """
        running = self._running
        if running is not None and running[0] in actuator.modes:
            return running
        if len(actuator.modes) == 1:
            return next(iter(actuator.modes)), 0.0
        return None

    def changing(self, now: datetime) -> bool:
        """Tell whether a transition is under way."""
        return self._changing_until is not None and now < self._changing_until

    def avoided(self, now: datetime) -> frozenset[Identifier]:
        """Return the modes that were refused a short while ago."""
        if not self._avoided:
            return _NONE
        return frozenset(mode_id for mode_id, until in self._avoided.items() if now < until)

    def reported(
        self, status: OperationModeStatus, actuator: Actuator | None, now: datetime
    ) -> None:
        """Take over what the device says; a change that nobody asked for starts its timers as well."""
        before = self._running
        self._running = (status.active_operation_mode_id, status.operation_mode_factor)
        if actuator is None or before is None or before[0] == status.active_operation_mode_id:
            return
        began = min(now, status.transition_timestamp or now)
        self._begin_transition(actuator, before[0], status.active_operation_mode_id, began)

    def sent(
        self, instruction: OperationModeInstruction, actuator: Actuator, now: datetime
    ) -> None:
        """Note an instruction that has gone to the device."""
        before = self.running(actuator)
        started: Started = {}
        if before is not None and before[0] != instruction.operation_mode_id:
            started = self._begin_transition(
                actuator, before[0], instruction.operation_mode_id, now
            )
        self._last = _Sent(instruction, now, before, started)
        self._pending = True
        self._running = (instruction.operation_mode_id, instruction.operation_mode_factor)
        if self._avoided:
            self._avoided = {mode: until for mode, until in self._avoided.items() if now < until}
        self.timers.forget_ended(now)

    def refused(self, instruction_id: Identifier, now: datetime, *, temporary: bool) -> bool:
        """Note that the device did not take an instruction; tell whether it was this actuator's.

        Its mode is avoided for a minute; after the first temporary error only for 5 seconds.
        """
        if self._last is None or self._last.instruction.id != instruction_id:
            return False
        mode_id = self._last.instruction.operation_mode_id
        first = temporary and mode_id not in self._retried
        self._retried = {mode_id} if first else set()
        self._avoided[mode_id] = now + (RETRY if first else BACK_OFF)
        if self._running is not None and self._running[0] == mode_id:
            self._running = self._last.before
            self._changing_until = None
            self.timers.undo(self._last.started)
        self._last = None
        self._pending = False
        return True

    def followed(
        self, instruction_id: Identifier, status: InstructionStatus, now: datetime
    ) -> bool:
        """Note how far the device is with an instruction; tell whether it was this actuator's."""
        if self._last is None or self._last.instruction.id != instruction_id:
            return False
        if status in {InstructionStatus.REJECTED, InstructionStatus.ABORTED}:
            return self.refused(instruction_id, now, temporary=False)
        self._retried.clear()
        self._pending = self._pending and not status.is_final
        return True

    def withdraw(self) -> tuple[Identifier, ...]:
        """Return the instruction that is still open, and forget it."""
        open_ids = (self._last.instruction.id,) if self._last and self._pending else ()
        self._last = None
        self._pending = False
        return open_ids

    def due(
        self, mode_id: Identifier, power_change: float, actuator: Actuator, now: datetime
    ) -> bool:
        """Tell whether an instruction is worth sending; never one that was refused a short while ago.

        Args:
            mode_id: the mode to run.
            power_change: W between what runs and what should.
            actuator: what it is sent to.
            now: the present.
        """
        if self._avoided and mode_id in self.avoided(now):
            return False
        if self._last is None or self._running is None or self._running[0] != mode_id:
            return True
        return abs(power_change) >= actuator.deadband or now - self._last.at >= REASSERT

    def next_change(self, now: datetime) -> datetime | None:
        """Return when this actuator should be looked at again without any message."""
        times = [self._changing_until, self.timers.next_end(now), *self._avoided.values()]
        if self._last is not None:
            times.append(self._last.at + REASSERT)
        return min((time for time in times if time is not None and time > now), default=None)

    def _begin_transition(
        self, actuator: Actuator, from_id: Identifier, to_id: Identifier, at: datetime
    ) -> Started:
        transition = actuator.transition(from_id, to_id)
        if transition is None:
            return {}
        duration = transition.transition_duration
        self._changing_until = None if duration is None else at + duration
        return self.timers.start(transition.start_timers, actuator.timers, at)
