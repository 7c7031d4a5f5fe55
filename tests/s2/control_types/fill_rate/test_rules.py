"""Whatever a device that stores describes and whatever is planned: no instruction breaks the standard's rules."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from custom_components.flexmeasures.s2.control_types import FillRateControl, Plan
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
)

from ..samples import (
    MINUTE,
    NOON,
    SECOND,
    actuator,
    actuator_status,
    element,
    ids,
    mode,
    schedule,
    status_update,
    storage_description,
    storage_status,
    timer,
    transition,
)

_RATES = st.integers(-50, 50).map(lambda value: value / 1000)
_WATTS = st.integers(-5000, 5000).map(float)
_TIMERS = ("t0", "t1")


@st.composite
def modes(draw: st.DrawFn, number: int) -> frbc.OperationMode:
    """Return a mode with adjoining elements over a part of 0 to 100."""
    inside = draw(st.lists(st.integers(1, 99), max_size=2))
    borders = sorted({draw(st.sampled_from([0, 0, 30])), *inside, 100})
    return mode(
        f"m{number}",
        *(
            element(
                (float(low), float(high)),
                (draw(_RATES), draw(_RATES)),
                (draw(_WATTS), draw(_WATTS)),
            )
            for low, high in pairwise(borders)
        ),
        abnormal=draw(st.booleans()) and number > 0,
    )


@st.composite
def actuators(draw: st.DrawFn, actuator_id: str) -> frbc.ActuatorDescription:
    """Return an actuator with some of all possible transitions, and timers on some of them."""
    parts = [draw(modes(number)) for number in range(draw(st.integers(1, 4)))]
    pairs = [(one.id, other.id) for one in parts for other in parts if one is not other]
    ways = [
        transition(
            one,
            other,
            starts=draw(st.sampled_from([(), ("t0",), ("t1",), _TIMERS])),
            blocked_by=draw(st.sampled_from([(), ("t0",), ("t1",), _TIMERS])),
            abnormal=draw(st.integers(0, 9)) == 0,
            costs=draw(st.none() | st.integers(0, 3)),
            duration=draw(st.none() | st.integers(0, 300).map(lambda value: value * SECOND)),
        )
        for one, other in pairs
        if draw(st.integers(0, 2))
    ]
    timers = [timer(name, draw(st.integers(0, 3600)) * SECOND) for name in _TIMERS]
    return actuator(actuator_id, parts, ways, timers)


class Device:
    """A strict device: it notes a complaint for everything that it would have to refuse."""

    def __init__(self, description: frbc.SystemDescription) -> None:
        self.parts = {part.id: part for part in description.actuators}
        self.running = {part.id: part.operation_modes[0].id for part in description.actuators}
        self.timers: dict[tuple[str, str], datetime] = {}
        self.changing: dict[str, datetime] = {}

    def follow(self, instruction: frbc.Instruction, level: float, now: datetime) -> None:
        """Follow an instruction and assert that it keeps all rules."""
        part = self.parts[instruction.actuator_id]
        target = next(
            mode for mode in part.operation_modes if mode.id == instruction.operation_mode_id
        )
        assert 0 <= instruction.operation_mode_factor <= 1
        assert not instruction.abnormal_condition
        assert not target.abnormal_condition_only
        assert any(one.fill_level_range.contains(level) for one in target.elements)
        assert now >= self.changing.get(part.id, now)
        if target.id == self.running[part.id]:
            return
        (way,) = [
            one
            for one in part.transitions
            if one.from_id == self.running[part.id] and one.to_id == target.id
        ]
        assert not way.abnormal_condition_only
        for name in way.blocking_timers:
            assert self.timers.get((part.id, name), now) <= now
        for name in way.start_timers:
            duration = next(one.duration for one in part.timers if one.id == name)
            self.timers[part.id, name] = now + duration
        if way.transition_duration is not None:
            self.changing[part.id] = now + way.transition_duration
        self.running[part.id] = target.id


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.integers(0, 1), min_size=1, max_size=2).flatmap(
        lambda numbers: st.tuples(*(actuators(f"a{index}") for index in range(len(numbers))))
    ),
    steps=st.lists(
        st.tuples(
            st.integers(1, 600),
            st.none() | st.integers(0, 100),
            _WATTS,
            st.sampled_from(["follow", "follow", "follow", "refuse", "reject", "report"]),
        ),
        min_size=3,
        max_size=12,
    ),
)
def test_a14_a15_a16_no_instruction_breaks_a_rule(
    parts: tuple[frbc.ActuatorDescription, ...],
    steps: list[tuple[int, int | None, float, str]],
) -> None:
    description = storage_description(*parts, levels=(0, 100))
    control, device, now, new_id = FillRateControl(), Device(description), NOON, ids()
    control.receive(description, now)
    control.receive(storage_status(50.0), now)
    for part in parts:
        control.receive(actuator_status(part.id, device.running[part.id]), now)
    for seconds, level, watts, reaction in steps:
        now += seconds * SECOND
        if level is not None:
            control.receive(storage_status(float(level)), now)
        present = control.fill_level(now)
        assert present is not None
        assert 0 <= present <= 100
        wanted = Plan(
            schedules={
                part.id: schedule(watts, start=now, resolution=30 * MINUTE) for part in parts
            }
        )
        for instruction in control.instructions(now, wanted, new_id):
            control.sent(instruction, now)
            if reaction == "refuse":
                control.refused(instruction.id, now, temporary=True)
            elif reaction == "reject":
                control.receive(
                    status_update(instruction.id, InstructionStatus.REJECTED, now),
                    now,
                )
            else:
                device.follow(instruction, present, now)
        if reaction == "report":
            for part in parts:
                control.receive(actuator_status(part.id, device.running[part.id]), now)


@given(level=st.integers(0, 100), watts=_WATTS, minutes=st.integers(1, 60))
def test_no_plan_drives_the_level_out_of_the_storage(
    level: int, watts: float, minutes: int
) -> None:
    both = mode("run", element((0, 100), (-0.05, 0.05), (-5000, 5000)))
    control = FillRateControl()
    control.receive(storage_description(actuator("a", [both]), levels=(0, 100)), NOON)
    control.receive(storage_status(float(level)), NOON)
    wanted = Plan(schedules={"a": schedule(watts, resolution=timedelta(minutes=minutes))})
    (instruction,) = control.instructions(NOON, wanted, ids())
    rate = -0.05 + instruction.operation_mode_factor * 0.1

    assert -1e-6 <= level + rate * minutes * 60 <= 100 + 1e-6
    # And no farther from the plan than that needs.
    assert abs(rate) <= abs(watts / 5000 * 0.05) + 1e-9
