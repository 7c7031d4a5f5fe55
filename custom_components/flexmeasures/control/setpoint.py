"""The one power that should be followed now, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import isfinite

from ..scheduling import Schedule
from ..scheduling.grid import as_utc
from .limits import PowerLimits


class Mode(StrEnum):
    """What a person wants from the device."""

    SCHEDULE = "schedule"
    CHARGE_NOW = "charge_now"
    DISCHARGE_NOW = "discharge_now"
    PAUSE = "pause"
    MANUAL = "manual"


class SetpointSource(StrEnum):
    """Why the setpoint is what it is."""

    SCHEDULE = "schedule"
    OVERRIDE = "override"
    CHARGE_NOW = "charge_now"
    DISCHARGE_NOW = "discharge_now"
    PAUSE = "pause"
    MANUAL = "manual"
    NOT_FOLLOWING = "not_following"
    CONDITION_NOT_MET = "condition_not_met"
    INPUT_LOST = "input_lost"
    NO_SCHEDULE = "no_schedule"
    SCHEDULE_NOT_BEGUN = "schedule_not_begun"
    SCHEDULE_ENDED = "schedule_ended"
    SCHEDULE_UNTRUSTED = "schedule_untrusted"
    STEP_MISSING = "step_missing"

    @property
    def is_safe(self) -> bool:
        """Tell whether the device is to get its safe value, because nothing else may be carried out."""
        return self in _SAFE_SOURCES


_SAFE_SOURCES = frozenset(
    {
        SetpointSource.CONDITION_NOT_MET,
        SetpointSource.INPUT_LOST,
        SetpointSource.NO_SCHEDULE,
        SetpointSource.SCHEDULE_NOT_BEGUN,
        SetpointSource.SCHEDULE_ENDED,
        SetpointSource.SCHEDULE_UNTRUSTED,
        SetpointSource.STEP_MISSING,
    }
)


@dataclass(frozen=True, slots=True)
class Setpoint:
    """The power to follow.

    Attributes:
        power: W, consumption positive; None when there is none to follow.
        source: why.
        until: when to decide again; None when only an event changes it.
        is_unlimited: whether the power is only what is expected, so that the device may produce all it can.
    """

    power: float | None
    source: SetpointSource
    until: datetime | None
    is_unlimited: bool = False

    def power_to_tell(self, limits: PowerLimits) -> float | None:
        """Return what the device is told: its most production where nothing is to be limited, else the power."""
        return -limits.production if self.is_unlimited else self.power


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A schedule, and how far it may be relied on.

    Attributes:
        trusted: no when the server only fell back on something flat, which is not executed blindly.
        expires: when it has become too old to be followed, before its last step ends; None when it does not.
        unlimited: steps in which all that can be produced is planned; by their position.
        leeway: W per step that the device may take or give more than planned without breaking the site's limits; empty
            where nothing is known of them.
    """

    schedule: Schedule
    trusted: bool = True
    expires: datetime | None = None
    unlimited: frozenset[int] = frozenset()
    leeway: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _check_time(self.expires, "expires")

    @property
    def valid_until(self) -> datetime:
        """When nothing may follow this plan any more."""
        end = self.schedule.valid_until
        return end if self.expires is None else min(end, self.expires)

    def next_boundary(self, now: datetime) -> datetime | None:
        """Return when the next step begins or the plan ends, strictly after now; None when it is over."""
        boundary = self.schedule.next_boundary(now)
        if boundary is None or now >= self.valid_until:
            return None
        return min(boundary, self.valid_until)

    def is_unlimited_at(self, now: datetime) -> bool:
        """Tell whether the step that holds now is one of those in which nothing is to be limited."""
        return (now - self.schedule.start) // self.schedule.resolution in self.unlimited

    def leeway_at(self, now: datetime) -> float:
        """Return the W that the device may take or give more than is planned for now; 0 where that is not known."""
        index = (now - self.schedule.start) // self.schedule.resolution
        return self.leeway[index] if 0 <= index < len(self.leeway) else 0.0

    def block_end(self, now: datetime) -> datetime | None:
        """Return when the planned power next differs from that of now; None outside the plan."""
        step = self.schedule.step_at(now)
        if step is None or now >= self.valid_until:
            return None
        end = step.end
        while (following := self.schedule.step_at(end)) and following.power == step.power:
            end = following.end
        return min(end, self.valid_until)


@dataclass(frozen=True, slots=True)
class Override:
    """A power that a person or an action put in the place of everything else.

    Attributes:
        power: W, consumption positive.
        until: aware time of its end; None until it is taken back.

    Raises:
        ValueError: the power is not finite, or the time is naive.
    """

    power: float
    until: datetime | None = None

    def __post_init__(self) -> None:
        _check_power(self.power, "power")
        _check_time(self.until, "until")

    def holds(self, now: datetime) -> bool:
        """Tell whether it has not ended."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What people want from one device.

    Attributes:
        following: whether the schedule may be carried out.
        mode: instead of the schedule, unless it is the schedule.
        mode_until: when the mode ends by itself; None for as long as its own end is not reached.
        manual_power: W, consumption positive, of the manual mode.
        override: wins over the mode while it holds.

    Raises:
        ValueError: the power is not finite, or the time is naive.
    """

    following: bool = False
    mode: Mode = Mode.SCHEDULE
    mode_until: datetime | None = None
    manual_power: float = 0.0
    override: Override | None = None

    def __post_init__(self) -> None:
        _check_power(self.manual_power, "manual_power")
        _check_time(self.mode_until, "mode_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What is known of the device beside its plan.

    Attributes:
        live: whether everything that planning needs from the device is known and fresh.
        bridged_until: while it is not live: until when it may come back by itself; aware. Until then what is being
            carried out goes on as long as it would be the same; nothing else is begun. None where that is no question.
        unmet_conditions: names of the owner's conditions that do not hold now.
        charged: whether the target of charging is reached: charging at once ends.
        discharged: whether the least state of charge is reached: discharging at once ends.
    """

    live: bool = True
    bridged_until: datetime | None = None
    unmet_conditions: frozenset[str] = frozenset()
    charged: bool = False
    discharged: bool = False

    def __post_init__(self) -> None:
        _check_time(self.bridged_until, "bridged_until")


def _check_power(power: float, name: str) -> None:
    if not isfinite(power):
        raise ValueError(f"{name} must be finite")


def _check_time(time: datetime | None, name: str) -> None:
    if time is not None:
        as_utc(time, name)


def mode_is_over(request: Request, inputs: Inputs, now: datetime) -> bool:
    """Tell whether the mode has reached its own end and the schedule takes over."""
    if request.mode_until is not None and now >= request.mode_until:
        return True
    match request.mode:
        case Mode.CHARGE_NOW:
            return inputs.charged
        case Mode.DISCHARGE_NOW:
            return inputs.discharged
        case _:
            return False


def decide_setpoint(
    plan: Plan | None,
    now: datetime,
    *,
    request: Request,
    inputs: Inputs,
    limits: PowerLimits,
    safe_power: float | None,
) -> Setpoint:
    """Return the setpoint that holds now.

    The owner's conditions come first, then an override, then the mode, then the schedule's step while it is followed.
    Where nothing of these may be carried out, the safe power stands: nothing runs on after the plan.

    Args:
        plan: None when there is none.
        now: aware time.
        request: what people want.
        inputs: what is known of the device.
        limits: what the device can take.
        safe_power: W, consumption positive, shown where the device gets its safe value; None when that is no power.
    """
    override = request.override if request.override and request.override.holds(now) else None
    mode = Mode.SCHEDULE if mode_is_over(request, inputs, now) else request.mode
    if override is None and mode is Mode.SCHEDULE and not request.following:
        return Setpoint(None, SetpointSource.NOT_FOLLOWING, None)
    if inputs.unmet_conditions:
        return Setpoint(safe_power, SetpointSource.CONDITION_NOT_MET, None)
    if override:
        return Setpoint(limits.clamp(override.power), SetpointSource.OVERRIDE, override.until)
    if mode is not Mode.SCHEDULE:
        return _by_mode(mode, request, inputs, limits, safe_power)
    if not inputs.live:
        return Setpoint(safe_power, SetpointSource.INPUT_LOST, None)
    return _by_plan(plan, now, limits, safe_power)


def _by_mode(
    mode: Mode,
    request: Request,
    inputs: Inputs,
    limits: PowerLimits,
    safe_power: float | None,
) -> Setpoint:
    if mode is Mode.DISCHARGE_NOW and not inputs.live:
        # A car that sleeps may well be charged: it stops by itself. Nothing stops discharging an unknown battery.
        return Setpoint(safe_power, SetpointSource.INPUT_LOST, request.mode_until)
    power = {
        Mode.CHARGE_NOW: limits.consumption,
        Mode.DISCHARGE_NOW: -limits.production,
        Mode.MANUAL: limits.clamp(request.manual_power),
    }.get(mode, limits.clamp(0.0))
    return Setpoint(power, SetpointSource(mode), request.mode_until)


def _by_plan(
    plan: Plan | None, now: datetime, limits: PowerLimits, safe_power: float | None
) -> Setpoint:
    if plan is None:
        return Setpoint(safe_power, SetpointSource.NO_SCHEDULE, None)
    boundary = plan.next_boundary(now)
    if now >= plan.valid_until:
        return Setpoint(safe_power, SetpointSource.SCHEDULE_ENDED, None)
    if not plan.trusted:
        return Setpoint(safe_power, SetpointSource.SCHEDULE_UNTRUSTED, plan.valid_until)
    if now < plan.schedule.start:
        return Setpoint(safe_power, SetpointSource.SCHEDULE_NOT_BEGUN, boundary)
    power = plan.schedule.power_at(now)
    if power is None:
        return Setpoint(safe_power, SetpointSource.STEP_MISSING, boundary)
    return Setpoint(
        limits.clamp(power), SetpointSource.SCHEDULE, boundary, plan.is_unlimited_at(now)
    )
