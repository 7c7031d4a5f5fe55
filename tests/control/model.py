"""Which value is right for a controlled device, worked out anew from all that is known of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from custom_components.flexmeasures.control import Inputs, Mode, Plan

from .home import LIMITS, MINUTE, QUARTER

SAFE = 0.0


@dataclass
class ControlModel:
    """What is known of a device, and the rules of control in their plainest form; powers are in W.

    Attributes:
        override: the power that somebody set, and when that ends; None for no end.
    """

    plan: Plan | None = None
    following: bool = False
    mode: Mode = Mode.SCHEDULE
    manual: float = 0.0
    override: tuple[float, datetime | None] | None = None
    inputs: Inputs = field(default_factory=Inputs)
    is_released: bool = False

    def expected(self, now: datetime) -> tuple[float, bool] | None:
        """Return the value that is right now and whether it is the safe one, None where nothing is."""
        override, mode = self.override, self.mode
        if self.is_released:
            return None
        if override and override[1] and now >= override[1]:
            override = None
        if override is None and mode is Mode.SCHEDULE and not self.following:
            return None
        if self.inputs.unmet_conditions:
            return SAFE, True
        if override:
            return LIMITS.clamp(override[0]), False
        match mode:
            case Mode.CHARGE_NOW:
                return 5000.0, False
            case Mode.DISCHARGE_NOW:
                return (-4000.0, False) if self.inputs.live else (SAFE, True)
            case Mode.PAUSE:
                return 0.0, False
            case Mode.MANUAL:
                return self.manual, False
            case Mode.SCHEDULE:
                power = self.planned(now) if self.inputs.live else None
                return (SAFE, True) if power is None else (LIMITS.clamp(power), False)

    def goes_on(self, now: datetime) -> tuple[float, bool] | None:
        """Return what is right, too, while an input is silent for a moment: what would be if it were known."""
        until = self.inputs.bridged_until
        if until is None or now >= until:
            return None
        silent, self.inputs = self.inputs, replace(self.inputs, live=True)
        going_on = self.expected(now)
        self.inputs = silent
        return going_on

    def planned(self, now: datetime) -> float | None:
        """Return what the newest plan says, if it may be believed."""
        plan = self.plan
        if plan is None or not plan.trusted or (plan.expires and now >= plan.expires):
            return None
        index = (now - plan.schedule.start) // QUARTER
        return plan.schedule.powers[index] if 0 <= index < len(plan.schedule.powers) else None

    def end_mode(self) -> None:
        """Do what ends a mode by itself."""
        if (self.mode is Mode.CHARGE_NOW and self.inputs.charged) or (
            self.mode is Mode.DISCHARGE_NOW and self.inputs.discharged
        ):
            self.mode = Mode.SCHEDULE

    def block_end(self, now: datetime) -> datetime:
        """Return when the plan next changes, an hour from now without a plan."""
        plan = self.plan
        if plan is None or plan.schedule.step_at(now) is None or now >= plan.valid_until:
            return now + 60 * MINUTE
        index = (now - plan.schedule.start) // QUARTER
        values = plan.schedule.powers
        end = index
        while end < len(values) and values[end] == values[index]:
            end += 1
        return min(plan.schedule.start + end * QUARTER, plan.valid_until)
