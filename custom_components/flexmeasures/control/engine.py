"""One device's control: what happens goes in with its time, what has to be done comes out."""

from dataclasses import replace
from datetime import datetime, timedelta

from ..scheduling.grid import as_utc
from .attempt import Wanted
from .commands import Command
from .exchange import (
    ControlResumed,
    Effect,
    Event,
    FollowingChosen,
    InputsChanged,
    LimitsChanged,
    ModeChosen,
    Notice,
    NoticeKind,
    OverrideCleared,
    OverrideSet,
    PlanReceived,
    Released,
    Reported,
    ShadowChosen,
    TimePassed,
    Wake,
    Write,
    WriteFinished,
)
from .guard_rails import Held
from .limits import PowerLimits
from .memory import ControlMemory
from .rounding import Rounding
from .setpoint import Plan, Request, Setpoint, SetpointSource
from .settings import ControlSettings, LeaveAsItIs, SafePower, SafeReading, ValueBefore
from .status import ControlStatistics, ControlStatus
from .wishes import Wishes
from .writer import Writer

# Control and a person, or another automation, that take turns faster than this fight.
_HANDS_OFF = timedelta(minutes=1)


class ControlEngine:
    """Holds one device to its plan, to its owner's wishes, or to its safe value.

    It is the only place where a write is decided. Nothing is queued: what is wanted is computed anew with every event,
    so that an old plan can never fire. When this fails, a car is empty or a fuse blows.

    A carrier (Home Assistant entities, an S2 session) tells what happens with `handle` and does what it returns.
    """

    def __init__(self, settings: ControlSettings, memory: ControlMemory | None = None) -> None:
        """Begin where a restart has interrupted.

        Nothing is written before the actuator was `Reported`: tell plan, inputs and limits first, so that a restart in
        the middle of a block writes nothing.
        """
        memory = memory or ControlMemory()
        self._settings = settings
        self._shadow = settings.shadow
        self._wishes = Wishes(memory.request, settings.limits)
        self._writer = Writer(settings.actuation, settings.guard_rails, memory)
        self._rounding = Rounding(goes_on=memory.engaged)
        self._suspended_until = memory.suspended_until
        self._hands_off_until: datetime | None = None
        self._is_released = False
        self._wanted: Wanted | None = None
        self._woken_at: datetime | None = None
        self._seen_at: datetime | None = None

    def handle(self, event: Event, now: datetime) -> tuple[Effect, ...]:
        """Take over what happened, and return what has to be done, in this order.

        Args:
            event: what happened.
            now: aware time.

        Raises:
            ValueError: the time is naive.
        """
        now = as_utc(now, "now")
        self._follow_clock(now)
        self._writer.advance(now)
        self._take(event, now)
        self._end_what_is_over(now)
        self._wishes.decide(now, self._safe_power, is_carried_out=self._writer.held is None)
        if not self._is_released or isinstance(event, Released):
            self._wanted = self._decide_wanted(now)
            if self._is_released:
                self._writer.release()
            self._writer.carry_out(self._wanted, now, self._wishes.generation, self._wishes.limits)
        self._set_alarm(now)
        effects, self._writer.effects = tuple(self._writer.effects), []
        return effects

    def _follow_clock(self, now: datetime) -> None:
        """Let nothing wait for hours because the clock was set back."""
        by = (self._seen_at or now) - now
        self._seen_at = now
        if by > timedelta(0):
            self._writer.clock_set_back(by)
            if self._suspended_until:
                self._suspended_until -= by
            if self._hands_off_until:
                self._hands_off_until -= by

    def _take(self, event: Event, now: datetime) -> None:
        match event:
            case PlanReceived() | OverrideCleared():
                self._wishes.take(event, now)
            case FollowingChosen() | ModeChosen() | OverrideSet():
                self._wishes.take(event, now)
                self._resume()
            case ControlResumed():
                self._resume()
            case ShadowChosen(shadow):
                self._shadow = shadow
            case InputsChanged(inputs):
                self._wishes.inputs = inputs
            case LimitsChanged(limits):
                self._wishes.limits = limits
            case Reported():
                self._report(event, now)
            case WriteFinished(number, outcome):
                self._writer.finish(number, outcome, now)
            case Released():
                self._is_released = True
            case TimePassed():
                pass

    # Ownership

    def _report(self, event: Reported, now: datetime) -> None:
        was_ours = self._writer.is_in_control
        if not self._writer.report(event, now) or not self._carries_out:
            return
        self._hands_off_until = now + _HANDS_OFF
        if was_ours:
            suspension = self._settings.guard_rails.suspension
            end = now + suspension if suspension else self._wishes.block_end(now)
            self._suspended_until = max(end, self._hands_off_until)
            self._writer.effects.append(Notice(NoticeKind.SUSPENDED))

    @property
    def _carries_out(self) -> bool:
        following = self._wishes.setpoint.source is not SetpointSource.NOT_FOLLOWING
        return following and not self._shadow and not self._is_released

    def _resume(self) -> None:
        self._hands_off_until = None
        if self._suspended_until:
            self._suspended_until = None
            self._writer.effects.append(Notice(NoticeKind.RESUMED))

    def _end_what_is_over(self, now: datetime) -> None:
        if self._wishes.end_what_is_over(now):
            self._writer.effects.append(Notice(NoticeKind.MODE_ENDED))
        if self._hands_off_until and now >= self._hands_off_until:
            self._hands_off_until = None
        if self._suspended_until and now >= self._suspended_until:
            self._resume()

    # What is wanted

    def _decide_wanted(self, now: datetime) -> Wanted | None:
        setpoint = self._wishes.setpoint
        if not self._follows_plan:
            self._rounding.forget()
        if self._is_released:
            return self._safe(setpoint, now) if self._writer.engaged else None
        if self._suspended_until or self._hands_off_until:
            return None
        if not self._carries_out:
            return self._safe(setpoint, now) if self._writer.engaged else None
        power = self._power_to_tell(setpoint, now)
        if setpoint.source.is_safe or power is None:
            return self._safe(setpoint, now)
        return Wanted(
            command=self._writer.command(setpoint, power, now),
            power=power,
            source=setpoint.source,
            is_safe=False,
            until=setpoint.until,
        )

    @property
    def _follows_plan(self) -> bool:
        """Tell whether the device is told the energy of a plan; what only produces is told a limit instead."""
        setpoint, is_left_alone = (
            self._wishes.setpoint,
            self._suspended_until or self._hands_off_until,
        )
        return (
            setpoint.source is SetpointSource.SCHEDULE
            and not setpoint.is_unlimited
            and self._wishes.limits.consumption > 0
            and self._carries_out
            and not is_left_alone
        )

    def _power_to_tell(self, setpoint: Setpoint, now: datetime) -> float | None:
        """Return the power (W, consumption positive) that the actuator is told, on its steps while a plan is followed."""
        power, plan = setpoint.power_to_tell(self._wishes.limits), self._wishes.plan
        if power is None or plan is None or not self._follows_plan:
            return power
        actuation, reading = self._settings.actuation, self._writer.statistics().reading
        neighbours = actuation.neighbours(power, self._writer.bounds(now))
        if neighbours.upper - neighbours.lower < self._settings.guard_rails.deadband:
            return power
        return self._rounding.power(
            plan,
            now,
            planned=power,
            neighbours=neighbours,
            limits=self._wishes.limits,
            shown=None if reading is None else actuation.power(reading),
        )

    def _safe(self, setpoint: Setpoint, now: datetime) -> Wanted:
        return Wanted(
            command=self._safe_command(setpoint, now),
            power=self._safe_power,
            source=setpoint.source,
            is_safe=True,
            until=setpoint.until,
        )

    def _safe_command(self, setpoint: Setpoint, now: datetime) -> Command | None:
        match self._settings.safe_value:
            case SafePower(power):
                return self._writer.command(setpoint, self._wishes.limits.clamp(power), now)
            case SafeReading(reading):
                return self._settings.actuation.restoring(reading)
            case ValueBefore():
                captured = self._writer.captured
                return None if captured is None else self._settings.actuation.restoring(captured)
            case LeaveAsItIs():
                return None

    @property
    def _safe_power(self) -> float | None:
        """Return the safe value in W, consumption positive; None when it stands for no power."""
        match self._settings.safe_value:
            case SafePower(power):
                return self._wishes.limits.clamp(power)
            case SafeReading(reading):
                return self._settings.actuation.power(reading)
            case ValueBefore():
                captured = self._writer.captured
                return None if captured is None else self._settings.actuation.power(captured)
            case LeaveAsItIs():
                return None

    def allows(self, write: Write, now: datetime) -> bool:
        """Tell whether the write may still be sent; ask right before sending, and answer no with `DROPPED`."""
        return self._writer.allows(write, self._wanted, now)

    # What people see

    @property
    def setpoint(self) -> Setpoint:
        """Return what should be followed now, whether or not anything is written."""
        return self._wishes.setpoint

    @property
    def request(self) -> Request:
        """Return what people want."""
        return self._wishes.request

    @property
    def plan(self) -> Plan | None:
        """Return the plan; None when there is none."""
        return self._wishes.plan

    @property
    def limits(self) -> PowerLimits:
        """Return what the device can take."""
        return self._wishes.limits

    @property
    def held(self) -> Held | None:
        """Return what holds the wanted write back; None when nothing does."""
        return self._writer.held

    @property
    def suspended_until(self) -> datetime | None:
        """Return until when somebody else's change is left alone; None while control is ours."""
        return self._suspended_until

    @property
    def status(self) -> ControlStatus:
        """Return what control does with the device now."""
        wanted = self._wanted
        if self._is_released:
            return ControlStatus.RELEASED
        if self._suspended_until:
            return ControlStatus.SUSPENDED
        if self._shadow:
            return ControlStatus.SHADOW
        if self._writer.ignored:
            return ControlStatus.NOT_FOLLOWING
        if self._writer.is_settling:
            return ControlStatus.SETTLING
        if self.held or self._hands_off_until:
            return ControlStatus.WAITING
        if wanted is None or not (self._carries_out or self._writer.engaged):
            return ControlStatus.IDLE
        return ControlStatus.SAFE if wanted.is_safe else ControlStatus.FOLLOWING

    def statistics(self) -> ControlStatistics:
        """Return what control did."""
        return self._writer.statistics()

    def memory(self) -> ControlMemory:
        """Return what a restart must not forget; store it after every `handle` that returned a write."""
        return replace(
            self._writer.memory(),
            request=self._wishes.request,
            suspended_until=self._suspended_until,
        )

    def _set_alarm(self, now: datetime) -> None:
        """Ask for being woken when something may be due, if that changed."""
        override = self._wishes.request.override
        times = (
            self._wishes.setpoint.until,
            override and override.until,
            self._wishes.request.mode_until,
            self._suspended_until,
            self._hands_off_until,
            *self._writer.next_times(now),
        )
        at = min((time for time in times if time and time > now), default=None)
        if self._is_released:
            at = None
        if at != self._woken_at:
            self._woken_at = at
            self._writer.effects.append(Wake(at))
