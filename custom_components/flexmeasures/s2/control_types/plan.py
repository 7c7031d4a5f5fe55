"""The power that a device should follow: a schedule for each actuator, or what a person set instead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ...scheduling import Schedule

# An override has no steps; the storage is guarded for as long as a common step lasts.
OVERRIDE_STEP = timedelta(minutes=15)
# A boundary may be a moment away; a rate over less than this would be no number to reckon with.
_SHORTEST_STEP = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What every actuator of one device should do.

    Attributes:
        schedules: per actuator id; the key is empty for control types without actuators.
        overrides: W, consumption positive, likewise; each goes before the schedule.
    """

    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    overrides: Mapping[str, float] = field(default_factory=dict)

    def step(self, actuator_id: str, now: datetime) -> tuple[float, datetime] | None:
        """Return the W to follow now, consumption positive, and until when; None where nothing is planned.

        The end is at least a second away.
        """
        if actuator_id in self.overrides:
            return self.overrides[actuator_id], now + OVERRIDE_STEP
        schedule = self.schedules.get(actuator_id)
        step = None if schedule is None else schedule.step_at(now)
        if step is None or step.power is None:
            return None
        soonest = now + _SHORTEST_STEP
        return step.power, max(soonest, step.end)

    def power(self, actuator_id: str, now: datetime) -> float | None:
        """Return the W to follow now, consumption positive; None where nothing is planned."""
        step = self.step(actuator_id, now)
        return None if step is None else step[0]

    def next_boundary(self, now: datetime) -> datetime | None:
        """Return when the next step of any schedule begins or ends; None when all are over."""
        boundaries = [schedule.next_boundary(now) for schedule in self.schedules.values()]
        return min((boundary for boundary in boundaries if boundary is not None), default=None)
