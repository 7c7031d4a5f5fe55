"""Keeps the energy of a plan on a device that takes coarse steps, such as whole amperes.

What rounding gives or withholds is carried from one step to the next and made up for there, as error diffusion does with
the brightness of pixels. Rounding always toward rest would leave a car short of its target with every plan.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from ..scheduling import Schedule, Step
from ..scheduling.grid import hours
from ..scheduling.schedule import POWER_TOLERANCE
from .limits import PowerLimits
from .setpoint import Plan

# Of what a step of the device makes of a step of the plan: less is noise of the solver.
_NOISE = 0.01
# Whether a device runs at all is decided by half of the least that it can take: it may be a lot.
_HALF = 0.5


class Neighbours(NamedTuple):
    """The powers next to a planned one that an actuator can express.

    Attributes:
        lower: W, consumption positive; not above the planned power.
        upper: W, consumption positive; not below the planned power.
    """

    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was chosen instead of a planned power, both in W, for a part of a step."""

    since: datetime
    until: datetime
    planned: float
    neighbours: Neighbours
    power: float

    def holds(self, now: datetime, planned: float, neighbours: Neighbours) -> bool:
        """Tell whether it is still the answer to the same question."""
        asked = (self.planned, self.neighbours)
        return self.since <= now < self.until and asked == (planned, neighbours)

    def owed(self, now: datetime) -> float:
        """Return the Wh that the plan has had more than the device until now."""
        elapsed = min(now, self.until) - self.since
        return (self.planned - self.power) * max(0.0, hours(elapsed))


class Rounding:
    """Owns how far a device is off its plan by rounding alone, and chooses between two powers by that.

    Within a block of equal power the device gets the upper power first and then the lower one, so that it is written to
    twice and is never behind its plan by more than its limits explain. At the end of a block it has what is planned and
    less than one step of it more; where the lower one is rest, half of that more or less. A new plan begins with nothing
    owed, since it knows what is stored, and leaves a step that is under way as it is.
    """

    __slots__ = ("_choice", "_goes_on", "_owed", "_schedule")

    def __init__(self, *, goes_on: bool = False) -> None:
        """Begin with nothing owed.

        Args:
            goes_on: whether the actuator may hold what was chosen before a restart, which is then kept for the step.
        """
        self._schedule: Schedule | None = None
        self._choice: _Choice | None = None
        self._goes_on = goes_on
        self._owed = 0.0  # Wh, consumption positive

    def forget(self) -> None:
        """Owe nothing any more: the plan is not followed."""
        self._schedule = self._choice = None
        self._owed = 0.0

    def power(
        self,
        plan: Plan,
        now: datetime,
        *,
        planned: float,
        neighbours: Neighbours,
        limits: PowerLimits,
        shown: float | None = None,
    ) -> float:
        """Return the W to tell, consumption positive: one of the neighbours, or what is planned where that is both.

        Args:
            plan: that is followed.
            now: aware; within the plan.
            planned: W, within the limits; 0 stays 0.
            neighbours: what the actuator can express.
            limits: never exceeded.
            shown: W that the actuator shows; None when it tells none.
        """
        if plan.schedule is not self._schedule and plan.schedule != self._schedule:
            self._take(plan.schedule, now, planned, neighbours)
        choice = self._choice
        if choice is not None:
            if choice.holds(now, planned, neighbours):
                return choice.power
            self._settle(choice, now)
        step = plan.schedule.step_at(now)
        power = planned
        if step is not None and neighbours.lower < planned < neighbours.upper:
            power = self._choose(plan, step, now, planned, neighbours, limits, shown)
        until = now if step is None else step.end
        self._choice = _Choice(now, until, planned, neighbours, power)
        if shown is not None:
            self._goes_on = False
        return power

    def _take(
        self, schedule: Schedule, now: datetime, planned: float, neighbours: Neighbours
    ) -> None:
        """Begin with a new plan; a step that is under way goes on as it was chosen, which saves a write."""
        choice = self._choice
        self.forget()
        self._schedule = schedule
        if choice and choice.holds(now, choice.planned, neighbours) and choice.power in neighbours:
            self._choice = replace(choice, since=now, planned=planned)

    def _settle(self, choice: _Choice, now: datetime) -> None:
        self._owed += choice.owed(now)
        if choice.power != choice.planned and self._schedule is not None:
            # What limits withhold for hours is not made up for: the next plan knows it.
            most = choice.neighbours.upper - choice.neighbours.lower
            self._owed = min(self._owed, most * hours(self._schedule.resolution))

    def _choose(
        self,
        plan: Plan,
        step: Step,
        now: datetime,
        planned: float,
        neighbours: Neighbours,
        limits: PowerLimits,
        shown: float | None,
    ) -> float:
        lower, upper = neighbours
        near, far = (lower, upper) if planned > 0 else (upper, lower)
        if not limits.holds(far):
            return near
        if self._goes_on and shown is not None:
            for neighbour in neighbours:
                if abs(shown - neighbour) < POWER_TOLERANCE:
                    return neighbour
        if abs(far - planned) > plan.leeway_at(now):
            return near
        due = self._owed + (planned - lower) * hours(_end_of_same(plan.schedule, step) - now)
        share = _HALF if near == 0 else _NOISE
        return upper if due > share * (upper - lower) * hours(step.end - now) else lower


def _end_of_same(schedule: Schedule, step: Step) -> datetime:
    """Return when the power of a step ends; solvers leave traces of a watt."""
    following = schedule.next_change(step.start, POWER_TOLERANCE)
    return schedule.valid_until if following is None else following.start
