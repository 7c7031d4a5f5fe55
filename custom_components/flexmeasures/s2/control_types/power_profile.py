"""Power profile based control: devices with a programme that can be shifted, such as a dishwasher.

The programme is placed here and not by FlexMeasures, whose process scheduler knows one block of one power and cannot be
triggered. The server hears of the result as consumption that is given, so that everything else is planned around it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..messages import ppbc
from ..messages.components import Identifier, Instruction, Message
from ..messages.session import InstructionStatus, InstructionStatusUpdate, RevokeObject
from .actuator_state import BACK_OFF, RETRY
from .contribution import Contribution, Finding, Notice, Sensors, SeriesKind
from .control import earliest
from .forecasts import expected_power, given_power
from .plan import Plan
from .profile_search import (
    Alternative,
    Load,
    Placement,
    PriceLine,
    Search,
    cheapest,
    soonest,
    total_load,
)
from .spans import Span
from .timeline import Grid, Timeline

# Where a running part ends is known to about this; a smaller change of a start is no news.
_SAME_START = timedelta(seconds=30)
_NO_TIME = timedelta(0)

_RUNNING = {ppbc.PowerSequenceStatus.EXECUTING, ppbc.PowerSequenceStatus.INTERRUPTED}
_OVER = {ppbc.PowerSequenceStatus.FINISHED, ppbc.PowerSequenceStatus.ABORTED}


@dataclass(frozen=True, slots=True)
class _Part:
    """How far a container is, and since when that is known."""

    status: ppbc.PowerSequenceContainerStatus
    at: datetime


@dataclass(frozen=True, slots=True)
class _Sent:
    placement: Placement
    instruction_id: Identifier


@dataclass(slots=True)
class _Profile:
    """One programme: what it is, how far it is, where it is placed, and what the device was told."""

    definition: ppbc.PowerProfileDefinition
    parts: dict[Identifier, _Part]
    sent: dict[Identifier, _Sent]
    placements: tuple[Placement, ...] = ()
    fits: bool = True

    def alternatives(
        self, container: ppbc.PowerSequenceContainer, *, abnormal: bool
    ) -> tuple[Alternative, ...]:
        return tuple(
            _alternative(sequence)
            for sequence in container.power_sequences
            if abnormal or not sequence.abnormal_condition_only
        )

    def running(self) -> Iterator[Placement]:
        """Yield the parts that run or have been interrupted, placed where they began."""
        for container in self.definition.power_sequences_containers:
            part = self.parts.get(container.id)
            if part is None or part.status.status not in _RUNNING:
                continue
            for sequence in container.power_sequences:
                if sequence.id == part.status.selected_sequence_id:
                    began = part.at - (part.status.progress or _NO_TIME)
                    yield Placement(container.id, _alternative(sequence), began)

    def search(self, now: datetime, *, abnormal: bool) -> Search:
        """Return what is still to be placed."""
        ends = [placement.end for placement in self.running()]
        ends += [part.at for part in self.parts.values() if part.status.status in _OVER]
        previous_end = max(ends, default=None)
        waiting = [
            container
            for container in self.definition.power_sequences_containers
            if (part := self.parts.get(container.id)) is None
            or part.status.status not in _RUNNING | _OVER
        ]
        return Search(
            parts=[
                (container.id, self.alternatives(container, abnormal=abnormal))
                for container in waiting
            ],
            earliest=max(now, self.definition.start_time, previous_end or now),
            latest_end=self.definition.end_time,
            previous_end=previous_end,
        )


class PowerProfileControl:
    """What is known of one device with programmes, and when they should run.

    A part is announced to the device as soon as it is placed, so that a dishwasher also runs when we are gone by then.
    """

    def __init__(self, *, abnormal_conditions: bool = False) -> None:
        """Begin with a device of which nothing is known."""
        self._abnormal = abnormal_conditions
        self._profiles: dict[Identifier, _Profile] = {}
        self._prices = PriceLine(Timeline())
        self._quiet_until: datetime | None = None
        self._retried = False
        self._interrupted: set[tuple[Identifier, Identifier]] = set()

    def receive(self, message: Message, now: datetime) -> tuple[Identifier, ...]:
        """Take in a message of the RM; return the ids of instructions that have to be revoked."""
        match message:
            case ppbc.PowerProfileDefinition():
                self._profiles = {
                    profile_id: profile
                    for profile_id, profile in self._profiles.items()
                    if profile.definition.end_time > now
                }
                profile = _Profile(message, {}, {})
                self._profiles[message.id] = profile
                self._place(profile, now)
            case ppbc.PowerProfileStatus():
                for status in message.sequence_container_status:
                    self._note(status, now)
            case InstructionStatusUpdate():
                if message.status_type in {InstructionStatus.REJECTED, InstructionStatus.ABORTED}:
                    self.refused(message.instruction_id, now, temporary=False)
            case RevokeObject():
                return self._revoke(message.object_id)
        return ()

    def set_prices(self, prices: Timeline[float], now: datetime) -> None:
        """Take the prices of a kWh and place anew what has not begun."""
        self._prices = PriceLine(prices)
        for profile in self._profiles.values():
            self._place(profile, now)

    def sent(self, instruction: Instruction, now: datetime) -> None:
        """Note that an instruction has gone to the device; it counts as followed until the device says otherwise."""
        if not isinstance(instruction, ppbc.SequenceInstruction):
            return
        key = (instruction.power_profile_id, instruction.sequence_container_id)
        profile = self._profiles.get(instruction.power_profile_id)
        match instruction:
            case ppbc.ScheduleInstruction() if profile:
                placement = Placement(
                    instruction.sequence_container_id,
                    _find(
                        profile, instruction.sequence_container_id, instruction.power_sequence_id
                    ),
                    instruction.execution_time,
                )
                profile.sent[placement.part] = _Sent(placement, instruction.id)
            case ppbc.StartInterruptionInstruction():
                self._interrupted.add(key)
            case ppbc.EndInterruptionInstruction():
                self._interrupted.discard(key)

    def refused(self, instruction_id: Identifier, now: datetime, *, temporary: bool) -> None:
        """Note that the device answered an instruction with an error; it is left alone for a minute.

        After the first temporary error only for 5 seconds.
        """
        for profile in self._profiles.values():
            for part, sent in list(profile.sent.items()):
                if sent.instruction_id == instruction_id:
                    first = temporary and not self._retried
                    self._retried = first
                    self._quiet_until = now + (RETRY if first else BACK_OFF)
                    del profile.sent[part]

    def deactivate(self) -> tuple[Identifier, ...]:
        """Return the ids of instructions that have to be revoked, since this control type ends."""
        return tuple(
            open_id for profile in self._profiles.values() for open_id in _withdraw(profile)
        )

    def placements(self) -> tuple[Placement, ...]:
        """Return what runs and what is placed, of all programmes."""
        return tuple(
            placement
            for profile in self._profiles.values()
            for placement in (*profile.running(), *profile.placements)
        )

    def powers(self, now: datetime) -> Mapping[str, Span]:
        """Return from 0 W to the most that any programme takes; nothing before there is one."""
        loads = [
            expected_power(element.power_values)
            for profile in self._profiles.values()
            for container in profile.definition.power_sequences_containers
            for sequence in container.power_sequences
            for element in sequence.elements
        ]
        return {"": Span(0.0, max(0.0, *loads))} if loads else {}

    def contribution(self, sensors: Sensors, grid: Grid, now: datetime) -> Contribution:
        """Return the placed programmes as consumption that is given; 0 kW wherever none runs."""
        if not self._profiles and SeriesKind.CONSUMPTION_FORECAST not in sensors.series:
            return Contribution()
        load = total_load(self.placements(), grid)
        given = given_power(load, sensors, grid, frozenset((SeriesKind.CONSUMPTION_FORECAST,)))
        notices = tuple(
            Notice(
                finding=Finding.WINDOW_TOO_SHORT, subject=profile_id, at=profile.definition.end_time
            )
            for profile_id, profile in self._profiles.items()
            if not profile.fits
        )
        return replace(given, notices=notices)

    def instructions(
        self, now: datetime, plan: Plan, new_id: Callable[[], Identifier]
    ) -> tuple[ppbc.SequenceInstruction, ...]:
        """Return what has to be sent now; the same answer for the same state, and ``sent`` has to follow.

        Schedules play no part, since the programmes are placed here. A person's override starts what waits when it is
        above 0 W; else it interrupts what runs, where the device permits that.
        """
        if self._quiet_until is not None and now < self._quiet_until:
            return ()
        override = plan.overrides.get("")
        found: list[ppbc.SequenceInstruction] = []
        for profile in self._profiles.values():
            if override is not None and override <= 0:
                found += self._interruptions(profile, now, new_id)
                continue
            found += self._resumptions(profile, now, new_id)
            placements = profile.placements if override is None else self._at_once(profile, now)
            found += [
                ppbc.ScheduleInstruction(
                    id=new_id(),
                    execution_time=max(placement.start, now),
                    power_profile_id=profile.definition.id,
                    sequence_container_id=placement.part,
                    power_sequence_id=placement.alternative.id,
                    abnormal_condition=_is_abnormal(profile, placement),
                )
                for placement in placements
                if _is_news(profile.sent.get(placement.part), placement)
            ]
        return tuple(found)

    def next_decision(self, now: datetime, plan: Plan) -> datetime | None:
        """Return when to ask for instructions again if no message comes before."""
        return earliest(
            (self._quiet_until if self._quiet_until and self._quiet_until > now else None,)
        )

    def _note(self, status: ppbc.PowerSequenceContainerStatus, now: datetime) -> None:
        profile = self._profiles.get(status.power_profile_id)
        if profile is None:
            return
        before = profile.parts.get(status.sequence_container_id)
        profile.parts[status.sequence_container_id] = _Part(status, now)
        if before is None or before.status.status is not status.status:
            self._retried = False
            # What was only waiting stays placed as it is: to place it anew would shift it for nothing.
            if status.status in _RUNNING | _OVER:
                self._place(profile, now)

    def _place(self, profile: _Profile, now: datetime) -> None:
        search = profile.search(now, abnormal=self._abnormal)
        if any(not alternatives for _, alternatives in search.parts):
            profile.placements, profile.fits = (), False
            return
        found = cheapest(search, self._prices)
        profile.fits = found is not None
        profile.placements = self._in_time(profile, soonest(search)) if found is None else found

    def _in_time(
        self, profile: _Profile, placements: tuple[Placement, ...]
    ) -> tuple[Placement, ...]:
        return tuple(
            placement for placement in placements if placement.start <= profile.definition.end_time
        )

    def _at_once(self, profile: _Profile, now: datetime) -> tuple[Placement, ...]:
        """Return the waiting parts from now on; none when the first of them has been told to begin already."""
        search = profile.search(now, abnormal=self._abnormal)
        if not search.parts or any(not alternatives for _, alternatives in search.parts):
            return ()
        first = profile.sent.get(search.parts[0][0])
        if first is not None and first.placement.start <= now:
            return ()
        return self._in_time(profile, soonest(search))

    def _interruptions(
        self, profile: _Profile, now: datetime, new_id: Callable[[], Identifier]
    ) -> Iterator[ppbc.SequenceInstruction]:
        for container, part in _parts_with(profile, ppbc.PowerSequenceStatus.EXECUTING):
            for sequence in container.power_sequences:
                key = (profile.definition.id, container.id)
                selected = sequence.id == part.status.selected_sequence_id
                if selected and sequence.is_interruptible and key not in self._interrupted:
                    yield ppbc.StartInterruptionInstruction(
                        id=new_id(),
                        execution_time=now,
                        power_profile_id=profile.definition.id,
                        sequence_container_id=container.id,
                        power_sequence_id=sequence.id,
                        abnormal_condition=sequence.abnormal_condition_only,
                    )

    def _resumptions(
        self, profile: _Profile, now: datetime, new_id: Callable[[], Identifier]
    ) -> Iterator[ppbc.SequenceInstruction]:
        """Yield what ends our own interruptions; a device that paused by itself goes on by itself."""
        for container, part in _parts_with(profile, ppbc.PowerSequenceStatus.INTERRUPTED):
            selected = part.status.selected_sequence_id
            if selected and (profile.definition.id, container.id) in self._interrupted:
                yield ppbc.EndInterruptionInstruction(
                    id=new_id(),
                    execution_time=now,
                    power_profile_id=profile.definition.id,
                    sequence_container_id=container.id,
                    power_sequence_id=selected,
                )

    def _revoke(self, object_id: Identifier) -> tuple[Identifier, ...]:
        for profile_id, profile in self._profiles.items():
            if object_id in {profile_id, profile.definition.message_id}:
                del self._profiles[profile_id]
                return _withdraw(profile)
        return ()


def _alternative(sequence: ppbc.PowerSequence) -> Alternative:
    return Alternative(
        sequence.id,
        tuple(
            Load(element.duration.total_seconds(), expected_power(element.power_values))
            for element in sequence.elements
        ),
        sequence.max_pause_before,
    )


def _find(profile: _Profile, part: Identifier, sequence_id: Identifier) -> Alternative:
    return next(
        _alternative(sequence)
        for container in profile.definition.power_sequences_containers
        if container.id == part
        for sequence in container.power_sequences
        if sequence.id == sequence_id
    )


def _is_abnormal(profile: _Profile, placement: Placement) -> bool:
    return any(
        sequence.abnormal_condition_only
        for container in profile.definition.power_sequences_containers
        if container.id == placement.part
        for sequence in container.power_sequences
        if sequence.id == placement.alternative.id
    )


def _is_news(sent: _Sent | None, placement: Placement) -> bool:
    return (
        sent is None
        or sent.placement.alternative.id != placement.alternative.id
        or abs(sent.placement.start - placement.start) >= _SAME_START
    )


def _parts_with(
    profile: _Profile, status: ppbc.PowerSequenceStatus
) -> Iterator[tuple[ppbc.PowerSequenceContainer, _Part]]:
    for container in profile.definition.power_sequences_containers:
        part = profile.parts.get(container.id)
        if part is not None and part.status.status is status:
            yield container, part


def _withdraw(profile: _Profile) -> tuple[Identifier, ...]:
    """Return the ids of what the device was told of parts that have not begun, and forget them."""
    begun = {
        part_id for part_id, part in profile.parts.items() if part.status.status in _RUNNING | _OVER
    }
    open_ids = tuple(
        sent.instruction_id for part_id, sent in profile.sent.items() if part_id not in begun
    )
    profile.sent.clear()
    return open_ids
