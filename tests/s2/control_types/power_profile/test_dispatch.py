"""What a device with programmes is told, and what it is not."""

from custom_components.flexmeasures.s2.control_types import Plan, PowerProfileControl
from custom_components.flexmeasures.s2.messages import ppbc
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    RevokableObject,
)

from ..samples import HOUR, MINUTE, NOON, SECOND, ids, revoke, status_update
from .programmes import RINSE, STATUS, WASH, dishwasher, programme, send, sequence, status, told


def test_a12_a_revoked_programme_takes_its_instructions_with_it() -> None:
    control = dishwasher()
    send(control)

    assert control.receive(revoke(RevokableObject.PPBC_POWER_PROFILE_DEFINITION, "x"), NOON) == ()
    revoked = control.receive(
        revoke(RevokableObject.PPBC_POWER_PROFILE_DEFINITION, "programme"), NOON
    )
    assert revoked == ("i1", "i2")
    assert told(control) == []


def test_a13_what_has_begun_is_not_revoked() -> None:
    control = dishwasher()
    send(control)
    control.receive(status("c1", STATUS.EXECUTING, "wash", 0 * MINUTE), NOON + 3 * HOUR)

    assert control.deactivate() == ("i2",)


def test_a16_sequences_for_abnormal_conditions_need_permission() -> None:
    definition = programme((sequence("fast", (5, 100), abnormal=True), WASH))
    control = PowerProfileControl()
    control.receive(definition, NOON)
    permitted = PowerProfileControl(abnormal_conditions=True)
    permitted.receive(definition, NOON)

    assert told(control) == [("c1", "wash", NOON)]
    (instruction,) = permitted.instructions(NOON, Plan(), ids())
    assert (instruction.power_sequence_id, instruction.abnormal_condition) == ("fast", True)


def test_what_has_begun_stays_and_the_rest_follows_it() -> None:
    control = dishwasher((1, 0.1), (5, 0.3))
    send(control)
    # It began a minute late, and is on for 2 of 30 minutes.
    at = NOON + 3 * MINUTE
    control.receive(status("c1", STATUS.EXECUTING, "wash", 2 * MINUTE), at)

    assert told(control, at) == [("c2", "rinse", NOON + 31 * MINUTE)]
    control.receive(status("c1", STATUS.FINISHED, "wash"), NOON + 32 * MINUTE)
    assert told(control, NOON + 32 * MINUTE) == [("c2", "rinse", NOON + 32 * MINUTE)]
    control.receive(status("c2", STATUS.FINISHED, "rinse"), NOON + 50 * MINUTE)
    assert told(control, NOON + 50 * MINUTE) == []
    assert control.placements() == ()


def test_a_status_of_a_programme_that_is_unknown_changes_nothing() -> None:
    control = PowerProfileControl()
    control.receive(status("c1", STATUS.EXECUTING, "wash"), NOON)

    assert control.placements() == ()


def test_a_refused_instruction_is_repeated_after_a_minute() -> None:
    control = dishwasher()
    send(control)
    control.receive(
        status_update("i1", InstructionStatus.REJECTED),
        NOON,
    )

    assert told(control, NOON + 59 * SECOND) == []
    assert control.next_decision(NOON, Plan()) == NOON + MINUTE
    assert told(control, NOON + MINUTE) == [("c1", "wash", NOON + 3 * HOUR)]
    assert control.next_decision(NOON + MINUTE, Plan()) is None


def test_a_person_can_start_it_now() -> None:
    control = dishwasher()
    send(control)
    now = Plan(overrides={"": 1.0})

    assert told(control, NOON, now) == [
        ("c1", "wash", NOON),
        ("c2", "rinse", NOON + 30 * MINUTE),
    ]
    send(control, NOON, now)
    assert told(control, NOON + MINUTE, now) == []
    control.receive(status("c1", STATUS.FINISHED), NOON + 30 * MINUTE)
    control.receive(status("c2", STATUS.FINISHED), NOON + 30 * MINUTE)
    assert told(control, NOON + 30 * MINUTE, now) == []


def test_a_pause_takes_back_what_has_not_begun() -> None:
    control = dishwasher()
    send(control)
    paused = Plan(overrides={"": 0.0})
    assert control.held_back(Plan()) == ()
    assert control.held_back(Plan(overrides={"": 2000.0})) == ()

    assert control.held_back(paused) == ("i1", "i2")
    assert told(control, plan=paused) == []
    assert control.held_back(paused) == ()
    # Afterwards it is told again.
    assert [sequence for _, sequence, _ in told(control)] == ["wash", "rinse"]


def test_a_pause_leaves_what_has_begun_to_the_device() -> None:
    control = dishwasher()
    send(control)
    control.receive(status("c1", STATUS.EXECUTING, "wash", 0 * MINUTE), NOON + 3 * HOUR)

    assert control.held_back(Plan(overrides={"": 0.0})) == ("i2",)


def test_a18_only_what_can_be_interrupted_is_interrupted_and_goes_on_afterwards() -> None:
    control = PowerProfileControl()
    control.receive(programme((sequence("long", (60, 1000), interruptible=True),), (RINSE,)), NOON)
    send(control)
    pause = Plan(overrides={"": 0.0})
    assert told(control, NOON, pause) == []

    control.receive(status("c1", STATUS.EXECUTING, "long", 0 * MINUTE), NOON)
    (interruption,) = control.instructions(NOON + MINUTE, pause, ids())
    assert isinstance(interruption, ppbc.StartInterruptionInstruction)
    assert interruption.power_sequence_id == "long"
    control.sent(interruption, NOON + MINUTE)
    assert told(control, NOON + 2 * MINUTE, pause) == []

    control.receive(status("c1", STATUS.INTERRUPTED, "long", 1 * MINUTE), NOON + 2 * MINUTE)
    (going_on, *_) = control.instructions(NOON + 3 * MINUTE, Plan(), ids())
    assert isinstance(going_on, ppbc.EndInterruptionInstruction)
    control.sent(going_on, NOON + 3 * MINUTE)
    assert not any(
        isinstance(part, ppbc.EndInterruptionInstruction)
        for part in control.instructions(NOON + 4 * MINUTE, Plan(), ids())
    )


def test_a18_what_cannot_be_interrupted_runs_on() -> None:
    control = dishwasher()
    control.receive(status("c1", STATUS.EXECUTING, "wash", 0 * MINUTE), NOON)

    assert told(control, NOON, Plan(overrides={"": 0.0})) == []
