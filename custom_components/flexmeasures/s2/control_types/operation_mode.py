"""Operation mode based control: devices that run in one of several modes and store nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime

from ..messages import ombc
from ..messages.components import Identifier, Instruction, Message
from ..messages.session import InstructionStatusUpdate, RevokeObject
from .actuators import ActuatorStates
from .bands import power_limits
from .contribution import Contribution, Sensors
from .control import earliest
from .dispatch import Demand, decide, running_power
from .modes import Actuator, Mode
from .plan import Plan
from .spans import UNGUARDED, Span
from .timeline import Grid
from .validity import ValidityQueue

# The whole device is its one actuator.
_DEVICE = ""


class OperationModeControl:
    """What is known of one device with operation modes, and what it should do.

    FlexMeasures sees bands of power and nothing that wants energy: by itself it plans the cheapest band, so the planner
    adds what the user wants of the device.
    """

    def __init__(self, *, abnormal_conditions: bool = False, limits: Span = UNGUARDED) -> None:
        """Begin with a device of which nothing is known, and the W that people let it have."""
        self._abnormal = abnormal_conditions
        self._limits = limits
        self._descriptions: ValidityQueue[Actuator] = ValidityQueue()
        self._states = ActuatorStates()

    def receive(self, message: Message, now: datetime) -> tuple[Identifier, ...]:
        """Take in a message of the RM; return the ids of instructions that have to be revoked."""
        state = self._states.of(_DEVICE)
        match message:
            case ombc.SystemDescription():
                actuator = Actuator.of(
                    _DEVICE,
                    (
                        Mode.without_storage(mode, order)
                        for order, mode in enumerate(message.operation_modes)
                    ),
                    message.transitions,
                    message.timers,
                )
                ids = frozenset((message.message_id,))
                self._descriptions.add(actuator, message.valid_from, ids, now)
            case ombc.Status():
                state.reported(message, self._descriptions.active(now), now)
            case ombc.TimerStatus():
                state.timers.reported(message.timer_id, message.finished_at)
            case InstructionStatusUpdate():
                self._states.followed(message.instruction_id, message.status_type, now)
            case RevokeObject():
                before = self._descriptions.active(now)
                self._descriptions.revoke(message.object_id, now)
                return () if self._descriptions.active(now) is before else self.deactivate()
        return ()

    def sent(self, instruction: Instruction, now: datetime) -> None:
        """Note that an instruction has gone to the device; it counts as followed until the device says otherwise."""
        actuator = self._descriptions.active(now)
        if actuator is not None and isinstance(instruction, ombc.Instruction):
            self._states.of(_DEVICE).sent(instruction, actuator, now)

    def refused(self, instruction_id: Identifier, now: datetime, *, temporary: bool) -> None:
        """Note that the device answered an instruction with an error."""
        self._states.refused(instruction_id, now, temporary=temporary)

    def deactivate(self) -> tuple[Identifier, ...]:
        """Return the ids of instructions that have to be revoked, since this control type ends."""
        return self._states.withdraw()

    def power(self, now: datetime) -> float | None:
        """Return the W that the device uses as far as is known, consumption positive."""
        actuator = self._descriptions.active(now)
        return None if actuator is None else running_power(actuator, self._states.of(_DEVICE))

    def powers(self, now: datetime) -> Mapping[str, Span]:
        """Return the W between which the device can be led, consumption positive; nothing before its description."""
        actuator = self._descriptions.active(now)
        return {_DEVICE: actuator.powers(abnormal=self._abnormal)} if actuator else {}

    def contribution(self, sensors: Sensors, grid: Grid, now: datetime) -> Contribution:
        """Return the bands of power in which the device can be planned; nothing before they are known."""
        actuator = self._descriptions.active(max(now, grid.start))
        if actuator is None:
            return Contribution()
        limits = power_limits((mode.powers for mode in actuator.normal_modes), self._limits)
        return Contribution(flex_models=({"sensor": sensors.power[_DEVICE], **limits},))

    def instructions(
        self, now: datetime, plan: Plan, new_id: Callable[[], Identifier]
    ) -> tuple[ombc.Instruction, ...]:
        """Return what has to be sent now; the same answer for the same state, and ``sent`` has to follow."""
        actuator, state = self._descriptions.active(now), self._states.of(_DEVICE)
        power = plan.power(_DEVICE, now)
        if actuator is None or power is None:
            return ()
        demand = Demand(self._limits.clamp(power), abnormal=self._abnormal, limits=self._limits)
        decision = decide(actuator, state, demand, now)
        if decision is None:
            return ()
        change = decision.power - (running_power(actuator, state) or 0.0)
        if not state.due(decision.mode_id, change, actuator, now):
            return ()
        return (
            ombc.Instruction(
                id=new_id(),
                execution_time=now,
                abnormal_condition=decision.abnormal,
                operation_mode_id=decision.mode_id,
                operation_mode_factor=decision.factor,
            ),
        )

    def next_decision(self, now: datetime, plan: Plan) -> datetime | None:
        """Return when to ask for instructions again if no message comes before."""
        return earliest(
            (
                plan.next_boundary(now),
                self._descriptions.next_change(now),
                self._states.next_change(now),
            )
        )
