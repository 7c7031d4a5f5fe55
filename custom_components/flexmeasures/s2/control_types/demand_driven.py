"""Demand driven based control: devices that meet a demand in one of several ways, such as a hybrid heat pump."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..messages import ddbc
from ..messages.components import Identifier, Instruction, Message, NumberRange
from ..messages.session import InstructionStatusUpdate, RevokeObject
from .actuators import ActuatorStates
from .contribution import Contribution, Finding, Notice, Sensors, Series, SeriesKind
from .control import earliest
from .demand_flex_model import Converter, converter_entries, nearest, supply_bands
from .dispatch import running_element, running_power
from .modes import Actuator, Mode
from .plan import Plan
from .spans import UNGUARDED, Span, span_of
from .supply import Share, Way, share_demand
from .timeline import Grid, Timeline, means
from .validity import ValidityQueue


@dataclass(frozen=True, slots=True)
class _Description:
    parts: tuple[ddbc.ActuatorDescription, ...]
    actuators: tuple[Actuator, ...]
    present_demand: float | None


class DemandDrivenControl:
    """What is known of one device that meets a demand, and how it should meet it.

    The demand goes before the plan: whatever FlexMeasures planned, the house stays warm. People's limits go before both.
    """

    def __init__(
        self,
        *,
        kilowatts_per_unit: float = 1.0,
        abnormal_conditions: bool = False,
        limits: Span = UNGUARDED,
    ) -> None:
        """Begin with a device of which nothing is known.

        Args:
            kilowatts_per_unit: kW of heat behind one unit of the demand rate.
            abnormal_conditions: whether modes and transitions for abnormal conditions may be used.
            limits: W, consumption positive, that people let all actuators have together; holds 0.
        """
        self._limits = limits
        self._kilowatts_per_unit = kilowatts_per_unit
        self._abnormal = abnormal_conditions
        self._descriptions: ValidityQueue[_Description] = ValidityQueue()
        self._present_demand: float | None = None
        self._forecast: Timeline[float] = Timeline()
        self._states = ActuatorStates()

    def receive(self, message: Message, now: datetime) -> tuple[Identifier, ...]:
        """Take in a message of the RM; return the ids of instructions that have to be revoked."""
        match message:
            case ddbc.SystemDescription():
                description = _Description(
                    message.actuators,
                    tuple(_actuator(part) for part in message.actuators),
                    _expected(message.present_demand_rate),
                )
                ids = frozenset((message.message_id,))
                self._descriptions.add(description, message.valid_from, ids, now)
                self._present_demand = None
            case ddbc.PresentDemandStatus():
                self._present_demand = _expected(message.present_demand_rate)
            case ddbc.ActuatorStatus():
                actuator = self._actuator(message.actuator_id, now)
                self._states.of(message.actuator_id).reported(message, actuator, now)
            case ddbc.TimerStatus():
                timers = self._states.of(message.actuator_id).timers
                timers.reported(message.timer_id, message.finished_at)
            case ddbc.AverageDemandRateForecast():
                self._forecast.forget_before(now)
                self._forecast.replace_from(
                    message.start_time,
                    [(part.duration, part.expected) for part in message.elements],
                    message.message_id,
                )
            case InstructionStatusUpdate():
                self._states.followed(message.instruction_id, message.status_type, now)
            case RevokeObject():
                before = self._descriptions.active(now)
                self._descriptions.revoke(message.object_id, now)
                self._forecast.revoke(message.object_id)
                return () if self._descriptions.active(now) is before else self.deactivate()
        return ()

    def sent(self, instruction: Instruction, now: datetime) -> None:
        """Note that an instruction has gone to the device; it counts as followed until the device says otherwise."""
        if not isinstance(instruction, ddbc.Instruction):
            return
        actuator = self._actuator(instruction.actuator_id, now)
        if actuator is not None:
            self._states.of(instruction.actuator_id).sent(instruction, actuator, now)

    def refused(self, instruction_id: Identifier, now: datetime, *, temporary: bool) -> None:
        """Note that the device answered an instruction with an error."""
        self._states.refused(instruction_id, now, temporary=temporary)

    def deactivate(self) -> tuple[Identifier, ...]:
        """Return the ids of instructions that have to be revoked, since this control type ends."""
        return self._states.withdraw()

    def demand(self, now: datetime) -> float | None:
        """Return the demand in the device's unit: the present one, else the one that was foreseen for now."""
        if self._present_demand is not None:
            return self._present_demand
        description = self._descriptions.active(now)
        if description is not None and description.present_demand is not None:
            return description.present_demand
        return self._forecast.at(now)

    def power(self, actuator_id: Identifier, now: datetime) -> float | None:
        """Return the W that an actuator uses as far as is known, consumption positive."""
        actuator = self._actuator(actuator_id, now)
        return None if actuator is None else running_power(actuator, self._states.of(actuator_id))

    def powers(self, now: datetime) -> Mapping[str, Span]:
        """Return the W between which each actuator can be led, consumption positive; 0 W for what burns gas."""
        description = self._descriptions.active(now)
        actuators = description.actuators if description else ()
        return {part.id: part.powers(abnormal=self._abnormal) for part in actuators}

    def contribution(self, sensors: Sensors, grid: Grid, now: datetime) -> Contribution:
        """Return a converter for each actuator, and the demand that they have to meet together.

        The demand is what will be met of it: where it lies beyond, or between, what the actuators can supply, the
        nearest that they can, as ``instructions`` have it.

        Raises:
            ValueError: a sensor is missing that the device needs.
        """
        description = self._descriptions.active(max(now, grid.start))
        demands = self._demands(grid, now)
        if description is None or demands is None:
            return Contribution()
        watts_per_unit = self._kilowatts_per_unit * _WATTS_PER_KILOWATT
        parts = zip(description.actuators, description.parts, strict=True)
        found = (
            Converter.of(actuator, part, watts_per_unit, self._limits) for actuator, part in parts
        )
        converters = tuple(converter for converter in found if converter is not None)
        if not converters:
            return Contribution()
        bands = supply_bands(converters, self._limits)
        series = Series(
            kind=SeriesKind.DEMAND_FORECAST,
            start=grid.start,
            resolution=grid.resolution,
            values=tuple(
                nearest(bands, demand * watts_per_unit) / _WATTS_PER_KILOWATT for demand in demands
            ),
        )
        return Contribution(
            flex_models=converter_entries(converters, sensors, grid, self._limits),
            series=(series,),
            notices=_beyond(
                [demand * self._kilowatts_per_unit for demand in demands],
                bands[-1].high / _WATTS_PER_KILOWATT,
                grid,
            ),
        )

    def _demands(self, grid: Grid, now: datetime) -> tuple[float, ...] | None:
        """Return the demand of every step, in the device's unit; None where nothing is known of one."""
        held = self.demand(now)
        demands = [held if demand is None else demand for demand in means(self._forecast, grid)]
        known = tuple(demand for demand in demands if demand is not None)
        return known if len(known) == len(demands) else None

    def instructions(
        self, now: datetime, plan: Plan, new_id: Callable[[], Identifier]
    ) -> tuple[ddbc.Instruction, ...]:
        """Return what has to be sent now; the same answer for the same state, and ``sent`` has to follow.

        Without a plan the demand is met at the least running costs, then with the least power.
        """
        description, demand = self._descriptions.active(now), self.demand(now)
        if description is None or demand is None:
            return ()
        free = [
            (actuator, ways)
            for actuator in description.actuators
            if (ways := self._ways(actuator, now))
        ]
        # What burns gas is planned in kW of gas, which is no power to come near to.
        electric = [actuator.id for actuator, ways in free if any(any(way.power) for way in ways)]
        powers = [plan.power(actuator_id, now) for actuator_id in electric]
        planned = [power for power in powers if power is not None]
        if not free:
            return ()
        supplied, taken = self._given_by_others(description, free)
        shares = share_demand(
            [ways for _, ways in free],
            demand - supplied,
            sum(planned) if planned else None,
            Span(min(0.0, self._limits.start - taken), max(0.0, self._limits.end - taken)),
        )
        return tuple(
            self._instruction(actuator, share, now, new_id)
            for (actuator, _), share in zip(free, shares, strict=True)
            if self._is_due(actuator, share, now)
        )

    def next_decision(self, now: datetime, plan: Plan) -> datetime | None:
        """Return when to ask for instructions again if no message comes before."""
        return earliest(
            (
                plan.next_boundary(now),
                self._descriptions.next_change(now),
                self._forecast.next_change(now),
                self._states.next_change(now),
            )
        )

    def _ways(self, actuator: Actuator, now: datetime) -> list[Way]:
        """Return the modes that can be reached in one transition; none while the actuator is unknown or changing."""
        state = self._states.of(actuator.id)
        running = state.running(actuator)
        if running is None or state.changing(now):
            return []
        choices = actuator.choices(
            running[0],
            _ANY_LEVEL,
            state.avoided(now),
            state.timers.running(now),
            abnormal=self._abnormal,
        )
        return [
            _way(
                choice.mode,
                choice.costs,
                choice.mode.id == running[0],
                abnormal=bool(choice.transition and choice.transition.abnormal_condition_only),
            )
            for choice in choices
            if choice.transition is None or choice.transition.to_id == choice.mode.id
        ]

    def _given_by_others(
        self, description: _Description, free: Iterable[tuple[Actuator, list[Way]]]
    ) -> tuple[float, float]:
        """Return the supply, and the W, of actuators that cannot be told anything now."""
        ids = {actuator.id for actuator, _ in free}
        supplied = taken = 0.0
        for actuator in description.actuators:
            running = running_element(actuator, self._states.of(actuator.id), level=_ANY_LEVEL)
            if actuator.id not in ids and running is not None:
                element, factor = running
                supplied += element.rate.at(factor)
                taken += element.power.at(factor)
        return supplied, taken

    def _is_due(self, actuator: Actuator, share: Share, now: datetime) -> bool:
        state = self._states.of(actuator.id)
        running = state.running(actuator)
        change = share.way.power.at(share.factor) - (running_power(actuator, state) or 0.0)
        if running is not None and running[0] == share.way.mode_id:
            supply = share.way.supply
            moved = abs(supply.at(share.factor) - supply.at(running[1]))
            if moved > _DEADBAND_SHARE * (supply.high - supply.low) > 0:
                return share.way.mode_id not in state.avoided(now)
        return state.due(share.way.mode_id, change, actuator, now)

    def _instruction(
        self, actuator: Actuator, share: Share, now: datetime, new_id: Callable[[], Identifier]
    ) -> ddbc.Instruction:
        return ddbc.Instruction(
            id=new_id(),
            execution_time=now,
            abnormal_condition=share.way.abnormal,
            actuator_id=actuator.id,
            operation_mode_id=share.way.mode_id,
            operation_mode_factor=share.factor,
        )

    def _actuator(self, actuator_id: Identifier, now: datetime) -> Actuator | None:
        description = self._descriptions.active(now)
        parts = description.actuators if description else ()
        return next((part for part in parts if part.id == actuator_id), None)


_WATTS_PER_KILOWATT = 1000
# Nothing is stored, and every mode does the same at all levels.
_ANY_LEVEL = 0.0
# A gas burner changes its supply without any electric power: then the supply has a deadband of its own.
_DEADBAND_SHARE = 0.01


def _actuator(description: ddbc.ActuatorDescription) -> Actuator:
    return Actuator.of(
        description.id,
        (
            Mode.without_storage(
                mode, order, span_of(mode.supply_range), _expected(mode.running_costs) or 0.0
            )
            for order, mode in enumerate(description.operation_modes)
        ),
        description.transitions,
        description.timers,
    )


def _expected(values: NumberRange | None) -> float | None:
    """Return the middle of what is uncertain."""
    return None if values is None else values.at(0.5)


def _way(mode: Mode, costs: float, is_present: bool, *, abnormal: bool) -> Way:
    (element,) = mode.elements
    return Way(
        mode.id,
        element.power,
        element.rate,
        mode.running_costs,
        costs,
        0 if is_present else 1 + mode.order,
        abnormal or mode.abnormal_only,
    )


def _beyond(demands: Iterable[float], most: float, grid: Grid) -> tuple[Notice, ...]:
    """Return the first step whose demand all actuators together cannot meet, in kW of heat."""
    for index, demand in enumerate(demands):
        if demand > most * (1 + 1e-9):
            at = grid.start + index * grid.resolution
            return (
                Notice(finding=Finding.DEMAND_BEYOND_SUPPLY, at=at, wanted=demand, possible=most),
            )
    return ()
