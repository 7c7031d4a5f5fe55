"""The one power that should be followed now."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..scheduling import Schedule

# The power of a device that nobody plans: it neither charges nor discharges.
SAFE_POWER = 0.0


class SetpointSource(StrEnum):
    """Why the setpoint is what it is."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    NO_VALID_SCHEDULE = "no_valid_schedule"
    NOT_FOLLOWING = "not_following"


@dataclass(frozen=True, slots=True)
class PowerLimits:
    """What the device can take.

    Attributes:
        consumption: W, at most.
        production: W, at most; positive.
    """

    consumption: float
    production: float

    def clamp(self, power: float) -> float:
        """Return the power (W, consumption positive) brought within the limits."""
        return max(-self.production, min(self.consumption, power))


@dataclass(frozen=True, slots=True)
class Setpoint:
    """The power to follow.

    Attributes:
        power: W, consumption positive; None when nothing should be written.
        source: why.
        until: when to decide again; None when only an event changes it.
    """

    power: float | None
    source: SetpointSource
    until: datetime | None


def decide_setpoint(
    schedule: Schedule | None,
    now: datetime,
    *,
    following: bool,
    manual_power: float | None,
    manual_until: datetime | None,
    limits: PowerLimits,
) -> Setpoint:
    """Return the setpoint that holds now.

    A power set by a person wins until its end. Otherwise the schedule's step counts while it is followed; without a
    valid step the device gets the safe power, so that nothing runs on after the plan.

    Args:
        schedule: the plan; None when there is none.
        now: aware time.
        following: whether the user lets the schedule be carried out.
        manual_power: W set by a person; None when nobody did.
        manual_until: when that ends; None while no end is set.
        limits: what the device can take.
    """
    boundary = schedule.next_boundary(now) if schedule else None
    if manual_power is not None and (manual_until is None or now < manual_until):
        return Setpoint(limits.clamp(manual_power), SetpointSource.MANUAL, manual_until)
    if not following:
        return Setpoint(None, SetpointSource.NOT_FOLLOWING, None)
    power = schedule.power_at(now) if schedule else None
    if power is None:
        return Setpoint(SAFE_POWER, SetpointSource.NO_VALID_SCHEDULE, boundary)
    return Setpoint(limits.clamp(power), SetpointSource.SCHEDULE, boundary)
