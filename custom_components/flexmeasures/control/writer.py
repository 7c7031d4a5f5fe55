"""Brings one actuator to what is wanted: writes, looks whether it took, and repeats, within the guard rails."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from .actuation import Actuation
from .actuator_state import ActuatorState
from .attempt import Attempt, Phase, Wanted
from .commands import Bounds, Command
from .exchange import Effect, Notice, NoticeKind, Origin, Outcome, Reported, Verify, Write
from .guard_rails import Guard, GuardRail, GuardRails, Held
from .limits import PowerLimits
from .memory import ControlMemory
from .patience import Patience
from .setpoint import Setpoint, SetpointSource
from .standing import Standing
from .status import ControlStatistics


class Writer:
    """Owns what the actuator was told, what it shows, and whether that is ours.

    When this fails, the device does something else than everybody believes.

    Attributes:
        effects: what has to be done; the engine hands it on.
        engaged: whether the device holds, or may hold, a value of ours that is not its safe value.
        captured: what it showed before; None when nothing.
        held: what holds the wanted write back; None when nothing does.
    """

    def __init__(self, actuation: Actuation, rails: GuardRails, memory: ControlMemory) -> None:
        """Begin where a restart has interrupted."""
        self._actuation = actuation
        self._rails = rails
        self._guard = Guard(rails, memory.writes, memory.turned_at)
        self.effects: list[Effect] = []
        self.engaged = memory.engaged
        self.captured = memory.captured
        self.held: Held | None = None
        self._remembered_power = memory.standing_power
        self._actuator = ActuatorState(actuation)
        self._standing: Standing | None = None
        self._attempt: Attempt | None = None
        self._patience = Patience()
        self._last_read_back: datetime | None = None
        # Whether something was sent of which is not known yet whether it arrives: then what the actuator shows may be
        # older, and is no reason not to write.
        self._uncertain = False
        self._written = self._retries = 0

    def advance(self, now: datetime) -> None:
        """Let time pass: forget old writes, and go on with a write whose phase is over."""
        self._guard.log.advance(now)
        attempt = self._attempt
        if attempt is None or now < attempt.deadline:
            return
        match attempt.phase:
            case Phase.WRITING if self._is_told or not self._actuation.reads_back:
                # What is not read back was called and never answered. Calling again might start a process twice.
                self._took(attempt, now)
            case Phase.WRITING | Phase.SETTLING:
                self.effects.append(Verify())
                self._attempt = attempt.verifying(now)
            case Phase.VERIFYING:
                self._judge(attempt, now)
            case Phase.RETRYING:
                return  # Repeated by `carry_out`, if it is still wanted.

    def clock_set_back(self, by: timedelta) -> None:
        """Bring forward what would otherwise wait for as long as the clock was set back."""
        if self._attempt:
            self._attempt = replace(self._attempt, deadline=self._attempt.deadline - by)
        self._patience.clock_set_back(by)
        if self._guard.turned_at:
            self._guard.turned_at -= by

    def command(self, setpoint: Setpoint, power: float, now: datetime) -> Command | None:
        """Return what tells the actuator the power (W, consumption positive)."""
        return self._actuator.command(setpoint, power, self._told, now)

    def bounds(self, now: datetime) -> Bounds:
        """Return what the actuator accepts, as far as that has shown."""
        return self._actuator.bounds(now)

    @property
    def _told(self) -> Command | None:
        """Return what the actuator was told last, or what it shows when nothing was told."""
        if self._attempt:
            return self._attempt.write.command
        if self._standing:
            return self._standing.command
        return self._actuator.restoring

    # What the actuator tells

    def report(self, event: Reported, now: datetime) -> bool:
        """Take over what the actuator shows, and tell whether somebody else changed it."""
        actuator = self._actuator
        was_available, before = actuator.available, actuator.reading
        actuator.take(event)
        if not event.available:
            self._lose()
            return False
        if not was_available:
            self._return(now)
            return False
        if event.reading is None:
            return False
        if self._is_told:
            self._echo(now)
            return False
        if event.origin is Origin.FOREIGN and event.reading != before:
            self._taken_over(now)
            return True
        if actuator.forget_clamp():
            # It was only slow: what it shows may well be what is wanted.
            self._standing = None
        standing = self._standing
        if (
            # Many integrations show at once what they were told, and only then what the device made of it.
            standing
            and standing.settles(self._rails, now)
            and actuator.learn_clamp(standing.command, 0.0, now)
        ):
            self._stand_as_shown(now)
            return False
        if event.origin is Origin.OWN and event.reading != before:
            # Written by us before somebody else did, shown after.
            self.engaged = True
        if self._standing and self._standing.command:
            self._patience.drift(now)
        return False

    @property
    def _is_told(self) -> bool:
        """Tell whether the actuator shows what it was told last."""
        if self._attempt:
            return self._actuator.shows(self._attempt.write.command)
        return self._actuator.shows(self._standing.command if self._standing else None)

    def _echo(self, now: datetime) -> None:
        """Take over that the actuator shows what it was told."""
        self._patience.drifted_at = None
        self._last_read_back = now
        if self._attempt:
            self.engaged = not self._attempt.write.is_safe
        if self._attempt and self._attempt.phase is not Phase.WRITING:
            self._took(self._attempt, now)

    def _lose(self) -> None:
        """The actuator is away: what it holds is not known any more, unless it only believes what it is told."""
        if self._actuation.reads_back:
            self._standing = self._patience.drifted_at = None
            self._uncertain = False
            if self._attempt and self._attempt.phase is not Phase.WRITING:
                self._attempt = None

    def _return(self, now: datetime) -> None:
        self._patience.begin_anew()
        if self._guard.running is None and (told := self._told):
            self._guard.running = self._actuation.runs(told)
        if self._remembered_power is not None and not self._actuation.reads_back:
            setpoint = Setpoint(self._remembered_power, SetpointSource.SCHEDULE, None)
            told = self.command(setpoint, self._remembered_power, now)
            self._standing = Standing(told, self._remembered_power, now)
            self._guard.running = told is not None and self._actuation.runs(told)
        self._remembered_power = None

    def _taken_over(self, now: datetime) -> None:
        """A person or another automation changed the actuator: nothing that it shows is ours."""
        self.engaged = False
        self._standing = self._patience.drifted_at = None
        self._uncertain = self._attempt is not None and self._attempt.phase is Phase.WRITING
        if self._attempt and self._attempt.phase is not Phase.WRITING:
            self._attempt = None
        if (told := self._actuator.restoring) is not None:
            self._guard.turn(self._actuation.runs(told), now)

    # What became of a write

    def finish(self, number: int, outcome: Outcome, now: datetime) -> None:
        """Take over what became of a write; an answer to an older one is of no interest."""
        attempt = self._attempt
        if attempt is None or attempt.write.number != number or attempt.phase is Phase.RETRYING:
            return
        match outcome:
            case Outcome.TAKEN if not self._actuation.reads_back:
                self._took(attempt, now)
            case Outcome.TAKEN if self._is_told:
                self._last_read_back = now
                self._took(attempt, now)
            case Outcome.TAKEN:
                self._attempt = attempt.settling(now + self._rails.settle_time)
            case Outcome.DROPPED:
                self._guard.log.take_back()
                self._attempt = self._standing = None
            case Outcome.FAILED:
                self._failed(attempt, now, at_once=False)
            case Outcome.REFUSED:
                self._give_up(attempt, now)

    def _took(self, attempt: Attempt, now: datetime) -> None:
        write = attempt.write
        self._stand(write.command, write.power, now, is_safe=write.is_safe)
        self.engaged = not write.is_safe
        if self.ignored:
            self.effects.append(Notice(NoticeKind.FOLLOWING_AGAIN))
        self._patience.is_ignored = False

    def _stand(
        self, command: Command | None, power: float | None, now: datetime, *, is_safe: bool
    ) -> None:
        self._standing = Standing(command, power, now)
        self._uncertain = False
        self._attempt = self._patience.drifted_at = None
        self._patience.begin_anew()
        if command is None:
            self._patience.is_ignored = False
        if is_safe:
            self.engaged = False

    def _judge(self, attempt: Attempt, now: datetime) -> None:
        """Decide about a write that had its time and is not shown."""
        if not self._actuator.learn_clamp(attempt.write.command, attempt.before, now):
            self._failed(attempt, now, at_once=True)
            return
        self._took(attempt, now)
        self._stand_as_shown(now)

    def _stand_as_shown(self, now: datetime) -> None:
        """Believe the device that it takes no more than it shows."""
        self._standing = Standing(self._actuator.restoring, self._actuator.power, now)

    def _failed(self, attempt: Attempt, now: datetime, *, at_once: bool) -> None:
        # What did not take is told again once a step only; the safe value is always worth all attempts.
        repeats = attempt.write.is_safe or not self.ignored
        if repeats and attempt.repetition < self._rails.retries:
            self._attempt = attempt.retrying(now, at_once=at_once)
        else:
            self._give_up(attempt, now)

    def _give_up(self, attempt: Attempt, now: datetime) -> None:
        if not self.ignored:
            self.effects.append(Notice(NoticeKind.NOT_FOLLOWING))
        self._patience.give_up(attempt.write, now)
        self._attempt = self._standing = None

    # What is wanted

    def carry_out(
        self, wanted: Wanted | None, now: datetime, generation: int, limits: PowerLimits
    ) -> None:
        """Write what is wanted, unless it stands, is under way, or is held back."""
        self.held = None
        attempt = self._attempt
        if attempt and attempt.phase is Phase.WRITING:
            return
        if wanted is None:
            self._abandon()
            return
        if attempt and attempt.write.command == wanted.command and self._actuator.available:
            if attempt.phase is Phase.RETRYING and now >= attempt.deadline:
                self._repeat(attempt, wanted, now, generation)
            return
        self._abandon()
        if wanted.command is None:
            self._let_be(wanted, now)
            return
        if self._stands(wanted, now, limits):
            if wanted.is_safe and self._patience.drifted_at is None:
                self.engaged = False
            return
        is_urgent = wanted.is_safe or bool(self._standing and self._standing.breaks(limits))
        self.held = self._hold(wanted.command, now, is_urgent=is_urgent)
        if self.held is None:
            self._begin(wanted, wanted.command, now, generation)

    def _let_be(self, wanted: Wanted, now: datetime) -> None:
        """There is nothing to tell."""
        if not wanted.is_safe or self._actuation.reads_back:
            self._stand(None, wanted.power, now, is_safe=wanted.is_safe)
        else:
            # A process that was started runs on, and is not started again when its plan is followed again.
            self.engaged = self._patience.is_ignored = False

    def _abandon(self) -> None:
        """Leave a write that is no longer wanted; what the actuator holds is then what it shows."""
        if self._attempt:
            self._attempt = self._standing = None

    def _stands(self, wanted: Wanted, now: datetime, limits: PowerLimits) -> bool:
        standing = self._standing
        if standing is None:
            if self._uncertain or not self._actuator.shows(wanted.command):
                return False
            self._stand(wanted.command, wanted.power, now, is_safe=wanted.is_safe)
            return True
        if self._is_to_be_reasserted(standing, now):
            return False
        return standing.suffices(wanted, self._rails, limits)

    def _is_to_be_reasserted(self, standing: Standing, now: datetime) -> bool:
        refresh_at = standing.refresh_at(self._rails) if self._actuation.reads_back else None
        times = (refresh_at, self._patience.reassert_at)
        return any(time is not None and now >= time for time in times)

    def release(self) -> None:
        """Wait for nothing any more: what is wanted next is written at once, unless it is on its way."""
        if self._attempt and not self._attempt.write.is_safe:
            self._attempt = None

    def allows(self, write: Write, wanted: Wanted | None, now: datetime) -> bool:
        """Tell whether the write is still what is wanted."""
        return self._attempt is not None and self._attempt.allows(write, wanted, now)

    def _hold(self, command: Command, now: datetime, *, is_urgent: bool) -> Held | None:
        """Return what holds the write back; None when nothing does."""
        if not self._actuator.available:
            return Held(GuardRail.UNAVAILABLE, None)
        if again_at := self._patience.wait(command, now):
            return Held(GuardRail.IGNORED, again_at)
        runs = self._actuation.runs(command)
        return self._guard.hold(now, is_urgent=is_urgent, runs=runs)

    def _begin(self, wanted: Wanted, command: Command, now: datetime, generation: int) -> None:
        if not wanted.is_safe and not self.engaged:
            self.captured = self._actuator.reading
            self.engaged = True
        self._patience.reassert(wanted, now)
        write = wanted.write(self._written + 1, generation, command)
        self._attempt = Attempt.begin(write, self._actuator.reading, now)
        self._send(write, now)

    def _repeat(self, attempt: Attempt, wanted: Wanted, now: datetime, generation: int) -> None:
        if self._guard.free_at(is_urgent=wanted.is_safe):
            self._give_up(attempt, now)
            return
        write = wanted.write(self._written + 1, generation, attempt.write.command)
        self._attempt = attempt.repeat(write, now)
        self._retries += 1
        self._send(write, now)

    def _send(self, write: Write, now: datetime) -> None:
        self._written = write.number
        self._guard.log.record(now)
        self._standing = None
        self._uncertain = True
        self._guard.turn(self._actuation.runs(write.command), now)
        self.effects.append(write)

    # What people see

    def next_times(self, now: datetime) -> Iterator[datetime]:
        """Yield the later times at which something may be due."""
        times = (
            self._attempt and self._attempt.deadline,
            self.held and self.held.until,
            self._patience.reassert_at,
            self._standing and self._standing.refresh_at(self._rails),
        )
        return (time for time in times if time and time > now)

    @property
    def ignored(self) -> bool:
        """Tell whether the device does not take what it is told."""
        return self._patience.is_ignored

    @property
    def is_in_control(self) -> bool:
        """Tell whether the actuator holds, or is about to hold, what it was told."""
        told = self._standing and self._standing.command
        return self.engaged or told is not None or self._attempt is not None

    @property
    def is_settling(self) -> bool:
        """Tell whether a write is under way or being looked at."""
        return self._attempt is not None

    def statistics(self) -> ControlStatistics:
        """Return what was done."""
        return ControlStatistics(
            writes=self._guard.log.count(),
            last_write=self._guard.log.last,
            last_read_back=self._last_read_back,
            reading=self._actuator.reading,
            retries=self._retries,
        )

    def memory(self) -> ControlMemory:
        """Return what a restart must not forget of this."""
        told = self._standing or (self._attempt and self._attempt.write)
        return ControlMemory(
            writes=self._guard.log.times(),
            engaged=self.engaged,
            captured=self.captured,
            standing_power=told.power if told else self._remembered_power,
            turned_at=self._guard.turned_at,
        )
