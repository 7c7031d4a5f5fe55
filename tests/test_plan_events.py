"""What happened to a plan, whatever plans, steps and statuses follow each other."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, strategies as st

from custom_components.flexmeasures.plan_event_types import PlanEventType
from custom_components.flexmeasures.plan_events import PlanEvents
from custom_components.flexmeasures.plan_models import DevicePlan, PlanState, PlanStatus
from custom_components.flexmeasures.scheduling import Block, BlockKind, block_kind

from .device_samples import HOUR, sample_plan
from .shown_plans import NOON

WAITING = PlanState(PlanStatus.WAITING, NOON)
POWERS = (None, 0.0, 0.9, 1000.0, 1000.5, -2000.0)


@dataclass
class Moment:
    """What a plan's progress tells at one moment."""

    plan: DevicePlan | None = None
    block: Block | None = None
    state: PlanState = WAITING
    reason: str | None = None


def moment(plan: int | None, power: float | None, status: PlanStatus, hour: int) -> Moment:
    """Return a moment at which the numbered plan has the device take a power."""
    if plan is None:
        return Moment(state=PlanState(status, NOON))
    begin = NOON + hour * HOUR
    block = Block(begin, begin + timedelta(minutes=30), block_kind(power), power, 0, 2)
    return Moment(sample_plan(job=str(plan)), block, PlanState(status, NOON))


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(0, 2), st.sampled_from(POWERS), st.sampled_from(PlanStatus)
        ),
        min_size=1,
    )
)
def test_blocks_end_before_others_start_and_nothing_is_told_twice(
    moments: list[tuple[int | None, float | None, PlanStatus]],
) -> None:
    told = Moment()
    events = PlanEvents(told)  # type: ignore[arg-type]
    going_on: str | None = None
    for hour, (plan, power, status) in enumerate(moments):
        now = moment(plan, power, status, hour)
        is_new = now.plan is not None and now.plan != told.plan
        told.plan, told.block, told.state = now.plan, now.block, now.state

        happened = events.take()

        types = [event.type for event in happened]
        assert (PlanEventType.SCHEDULE_RECEIVED in types) is is_new
        assert len(types) == len(set(types))
        for event in happened:
            if event.type is PlanEventType.BLOCK_ENDED:
                assert event.told["kind"] == going_on
                going_on = None
            if event.type is PlanEventType.BLOCK_STARTED:
                assert going_on is None
                going_on = event.told["kind"]
        known = now.block is not None and now.block.kind is not BlockKind.UNKNOWN
        assert going_on == (now.block.kind if now.block and known else None)
        assert events.take() == []
