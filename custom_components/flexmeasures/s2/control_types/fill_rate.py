"""Fill rate based control: devices that store, with one or several actuators on one storage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..messages import frbc
from ..messages.components import Identifier, Instruction, Message
from ..messages.session import InstructionStatusUpdate, PowerMeasurement, RevokeObject
from .actuators import ActuatorStates
from .contribution import Contribution, Sensors
from .control import earliest
from .dispatch import Decision, Demand, decide, running_element, running_power
from .fill_rate_flex_model import StorageOutlook, contribution_of
from .leakage import leakage_rate
from .modes import Actuator
from .plan import Plan
from .spans import UNGUARDED, Span
from .storage import Movement, Storage, move
from .timeline import Grid, Timeline, integral
from .validity import ValidityQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRateOptions:
    """What people set for a device that stores.

    Attributes:
        capacity_per_unit: kWh behind one unit of fill level; None derives it from powers and fill rates.
        abnormal_conditions: whether modes and transitions for abnormal conditions may be used.
        lenient: whether discharge rates that lack their sign are given it.
        limits: W, consumption positive, that people let all actuators have together; holds 0.
    """

    capacity_per_unit: float | None = None
    abnormal_conditions: bool = False
    lenient: bool = True
    limits: Span = UNGUARDED


@dataclass(slots=True)
class _Level:
    value: float
    at: datetime


class FillRateControl:
    """What is known of one device that stores, and what it should do.

    Messages come in through ``receive`` and change what is known; everything else only reads it. Without a system
    description, a status or a fill level there are no instructions: the device is left alone.
    """

    def __init__(self, options: FillRateOptions | None = None) -> None:
        """Begin with a device of which nothing is known."""
        self._options = options or FillRateOptions()
        self._descriptions: ValidityQueue[Storage] = ValidityQueue()
        self._leakages: ValidityQueue[frbc.LeakageBehaviour] = ValidityQueue()
        self._usage: Timeline[float] = Timeline()
        self._targets: Timeline[Span] = Timeline()
        self._states = ActuatorStates()
        self._level: _Level | None = None
        self._expected: _Level | None = None

    def receive(self, message: Message, now: datetime) -> tuple[Identifier, ...]:
        """Take in a message of the RM; return the ids of instructions that have to be revoked."""
        if isinstance(message, PowerMeasurement):
            return ()
        if isinstance(message, frbc.StorageStatus):
            self._level, self._expected = _Level(message.present_fill_level, now), None
            return ()
        self._note_level(now)
        match message:
            case frbc.SystemDescription():
                storage = Storage.of(
                    message, self._options.capacity_per_unit, lenient=self._options.lenient
                )
                ids = frozenset((message.message_id,))
                self._descriptions.add(storage, message.valid_from, ids, now)
            case frbc.ActuatorStatus():
                actuator = self._actuator(message.actuator_id, now)
                self._states.of(message.actuator_id).reported(message, actuator, now)
            case frbc.TimerStatus():
                timers = self._states.of(message.actuator_id).timers
                timers.reported(message.timer_id, message.finished_at)
            case frbc.LeakageBehaviour():
                ids = frozenset((message.message_id,))
                self._leakages.add(message, message.valid_from, ids, now)
            case frbc.UsageForecast():
                self._usage.forget_before(now)
                self._usage.replace_from(
                    message.start_time,
                    [(part.duration, part.expected) for part in message.elements],
                    message.message_id,
                )
            case frbc.FillLevelTargetProfile():
                self._targets.forget_before(now)
                self._targets.replace_from(
                    message.start_time,
                    [
                        (
                            part.duration,
                            Span(part.fill_level_range.lowest, part.fill_level_range.highest),
                        )
                        for part in message.elements
                    ],
                    message.message_id,
                )
            case InstructionStatusUpdate():
                self._states.followed(message.instruction_id, message.status_type, now)
            case RevokeObject():
                return self._revoke(message.object_id, now)
        return ()

    def sent(self, instruction: Instruction, now: datetime) -> None:
        """Note that an instruction has gone to the device; it counts as followed until the device says otherwise."""
        if not isinstance(instruction, frbc.Instruction):
            return
        self._note_level(now)
        actuator = self._actuator(instruction.actuator_id, now)
        if actuator is not None:
            self._states.of(instruction.actuator_id).sent(instruction, actuator, now)

    def refused(self, instruction_id: Identifier, now: datetime, *, temporary: bool) -> None:
        """Note that the device answered an instruction with an error."""
        self._note_level(now)
        self._states.refused(instruction_id, now, temporary=temporary)

    def deactivate(self) -> tuple[Identifier, ...]:
        """Return the ids of instructions that have to be revoked, since this control type ends."""
        return self._states.withdraw()

    def fill_level(self, now: datetime) -> float | None:
        """Return the expected fill level in the device's unit; None before the first storage status."""
        if self._level is None:
            return None
        # A decision asks several times for the same moment.
        if self._expected is None or self._expected.at != now:
            self._expected = _Level(self._moved(self._level, now), now)
        return self._expected.value

    def stored_energy(self, now: datetime) -> float | None:
        """Return the expected energy in kWh above empty; None while level or capacity is unknown."""
        storage, level = self._descriptions.active(now), self.fill_level(now)
        return None if storage is None or level is None else storage.energy(level)

    def power(self, actuator_id: Identifier, now: datetime) -> float | None:
        """Return the W that an actuator gives as far as is known, consumption positive."""
        actuator, level = self._actuator(actuator_id, now), self.fill_level(now)
        if actuator is None or level is None:
            return None
        return running_power(actuator, self._states.of(actuator_id), level)

    def powers(self, now: datetime) -> Mapping[str, Span]:
        """Return the W between which each actuator can be led, consumption positive; nothing before its description."""
        storage, abnormal = self._descriptions.active(now), self._options.abnormal_conditions
        actuators = storage.actuators if storage else ()
        return {part.id: part.powers(abnormal=abnormal) for part in actuators}

    def contribution(self, sensors: Sensors, grid: Grid, now: datetime) -> Contribution:
        """Return what the device adds to a request for a schedule over the grid; nothing before it is known."""
        outlook = self.outlook(now)
        return contribution_of(outlook, sensors, grid) if outlook else Contribution()

    def outlook(self, now: datetime) -> StorageOutlook | None:
        """Return the storage as it is and as it is foreseen; None before it is known."""
        storage, level = self._descriptions.active(now), self.fill_level(now)
        if storage is None or level is None:
            return None
        return StorageOutlook(
            storage=storage,
            level=level,
            leakage=self._leakages.active(now),
            usage=self._usage,
            targets=self._targets,
            limits=self._options.limits,
        )

    def instructions(
        self, now: datetime, plan: Plan, new_id: Callable[[], Identifier]
    ) -> tuple[frbc.Instruction, ...]:
        """Return what has to be sent now; the same answer for the same state, and ``sent`` has to follow.

        Actuators share the storage in the order of the description: what the first fills the second leaves.
        """
        storage, level = self._descriptions.active(now), self.fill_level(now)
        if storage is None or level is None:
            return ()
        instructions: list[frbc.Instruction] = []
        decided, left = 0.0, self._options.limits
        for actuator in storage.actuators:
            state = self._states.of(actuator.id)
            running = running_element(actuator, state, level)
            decision = self._decide(storage, actuator, plan, now, level, decided, left)
            runs_at = running[0].power.at(running[1]) if running else 0.0
            given = runs_at if decision is None else decision.power
            if left is not UNGUARDED:
                left = Span(min(0.0, left.start - given), max(0.0, left.end - given))
            if decision is None:
                decided += running[0].rate.at(running[1]) if running else 0.0
                continue
            decided += decision.rate
            change = decision.power - runs_at
            if state.due(decision.mode_id, change, actuator, now):
                instructions.append(
                    frbc.Instruction(
                        id=new_id(),
                        execution_time=now,
                        abnormal_condition=decision.abnormal,
                        actuator_id=actuator.id,
                        operation_mode_id=decision.mode_id,
                        operation_mode_factor=decision.factor,
                    )
                )
        return tuple(instructions)

    def next_decision(self, now: datetime, plan: Plan) -> datetime | None:
        """Return when to ask for instructions again if no message comes before."""
        return earliest(
            (
                plan.next_boundary(now),
                self._descriptions.next_change(now),
                self._targets.next_change(now),
                self._states.next_change(now),
            )
        )

    def _decide(
        self,
        storage: Storage,
        actuator: Actuator,
        plan: Plan,
        now: datetime,
        level: float,
        decided: float,
        limits: Span,
    ) -> Decision | None:
        step = plan.step(actuator.id, now)
        if step is None:
            return None
        power, end = step
        rates = self._rates(storage, level, (now, end), decided)
        demand = Demand(
            limits.clamp(power), level, rates, self._options.abnormal_conditions, limits
        )
        return decide(actuator, self._states.of(actuator.id), demand, now)

    def _rates(
        self, storage: Storage, level: float, step: tuple[datetime, datetime], decided: float
    ) -> Span:
        """Return the rates, around 0, that keep the level within the storage and its target until the step ends.

        Only what an actuator does itself is bounded: what usage and leakage do is no reason to buy energy now.
        """
        now, end = step
        seconds = (end - now).total_seconds()
        low, high = storage.levels
        target = self._targets.at(now)
        if target is not None:
            low, high = max(low, target.start), min(high, target.end)
        drain = leakage_rate(self._leakages.active(now), level) - decided
        if self._usage:
            drain += integral(self._usage, now, end) / seconds
        emptying, filling = (low - level) / seconds + drain, (high - level) / seconds + drain
        return Span(min(0.0, emptying), max(0.0, filling))

    def _movement(
        self, storage: Storage, leakage: frbc.LeakageBehaviour | None, level: float
    ) -> Movement:
        rate = 0.0
        low, high = storage.levels
        for actuator in storage.actuators:
            running = running_element(actuator, self._states.of(actuator.id), level)
            if running is not None:
                element, factor = running
                rate += element.rate.at(factor)
                low, high = max(low, element.low), min(high, element.high)
        if leakage is not None:
            rate -= leakage_rate(leakage, level)
            for part in leakage.elements:
                if part.fill_level_range.contains(level):
                    low = max(low, part.fill_level_range.lowest)
                    high = min(high, part.fill_level_range.highest)
        return Movement(rate, low, high)

    def _revoke(self, object_id: Identifier, now: datetime) -> tuple[Identifier, ...]:
        before = self._descriptions.active(now)
        self._descriptions.revoke(object_id, now)
        self._leakages.revoke(object_id, now)
        self._usage.revoke(object_id)
        self._targets.revoke(object_id)
        return () if self._descriptions.active(now) is before else self.deactivate()

    def _moved(self, last: _Level, now: datetime) -> float:
        storage = self._descriptions.active(now)
        if storage is None or now <= last.at:
            return last.value
        empty, full = storage.levels
        if not empty <= last.value <= full:
            return last.value
        leakage = self._leakages.active(now)

        def movement(level: float) -> Movement:
            return self._movement(storage, leakage, level)

        return move(last.value, (last.at, now), self._usage, movement, storage.levels)

    def _note_level(self, now: datetime) -> None:
        """Fix the level expected now, because what moves it is about to change."""
        level = self.fill_level(now)
        if level is not None:
            self._level = _Level(level, now)
        self._expected = None

    def _actuator(self, actuator_id: Identifier, now: datetime) -> Actuator | None:
        storage = self._descriptions.active(now)
        return None if storage is None else storage.actuator(actuator_id)
