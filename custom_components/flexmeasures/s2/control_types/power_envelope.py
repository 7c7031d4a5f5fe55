"""Power envelope based control: devices that decide themselves within limits, such as solar panels or a charging point."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from operator import itemgetter

from ...scheduling.grid import floor_to_resolution
from ..messages import pebc
from ..messages.components import (
    CommodityQuantity,
    Identifier,
    Instruction,
    Message,
)
from ..messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    PowerForecast,
    PowerMeasurement,
    RevokeObject,
)
from .actuator_state import BACK_OFF, RETRY
from .contribution import Contribution, Sensors
from .control import earliest
from .energy_window import EnergyWindows
from .envelopes import (
    Energy,
    LimitedStep,
    PlannedStep,
    deferring,
    floor_to_millisecond,
    joined,
    same_from,
    vanishing,
    with_energy,
)
from .forecasts import add_power_forecast
from .limits import AllowedLimits, LimitPair, allowed_limits
from .plan import Plan
from .power_envelope_flex_model import EnvelopeOutlook, contribution_of
from .spans import UNGUARDED, Span
from .taken_energy import TakenEnergy
from .timeline import Grid, Timeline
from .validity import ValidityQueue

# Limits that a person sets reach to the end of the next hour, and are renewed hourly: without us the device is free again.
_OVERRIDE_BLOCK = timedelta(hours=1)

type Envelopes = dict[CommodityQuantity, tuple[LimitedStep, ...]]


class PowerEnvelopeControl:
    """What is known of one device that takes limits, and which ones it should get.

    A device without a plan gets no limits; where nothing has to be limited and no limits are in force nothing is sent.
    """

    def __init__(
        self,
        *,
        abnormal_conditions: bool = False,
        limits: Span = UNGUARDED,
        taken: TakenEnergy | None = None,
    ) -> None:
        """Begin with a device of which nothing is known.

        Args:
            abnormal_conditions: whether limits for abnormal conditions may be used.
            limits: W, consumption positive, that people let it have; holds 0.
            taken: the energy that it took before it came under this control type; None without any.
        """
        self._abnormal = abnormal_conditions
        self._people_s_limits = limits
        self._constraints: ValidityQueue[pebc.PowerConstraints] = ValidityQueue()
        self._taken = taken or TakenEnergy()
        self._energies = EnergyWindows(self._taken)
        self._forecast: Timeline[float] = Timeline()
        self._prices: Timeline[float] = Timeline()
        self._last: tuple[pebc.Instruction, Envelopes] | None = None
        self._pending = False
        self._quiet_until: datetime | None = None
        self._retried = False

    def receive(self, message: Message, now: datetime) -> tuple[Identifier, ...]:
        """Take in a message of the RM; return the ids of instructions that have to be revoked."""
        match message:
            case pebc.PowerConstraints():
                ids = frozenset((message.id, message.message_id))
                self._constraints.add(message, message.valid_from, ids, now)
            case pebc.EnergyConstraint():
                self._energies.add(message, now)
            case PowerForecast():
                self._forecast.forget_before(now)
                add_power_forecast(self._forecast, message)
            case PowerMeasurement():
                self._taken.receive(message)
            case InstructionStatusUpdate() if self._is_last(message.instruction_id):
                if message.status_type in {InstructionStatus.REJECTED, InstructionStatus.ABORTED}:
                    self.refused(message.instruction_id, now, temporary=False)
                else:
                    self._pending = self._pending and not message.status_type.is_final
            case RevokeObject():
                return self._revoke(message.object_id, now)
        return ()

    def foresee(self, forecast: Timeline[float]) -> None:
        """Take W, consumption positive, that others foresee for a device which gives no forecast itself."""
        self._forecast = forecast

    def set_prices(self, prices: Timeline[float], now: datetime) -> None:
        """Take the prices of a kWh, by which limits are widened where the device has to be left more room."""
        self._prices = prices

    def sent(self, instruction: Instruction, now: datetime) -> None:
        """Note that an instruction has gone to the device; it counts as followed until the device says otherwise."""
        if isinstance(instruction, pebc.Instruction):
            self._last = instruction, _envelopes_of(instruction)
            self._pending = True

    def refused(self, instruction_id: Identifier, now: datetime, *, temporary: bool) -> None:
        """Note that the device answered an instruction with an error; it is left alone for a minute.

        After the first temporary error only for 5 seconds.
        """
        if not self._is_last(instruction_id):
            return
        first = temporary and not self._retried
        self._retried = first
        self._quiet_until = now + (RETRY if first else BACK_OFF)
        self._last = None
        self._pending = False

    def deactivate(self) -> tuple[Identifier, ...]:
        """Return the ids of instructions that have to be revoked, since this control type ends."""
        open_ids = (self._last[0].id,) if self._last and self._pending else ()
        self._last = None
        self._pending = False
        return open_ids

    def powers(self, now: datetime) -> Mapping[str, Span]:
        """Return the W between which the device can be led, consumption positive; nothing before its constraints."""
        constraints = self._active(now)
        limits = allowed_limits(constraints, abnormal=self._abnormal) if constraints else ()
        if not limits:
            return {}
        lower = sum(allowed.widest.lower for allowed in limits)
        return {"": Span(min(0.0, lower), sum(allowed.widest.upper for allowed in limits))}

    def contribution(self, sensors: Sensors, grid: Grid, now: datetime) -> Contribution:
        """Return what the device adds to a request for a schedule over the grid; nothing before it is known."""
        constraints = self._active(max(now, grid.start))
        if constraints is None:
            return Contribution()
        outlook = EnvelopeOutlook(
            limits=allowed_limits(constraints, abnormal=False),
            defers=constraints.consequence_type is pebc.PowerEnvelopeConsequenceType.DEFER,
            energies=self._energies.remaining(grid.start),
            forecast=self._forecast,
            people_s_limits=self._people_s_limits,
        )
        return contribution_of(outlook, sensors, grid)

    def instructions(
        self, now: datetime, plan: Plan, new_id: Callable[[], Identifier]
    ) -> tuple[pebc.Instruction, ...]:
        """Return what has to be sent now; the same answer for the same state, and ``sent`` has to follow."""
        constraints = self._active(now)
        if constraints is None or (self._quiet_until is not None and now < self._quiet_until):
            return ()
        begin = floor_to_millisecond(now)
        wanted = {
            allowed.quantity: envelope
            for allowed, share in self._shares(constraints)
            if (envelope := self._envelope(constraints, allowed, share, begin, plan))
        }
        if not wanted or not self._differs(wanted, constraints, begin):
            return ()
        return (_instruction(wanted, constraints, begin, new_id),)

    def next_decision(self, now: datetime, plan: Plan) -> datetime | None:
        """Return when to ask for instructions again if no message comes before."""
        quiet = self._quiet_until
        constraints = self._active(now)
        return earliest(
            (
                plan.next_boundary(now),
                self._constraints.next_change(now),
                quiet if quiet is not None and quiet > now else None,
                constraints.valid_until if constraints else None,
                floor_to_resolution(now, _OVERRIDE_BLOCK) + _OVERRIDE_BLOCK
                if plan.overrides
                else None,
            )
        )

    def _active(self, now: datetime) -> pebc.PowerConstraints | None:
        constraints = self._constraints.active(now)
        ended = constraints and constraints.valid_until and constraints.valid_until <= now
        return None if ended else constraints

    def _shares(self, constraints: pebc.PowerConstraints) -> list[tuple[AllowedLimits, float]]:
        """Return the limits that can be set, each with its share of the device's power: phases are loaded alike."""
        limits = allowed_limits(constraints, abnormal=self._abnormal)
        return [(allowed, 1 / len(limits)) for allowed in limits]

    def _envelope(
        self,
        constraints: pebc.PowerConstraints,
        allowed: AllowedLimits,
        share: float,
        now: datetime,
        plan: Plan,
    ) -> tuple[LimitedStep, ...]:
        energies = self._energies.remaining(now)
        steps = self._steps(plan, now, share, energies, constraints.valid_until)
        deferred = (
            constraints.consequence_type is pebc.PowerEnvelopeConsequenceType.DEFER and energies
        )
        choose = deferring if deferred else vanishing
        limits = [choose(step, allowed) for step in steps]
        if deferred:
            limits = with_energy(
                steps, limits, [_shared(energy, share) for energy in energies], allowed
            )
        return joined(steps, limits)

    def _steps(
        self,
        plan: Plan,
        now: datetime,
        share: float,
        energies: tuple[Energy, ...],
        valid_until: datetime | None,
    ) -> list[PlannedStep]:
        """Return the steps from now on, cut wherever what is planned, foreseen or constrained changes."""
        planned = _planned(plan, now, self._people_s_limits)
        ends = [end for _, end, power in planned if power is not None]
        if not ends:
            return []
        end = max(ends)
        if valid_until is not None:
            end = min(end, floor_to_millisecond(valid_until))
        borders = {now, end, *(start for start, _, _ in planned)}
        borders |= {border for energy in energies for border in (energy.start, energy.end)}
        for timeline in (self._forecast, self._prices):
            borders |= {border for piece in timeline for border in (piece.start, piece.end)}
        inside = sorted(
            {floor_to_millisecond(border) for border in borders if now <= border <= end}
        )
        steps = []
        for begin, until in pairwise(inside):
            index = max(0, bisect_right(planned, begin, key=itemgetter(0)) - 1)
            start, stop, power = planned[index]
            if not start <= begin < stop:
                power = None
            # What a person sets is meant, whatever is foreseen.
            forecast = None if plan.overrides else self._forecast.at(begin)
            steps.append(
                PlannedStep(
                    begin,
                    until,
                    None if power is None else power * share,
                    None if forecast is None else forecast * share,
                    self._prices.at(begin),
                )
            )
        return steps

    def _differs(
        self, wanted: Envelopes, constraints: pebc.PowerConstraints, now: datetime
    ) -> bool:
        in_force = self._last
        if in_force is not None and in_force[0].power_constraints_id == constraints.id:
            old = in_force[1]
            if any(piece.end > now for pieces in old.values() for piece in pieces):
                return old.keys() != wanted.keys() or any(
                    not same_from(wanted[quantity], pieces, now) for quantity, pieces in old.items()
                )
        widest = {
            allowed.quantity: allowed.widest
            for allowed in allowed_limits(constraints, abnormal=self._abnormal)
        }
        return any(
            piece.limits != widest[quantity]
            for quantity, pieces in wanted.items()
            for piece in pieces
        )

    def _is_last(self, instruction_id: Identifier) -> bool:
        return self._last is not None and self._last[0].id == instruction_id

    def _revoke(self, object_id: Identifier, now: datetime) -> tuple[Identifier, ...]:
        before = self._constraints.active(now)
        self._constraints.revoke(object_id, now)
        self._energies.revoke(object_id)
        return () if self._constraints.active(now) is before else self.deactivate()


def _planned(
    plan: Plan, now: datetime, limits: Span
) -> list[tuple[datetime, datetime, float | None]]:
    if "" in plan.overrides:
        end = floor_to_resolution(now, _OVERRIDE_BLOCK) + 2 * _OVERRIDE_BLOCK
        return [(now, end, limits.clamp(plan.overrides[""]))]
    schedule = plan.schedules.get("")
    if schedule is None:
        return []
    return [
        (max(step.start, now), step.end, None if step.power is None else limits.clamp(step.power))
        for step in schedule.steps()
        if step.end > now
    ]


def _shared(energy: Energy, share: float) -> Energy:
    return replace(
        energy, consumption=energy.consumption * share, production=energy.production * share
    )


def _instruction(
    envelopes: Envelopes,
    constraints: pebc.PowerConstraints,
    now: datetime,
    new_id: Callable[[], Identifier],
) -> pebc.Instruction:
    return pebc.Instruction(
        id=new_id(),
        execution_time=now,
        abnormal_condition=_needs_abnormal(envelopes, constraints),
        power_constraints_id=constraints.id,
        power_envelopes=tuple(
            pebc.PowerEnvelope(
                id=new_id(),
                commodity_quantity=quantity,
                power_envelope_elements=tuple(
                    pebc.PowerEnvelopeElement(
                        duration=piece.end - piece.start,
                        upper_limit=piece.limits.upper,
                        lower_limit=piece.limits.lower,
                    )
                    for piece in pieces
                ),
            )
            for quantity, pieces in envelopes.items()
        ),
    )


def _needs_abnormal(envelopes: Envelopes, constraints: pebc.PowerConstraints) -> bool:
    """Tell whether a limit lies outside of what normal conditions allow."""
    normal = {allowed.quantity: allowed for allowed in allowed_limits(constraints, abnormal=False)}
    return any(
        quantity not in normal
        or normal[quantity].nearest(piece.limits.upper, piece.limits.lower) != piece.limits
        for quantity, pieces in envelopes.items()
        for piece in pieces
    )


def _envelopes_of(instruction: pebc.Instruction) -> Envelopes:
    return {
        envelope.commodity_quantity: _pieces(envelope, instruction.execution_time)
        for envelope in instruction.power_envelopes
    }


def _pieces(envelope: pebc.PowerEnvelope, start: datetime) -> tuple[LimitedStep, ...]:
    pieces = []
    for element in envelope.power_envelope_elements:
        limits = LimitPair(element.upper_limit, element.lower_limit)
        pieces.append(LimitedStep(start, start + element.duration, limits))
        start += element.duration
    return tuple(pieces)
