"""What happens to a flexible device's plan that people may want to act on."""

from dataclasses import dataclass, field
from typing import Any

from homeassistant.util import dt as dt_util

from .plan_event_types import PlanEventType
from .plan_models import DevicePlan, PlanStatus
from .plan_progress import PlanProgress
from .scheduling import Block, BlockKind

# W: a block of a new plan that differs by less goes on with what the device does already.
_SAME_POWER = 1.0


@dataclass(frozen=True, slots=True)
class PlanEvent:
    """Something happened.

    Attributes:
        told: what an automation may want to know of it; powers in W, energies in kWh, consumption positive, local times.
    """

    type: PlanEventType
    told: dict[str, Any] = field(default_factory=dict)


class PlanEvents:
    """Compares a plan's progress with what was seen before, and finds what happened in between.

    What is already so at the start has not happened: after a restart nobody is told of a block that goes on.
    """

    def __init__(self, progress: PlanProgress) -> None:
        """Take what is as seen."""
        self._progress = progress
        self._plan = progress.plan
        self._block = _known(progress.block)
        self._status = progress.state.status

    def take(self) -> list[PlanEvent]:
        """Return what happened since this was last asked, in order."""
        events: list[PlanEvent] = []
        plan, block, status = self._progress.plan, _known(self._progress.block), self._status
        if plan is not None and plan != self._plan:
            events.append(PlanEvent(PlanEventType.SCHEDULE_RECEIVED, _told_of_plan(plan)))
        if not _goes_on(self._block, block):
            if self._block:
                events.append(PlanEvent(PlanEventType.BLOCK_ENDED, _told_of_block(self._block)))
            if block:
                events.append(PlanEvent(PlanEventType.BLOCK_STARTED, _told_of_block(block)))
        if self._progress.state.status is not PlanStatus.COMPUTING:
            status = self._progress.state.status
        told = {"reason": self._progress.reason}
        if status is not self._status and status is PlanStatus.TARGET_MISSED:
            events.append(PlanEvent(PlanEventType.TARGET_MISSED, told))
        if status is not self._status and status is PlanStatus.SERVER_AWAY:
            events.append(PlanEvent(PlanEventType.SERVER_AWAY, told))
        self._plan, self._block, self._status = plan, block, status
        return events


def _known(block: Block | None) -> Block | None:
    """Return a block of which it is known what the device does."""
    return None if block is None or block.kind is BlockKind.UNKNOWN else block


def _goes_on(before: Block | None, now: Block | None) -> bool:
    if before is None or now is None:
        return before is now
    same_power = abs((before.power or 0.0) - (now.power or 0.0)) <= _SAME_POWER
    return before.kind is now.kind and same_power


def _told_of_plan(plan: DevicePlan) -> dict[str, Any]:
    schedule = plan.schedule
    return {
        "cause": plan.cause,
        "computed_at": dt_util.as_local(schedule.computed_at).isoformat(),
        "valid_until": dt_util.as_local(schedule.valid_until).isoformat(),
        "energy": round(schedule.energy, 3),
    }


def _told_of_block(block: Block) -> dict[str, Any]:
    return {
        "kind": block.kind,
        "power": None if block.power is None else round(block.power, 1),
        "start": dt_util.as_local(block.start).isoformat(),
        "end": dt_util.as_local(block.end).isoformat(),
    }
