"""What should be followed now: the plan, and what people want instead."""

from dataclasses import replace
from datetime import datetime, timedelta

from .exchange import (
    FollowingChosen,
    ModeChosen,
    OverrideCleared,
    OverrideSet,
    PlanReceived,
)
from .limits import PowerLimits
from .setpoint import (
    Inputs,
    Mode,
    Override,
    Plan,
    Request,
    Setpoint,
    SetpointSource,
    decide_setpoint,
    mode_is_over,
)

# How long an override holds, and a person's change is left alone, where no plan tells a next block.
_WITHOUT_BLOCK = timedelta(hours=1)

type Wish = PlanReceived | FollowingChosen | ModeChosen | OverrideSet | OverrideCleared


class Wishes:
    """Owns the plan and what people want, and decides between them.

    When this fails, the car charges at the wrong time.

    Attributes:
        plan: None when there is none.
        generation: grows with every plan.
        request: what people want.
        inputs: what is known of the device.
        limits: what the device can take.
        setpoint: what was decided last.
    """

    def __init__(self, request: Request, limits: PowerLimits) -> None:
        """Begin with what people wanted before a restart, and without plan."""
        self.plan: Plan | None = None
        self.generation = 0
        self.request = request
        self.inputs = Inputs()
        self.limits = limits
        self.setpoint = Setpoint(None, SetpointSource.NOT_FOLLOWING, None)

    def take(self, wish: Wish, now: datetime) -> None:
        """Take over a plan, or what a person wants."""
        match wish:
            case PlanReceived(plan):
                self.plan = plan
                self.generation += 1
            case FollowingChosen(following):
                self.request = Request(following=following)
            case ModeChosen(mode, power, until):
                standing = self.setpoint.power or 0.0
                self.request = Request(
                    following=self.request.following,
                    mode=mode,
                    mode_until=until,
                    manual_power=standing if power is None else power,
                )
            case OverrideSet(power, until):
                override = Override(power, until or self._override_end(now))
                self.request = replace(self.request, override=override)
            case OverrideCleared():
                self.request = replace(self.request, override=None)

    def _override_end(self, now: datetime) -> datetime | None:
        return self.block_end(now) if self.request.following else None

    def block_end(self, now: datetime) -> datetime:
        """Return when the plan's power next changes; in an hour where no plan tells that."""
        end = self.plan.block_end(now) if self.plan else None
        return end or now + _WITHOUT_BLOCK

    def end_what_is_over(self, now: datetime) -> bool:
        """End override and mode when their time has come; tell whether a mode ended."""
        override = self.request.override
        if override and not override.holds(now):
            self.request = replace(self.request, override=None)
        if self.request.mode is Mode.SCHEDULE or not mode_is_over(self.request, self.inputs, now):
            return False
        self.request = replace(self.request, mode=Mode.SCHEDULE, mode_until=None)
        return True

    def decide(self, now: datetime, safe_power: float | None, *, is_carried_out: bool) -> Setpoint:
        """Decide what should be followed, and return it.

        Args:
            now: aware time.
            safe_power: W, consumption positive; None when the safe value stands for no power.
            is_carried_out: whether what was decided before is what the device was told.
        """
        decided = self._decide(now, safe_power, self.inputs)
        if decided.source is SetpointSource.INPUT_LOST and is_carried_out:
            decided = self._bridge(now, safe_power) or decided
        self.setpoint = decided
        return decided

    def _decide(self, now: datetime, safe_power: float | None, inputs: Inputs) -> Setpoint:
        return decide_setpoint(
            self.plan,
            now,
            request=self.request,
            inputs=inputs,
            limits=self.limits,
            safe_power=safe_power,
        )

    def _bridge(self, now: datetime, safe_power: float | None) -> Setpoint | None:
        """Return what goes on although an input tells nothing for a moment; None when that would be something new."""
        until = self.inputs.bridged_until
        if until is None or now >= until:
            return None
        going_on = self._decide(now, safe_power, replace(self.inputs, live=True))
        if replace(going_on, until=self.setpoint.until) != self.setpoint:
            return None
        return replace(going_on, until=min(going_on.until or until, until))
