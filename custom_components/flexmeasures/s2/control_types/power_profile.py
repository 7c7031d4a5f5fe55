"""Power profile based control: devices with a programme that can be shifted, such as a dishwasher.

The programme is placed here and not by FlexMeasures, whose process scheduler knows one block of one power and cannot be
triggered. The server hears of the result as consumption that is given, so that everything else is planned around it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ..messages import ppbc
from ..messages.components import Identifier, Instruction, Message
from ..messages.session import InstructionStatus, InstructionStatusUpdate, RevokeObject
from .actuator_state import BACK_OFF, RETRY
from .contribution import Contribution, Finding, Notice, Sensors, SeriesKind
from .control import earliest
from .forecasts import expected_power, given_power
from .plan import Plan
from .profile_search import Placement, PriceLine, cheapest, soonest, total_load
from .profiles import OVER, RUNNING, Part, Profile, Sent
from .spans import Span
from .timeline import Grid, Timeline

# Where a running part ends is known to about this; a smaller change of a start is no news.
_SAME_START = timedelta(seconds=30)
# A device with more programmes at once is out of order; the oldest are forgotten.
_MOST_PROFILES = 16


class PowerProfileControl:
    """What is known of one device with programmes, and when they should run.

    A part is announced to the device as soon as it is placed, so that a dishwasher also runs when we are gone by then.
    """

    def __init__(self, *, abnormal_conditions: bool = False) -> None:
        """Begin with a device of which nothing is known."""
        self._abnormal = abnormal_conditions
        self._profiles: dict[Identifier, Profile] = {}
        self._prices, self._is_priced = PriceLine(Timeline()), False
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
                profile = Profile(message, {}, {})
                self._profiles.pop(message.id, None)
                self._profiles[message.id] = profile
                if len(self._profiles) > _MOST_PROFILES:
                    del self._profiles[next(iter(self._profiles))]
                self._place(profile, now)
            case ppbc.PowerProfileStatus():
                # Once for all parts: a device may tell of a thousand.
                begun = [
                    status.power_profile_id
                    for status in message.sequence_container_status
                    if self._note(status, now)
                ]
                for profile_id in dict.fromkeys(begun):
                    self._place(self._profiles[profile_id], now)
            case InstructionStatusUpdate():
                if message.status_type in {InstructionStatus.REJECTED, InstructionStatus.ABORTED}:
                    self.refused(message.instruction_id, now, temporary=False)
            case RevokeObject():
                return self._revoke(message.object_id)
        return ()

    def set_prices(self, prices: Timeline[float], now: datetime) -> None:
        """Take the prices of a kWh and place anew what has not begun."""
        self._prices, self._is_priced = PriceLine(prices), bool(prices)
        for profile in self._profiles.values():
            self._place(profile, now)

    @property
    def price_at_once(self) -> float | None:
        """The price of a kWh of what runs and waits, had it begun as soon as it could; None where that is not known."""
        bills = [
            profile.at_once
            for profile in self._profiles.values()
            if profile.placements or any(profile.running())
        ]
        known = [bill for bill in bills if bill is not None]
        energy = sum(bill.energy for bill in known)
        if len(known) < len(bills) or energy <= 0:
            return None
        return sum(bill.cost for bill in known) / energy

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
                    profile.alternative(
                        instruction.sequence_container_id, instruction.power_sequence_id
                    ),
                    instruction.execution_time,
                )
                profile.sent[placement.part] = Sent(placement, instruction.id)
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
            open_id for profile in self._profiles.values() for open_id in profile.withdraw()
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
        above 0 W; else it interrupts what runs, where the device permits that, and nothing else begins.
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
                    abnormal_condition=profile.is_abnormal(placement),
                )
                for placement in placements
                if _is_news(profile.sent.get(placement.part), placement)
            ]
        return tuple(found)

    def held_back(self, plan: Plan) -> tuple[Identifier, ...]:
        """Return the ids of instructions that have to be revoked, and forget them: a person pauses what has not begun."""
        override = plan.overrides.get("")
        if override is None or override > 0:
            return ()
        return self.deactivate()

    def next_decision(self, now: datetime, plan: Plan) -> datetime | None:
        """Return when to ask for instructions again if no message comes before."""
        return earliest(
            (self._quiet_until if self._quiet_until and self._quiet_until > now else None,)
        )

    def _note(self, status: ppbc.PowerSequenceContainerStatus, now: datetime) -> bool:
        """Note how far a part is; tell whether what follows has to be placed anew."""
        profile = self._profiles.get(status.power_profile_id)
        if profile is None:
            return False
        before = profile.parts.get(status.sequence_container_id)
        profile.parts[status.sequence_container_id] = Part(status, now)
        if before is not None and before.status.status is status.status:
            return False
        self._retried = False
        # What was only waiting stays placed as it is: to place it anew would shift it for nothing.
        return status.status in RUNNING | OVER

    def _place(self, profile: Profile, now: datetime) -> None:
        search = profile.search(now, abnormal=self._abnormal)
        if any(not alternatives for _, alternatives in search.parts):
            profile.placements, profile.fits = (), False
            return
        if self._is_priced and profile.at_once is None and not profile.has_begun:
            profile.at_once = self._prices.bill(soonest(search))
        found = cheapest(search, self._prices, len(self._profiles))
        first = soonest(search)
        profile.fits = found is not None or first[-1].end <= search.latest_end
        profile.placements = self._in_time(profile, first) if found is None else found

    def _in_time(
        self, profile: Profile, placements: tuple[Placement, ...]
    ) -> tuple[Placement, ...]:
        return tuple(
            placement for placement in placements if placement.start <= profile.definition.end_time
        )

    def _at_once(self, profile: Profile, now: datetime) -> tuple[Placement, ...]:
        """Return the waiting parts from now on; none when the first of them has been told to begin already."""
        search = profile.search(now, abnormal=self._abnormal)
        if not search.parts or any(not alternatives for _, alternatives in search.parts):
            return ()
        first = profile.sent.get(search.parts[0][0])
        if first is not None and first.placement.start <= now:
            return ()
        return self._in_time(profile, soonest(search))

    def _interruptions(
        self, profile: Profile, now: datetime, new_id: Callable[[], Identifier]
    ) -> Iterator[ppbc.SequenceInstruction]:
        for container, part in profile.parts_with(ppbc.PowerSequenceStatus.EXECUTING):
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
        self, profile: Profile, now: datetime, new_id: Callable[[], Identifier]
    ) -> Iterator[ppbc.SequenceInstruction]:
        """Yield what ends our own interruptions; a device that paused by itself goes on by itself."""
        for container, part in profile.parts_with(ppbc.PowerSequenceStatus.INTERRUPTED):
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
                return profile.withdraw()
        return ()


def _is_news(sent: Sent | None, placement: Placement) -> bool:
    return (
        sent is None
        or sent.placement.alternative.id != placement.alternative.id
        or abs(sent.placement.start - placement.start) >= _SAME_START
    )
