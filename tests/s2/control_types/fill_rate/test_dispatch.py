"""From a schedule to instructions for devices that store."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.control_types import FillRateControl, Plan
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.session import InstructionStatus

from ..samples import (
    MINUTE,
    NOON,
    QUARTER,
    SECOND,
    actuator,
    actuator_status,
    all_transitions,
    battery,
    element,
    ids,
    mode,
    plan,
    schedule,
    status_update,
    storage_description,
    storage_status,
    timer,
    transition,
)
from .control import choice, control_of, send
from .messages import timer_status


@pytest.mark.parametrize(
    ("power", "mode_id", "factor"),
    [
        (0, "idle", 0),
        (1250, "idle", 0),
        (1251, "charge", 0),
        (3750, "charge", 0.5),
        (6000, "charge", 1),
        (-3000, "discharge", 0.8),
        (-5000, "discharge", 0),
    ],
)
def test_the_mode_and_factor_with_the_nearest_power_are_chosen(
    power: float, mode_id: str, factor: float
) -> None:
    assert choice(control_of(battery()), power) == (mode_id, factor)


def test_an_instruction_says_all_that_the_device_has_to_know() -> None:
    (instruction,) = control_of(battery()).instructions(NOON + SECOND, plan(3750), ids())

    assert instruction == frbc.Instruction(
        id="i1",
        execution_time=NOON + SECOND,
        abnormal_condition=False,
        actuator_id="battery",
        operation_mode_id="charge",
        operation_mode_factor=0.5,
    )


def test_the_same_question_gets_the_same_answer() -> None:
    control = control_of(battery())

    assert control.instructions(NOON, plan(3750), ids()) == control.instructions(
        NOON, plan(3750), ids()
    )


def test_a_power_set_by_a_person_goes_before_the_schedule() -> None:
    wanted = Plan(schedules={"battery": schedule(3750)}, overrides={"battery": -3000})
    (instruction,) = control_of(battery()).instructions(NOON, wanted, ids())

    assert (instruction.operation_mode_id, instruction.operation_mode_factor) == ("discharge", 0.8)


@pytest.mark.parametrize("missing", ["description", "level", "status", "plan", "step"])
def test_a_device_of_which_too_little_is_known_is_left_alone(missing: str) -> None:
    control = FillRateControl()
    if missing != "description":
        control.receive(battery(), NOON)
    if missing != "level":
        control.receive(storage_status(0.5), NOON)
    if missing != "status":
        control.receive(actuator_status("battery", "idle"), NOON)
    wanted = {"plan": Plan(), "step": plan(None)}.get(missing, plan(3750))

    assert control.instructions(NOON, wanted, ids()) == ()


def test_what_arrives_before_the_description_counts_when_it_comes() -> None:
    control = FillRateControl()
    control.receive(storage_status(0.5), NOON)
    control.receive(actuator_status("battery", "idle"), NOON)
    control.receive(battery(), NOON)

    assert choice(control, 3750) == ("charge", 0.5)


def test_a_mode_that_takes_two_transitions_is_approached_by_the_first() -> None:
    ways = [
        transition("idle", "charge", duration=30 * SECOND),
        transition("charge", "discharge"),
        transition("discharge", "idle"),
    ]
    control = control_of(battery(ways))
    (first,) = control.instructions(NOON, plan(-5000), ids())
    control.sent(first, NOON)

    # On the way it charges with the least power.
    assert (first.operation_mode_id, first.operation_mode_factor) == ("charge", 0)
    assert control.instructions(NOON + 29 * SECOND, plan(-5000), ids()) == ()
    assert control.next_decision(NOON, plan(-5000)) == NOON + 30 * SECOND
    assert choice(control, -5000, 30 * SECOND) == ("discharge", 0)


def test_of_two_ways_the_quicker_one_is_taken() -> None:
    modes = [
        mode(name, element((0, 1), (0, 0), (watts, watts)))
        for name, watts in (("idle", 0), ("warm", 100), ("hot", 200), ("full", 5000))
    ]
    ways = [
        transition("idle", "warm", duration=MINUTE),
        transition("idle", "hot", duration=SECOND),
        transition("warm", "full"),
        transition("hot", "full"),
    ]
    control = control_of(storage_description(actuator("battery", modes, ways)))

    assert choice(control, 5000) == ("hot", 0)


def test_of_equal_powers_the_cheaper_transition_wins() -> None:
    modes = [
        mode("idle", element((0, 1), (0, 0), (0, 0))),
        mode("dear", element((0, 1), (0, 0), (1000, 1000))),
        mode("cheap", element((0, 1), (0, 0), (1000, 1000))),
    ]
    ways = [transition("idle", "dear", costs=0.2), transition("idle", "cheap", costs=0.1)]
    control = control_of(storage_description(actuator("battery", modes, ways)))

    assert choice(control, 1000) == ("cheap", 0)


def test_small_changes_are_not_worth_an_instruction_and_larger_ones_are() -> None:
    control = control_of(battery())
    send(control, 3750)

    # 1 % of the range from -5000 to 5000 W.
    assert choice(control, 3849, MINUTE) is None
    assert choice(control, 3850, MINUTE) == ("charge", 0.54)


def test_an_instruction_is_repeated_after_a_quarter_hour() -> None:
    control = control_of(battery())
    send(control, 3750)
    wanted = plan(3750, 3750)

    assert control.instructions(NOON + QUARTER - SECOND, wanted, ids()) == ()
    (again,) = control.instructions(NOON + QUARTER, wanted, ids())
    assert again.operation_mode_factor == 0.5


def test_a_refused_mode_is_avoided_for_a_minute() -> None:
    control = control_of(battery())
    send(control, 5000)
    control.receive(status_update("i1", InstructionStatus.REJECTED), NOON + SECOND)

    # It is idle as before, and the next best is to stay so.
    assert choice(control, 5000, 2 * SECOND) == ("idle", 0)
    assert choice(control, 5000, 61 * SECOND) == ("charge", 1)


def test_after_a_temporary_error_it_is_tried_again_once_after_five_seconds() -> None:
    control = control_of(battery())
    for attempt, (error, wait) in enumerate([(0, 5), (5, 60)]):
        (instruction,) = control.instructions(
            NOON + error * SECOND, plan(5000), ids(f"attempt{attempt}-")
        )
        assert instruction.operation_mode_id == "charge"
        control.sent(instruction, NOON + error * SECOND)
        control.refused(instruction.id, NOON + error * SECOND, temporary=True)
        assert choice(control, 5000, (error + wait - 1) * SECOND) == ("idle", 0)

    assert choice(control, 5000, 65 * SECOND) == ("charge", 1)


def test_a_factor_that_was_refused_leaves_the_device_as_it_is() -> None:
    control = control_of(battery(), running="charge")
    send(control, 5000)
    control.refused("i1", NOON, temporary=False)

    assert choice(control, 5000, SECOND) is None
    assert choice(control, 0, SECOND) == ("idle", 0)


def test_the_answer_to_a_foreign_instruction_changes_nothing() -> None:
    control = control_of(battery())
    send(control, 5000)
    control.refused("unknown", NOON, temporary=False)
    control.receive(status_update("unknown", InstructionStatus.ABORTED), NOON)

    assert control.power("battery", NOON) == 5000


def test_the_ways_of_modes_stay_bounded() -> None:
    names = [f"m{index}" for index in range(20)]
    modes = [mode(name, element((0, 1), (0, 0), (0, 0))) for name in names]
    timers = [timer(f"t{index}", MINUTE) for index in range(300)]
    control = control_of(
        storage_description(actuator("battery", modes, all_transitions(*names), timers)),
        running="m0",
    )
    for index in range(300):
        at = NOON + index * SECOND
        control.receive(timer_status(at + timedelta(days=1), f"t{index}"), at)
        (instruction,) = control.instructions(at, plan(0.0), ids())
        assert instruction.operation_mode_id == "m0"
