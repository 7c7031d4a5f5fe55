"""Rules A11 to A16 for devices that store."""

from custom_components.flexmeasures.s2.control_types import FillRateOptions, Plan
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.session import InstructionStatus, RevokableObject

from ..samples import (
    MINUTE,
    NOON,
    QUARTER,
    SECOND,
    actuator,
    battery,
    battery_modes,
    element,
    ids,
    mode,
    plan,
    revoke,
    status_update,
    storage_description,
    timer,
    transition,
)
from .control import RESTING, choice, control_of, send
from .messages import timer_status


def test_a11_a_future_description_waits_for_its_time() -> None:
    control = control_of(battery())
    later = storage_description(
        actuator("battery", [mode("idle", element((0, 1), (0, 0), (100, 100)))]),
        valid_from=NOON + QUARTER,
        message_id="later",
    )
    control.receive(later, NOON)

    assert choice(control, 3750) == ("charge", 0.5)
    assert control.next_decision(NOON, plan(3750, 3750)) == NOON + QUARTER
    assert choice(control, 3750, QUARTER - SECOND) == ("charge", 0.5)
    (instruction,) = control.instructions(NOON + QUARTER, plan(3750, 3750), ids())
    assert instruction.operation_mode_id == "idle"


def test_a12_a_revoked_description_takes_its_instructions_with_it() -> None:
    control = control_of(battery())
    send(control, 3750)

    revoked = control.receive(
        revoke(RevokableObject.FRBC_SYSTEM_DESCRIPTION, "description"), NOON + SECOND
    )

    assert revoked == ("i1",)
    assert control.instructions(NOON + MINUTE, plan(-3000), ids()) == ()


def test_a12_what_the_device_has_finished_is_not_revoked() -> None:
    control = control_of(battery())
    send(control, 3750)
    control.receive(status_update("i1", InstructionStatus.SUCCEEDED), NOON + SECOND)

    assert control.deactivate() == ()


def test_a12_the_revocation_of_a_queued_description_changes_nothing_now() -> None:
    control = control_of(battery())
    control.receive(
        storage_description(
            actuator("battery", battery_modes()), valid_from=NOON + QUARTER, message_id="later"
        ),
        NOON,
    )
    control.receive(revoke(RevokableObject.FRBC_SYSTEM_DESCRIPTION, "later"), NOON)

    assert choice(control, 3750) == ("charge", 0.5)
    assert control.next_decision(NOON, Plan()) is None


def test_a13_nothing_is_said_after_the_control_type_ended() -> None:
    control = control_of(battery())
    send(control, 3750)

    assert control.deactivate() == ("i1",)
    assert control.deactivate() == ()


def test_a14_a_mode_without_a_transition_is_not_asked_for() -> None:
    ways = [transition("idle", "charge"), transition("charge", "idle")]

    assert choice(control_of(battery(ways)), -5000) == ("idle", 0)


def test_a14_a_running_timer_blocks_until_it_ends() -> None:
    control = control_of(RESTING)
    send(control, 5000)

    assert control.next_decision(NOON, Plan()) == NOON + 10 * MINUTE
    # It stays where it is, as near to 0 W as it can.
    assert choice(control, 0, 10 * MINUTE - SECOND) == ("charge", 0)
    assert choice(control, 0, 10 * MINUTE) == ("idle", 0)


def test_a14_what_the_device_says_of_a_timer_counts_more() -> None:
    control = control_of(RESTING)
    send(control, 5000)
    control.receive(timer_status(NOON + MINUTE), NOON + SECOND)

    assert choice(control, 0, MINUTE) == ("idle", 0)


def test_a14_a_change_that_the_device_made_itself_starts_its_timers_too() -> None:
    control = control_of(RESTING)
    control.receive(
        frbc.ActuatorStatus(
            message_id="s",
            actuator_id="battery",
            active_operation_mode_id="charge",
            operation_mode_factor=1,
            previous_operation_mode_id="idle",
            transition_timestamp=NOON + MINUTE,
        ),
        NOON + 2 * MINUTE,
    )

    assert choice(control, 0, 11 * MINUTE - SECOND) == ("charge", 0)
    assert choice(control, 0, 11 * MINUTE) == ("idle", 0)


def test_a14_a_transition_that_was_refused_has_started_no_timer() -> None:
    ways = [transition("idle", "charge", starts=["rest"], blocked_by=["rest"])]
    control = control_of(battery(ways, [timer("rest", 10 * MINUTE)]))
    send(control, 5000)
    control.refused("i1", NOON, temporary=True)

    assert choice(control, 5000, 5 * SECOND) == ("charge", 1)


def test_a14_what_the_device_says_of_a_timer_outlasts_a_refusal() -> None:
    ways = [transition("idle", "charge", starts=["rest"], blocked_by=["rest"])]
    control = control_of(battery(ways, [timer("rest", 10 * MINUTE)]))
    control.receive(timer_status(NOON), NOON)
    send(control, 5000)
    control.receive(timer_status(NOON + 20 * MINUTE), NOON)
    control.refused("i1", NOON, temporary=True)

    (instruction,) = control.instructions(NOON + 19 * MINUTE, plan(5000, 5000), ids())
    assert instruction.operation_mode_id == "idle"


def test_a15_only_modes_that_have_an_element_at_the_fill_level_are_chosen() -> None:
    modes = [
        mode("idle", element((0, 1), (0, 0), (0, 0))),
        mode("fast", element((0, 0.5), (1e-6, 1e-6), (5000, 5000))),
        mode("slow", element((0.5, 1), (1e-7, 1e-7), (500, 500))),
    ]
    description = storage_description(actuator("battery", modes))

    assert choice(control_of(description, level=0.4), 5000) == ("fast", 0)
    assert choice(control_of(description, level=0.6), 5000) == ("slow", 0)


def test_a15_at_a_border_the_element_counts_towards_which_the_level_moves() -> None:
    both_ways = mode(
        "run",
        element((0, 0.5), (-1e-6, 1e-6), (-1000, 1000)),
        element((0.5, 1), (-2e-6, 2e-6), (-2000, 2000)),
    )
    control = control_of(storage_description(actuator("battery", [both_ways])), running="run")

    assert choice(control, 1000) == ("run", 0.75)  # -2000 + 0.75 * 4000
    assert choice(control, -1000) == ("run", 0)  # -1000 + 0 * 2000


def test_a16_what_is_for_abnormal_conditions_needs_permission() -> None:
    modes = (
        *battery_modes()[:2],
        mode("emergency", element((0, 1), (-1e-6, -1e-6), (-9000, -9000)), abnormal=True),
    )
    description = storage_description(actuator("battery", modes))
    permitted = FillRateOptions(abnormal_conditions=True)

    assert choice(control_of(description), -9000) == ("idle", 0)
    (instruction,) = control_of(description, options=permitted).instructions(
        NOON, plan(-9000), ids()
    )
    assert (instruction.operation_mode_id, instruction.abnormal_condition) == ("emergency", True)


def test_a16_so_do_transitions_for_abnormal_conditions() -> None:
    ways = [transition("idle", "charge", abnormal=True)]
    permitted = FillRateOptions(abnormal_conditions=True)

    assert choice(control_of(battery(ways)), 5000) == ("idle", 0)
    (instruction,) = control_of(battery(ways), options=permitted).instructions(
        NOON, plan(5000), ids()
    )
    assert (instruction.operation_mode_id, instruction.abnormal_condition) == ("charge", True)
