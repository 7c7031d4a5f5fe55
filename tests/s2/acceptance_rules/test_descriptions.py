"""Rules A7 to A12: what descriptions name, from when they hold, and what their revocation ends."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.events import InstructionRevoked
from custom_components.flexmeasures.s2.messages import frbc, pebc, ppbc
from custom_components.flexmeasures.s2.messages.session import InstructionStatus, RevokeObject
from custom_components.flexmeasures.s2.wire import JsonObject, MessageError

from ..devices import NOW, SECOND, active, described, instruction
from ..samples import (
    IDLE,
    LATER,
    actuator,
    actuator_status,
    container,
    element,
    fill_rate_description,
    fill_rate_mode,
    message,
    number_range,
    operation_mode_description,
    power_constraints,
    power_profile,
    power_range,
    profile_status,
    revoke,
    status_update,
    storage_status,
    timer_status,
    transition,
)


@pytest.mark.parametrize(
    "wrong",
    [
        actuator_status(actuator="unknown"),
        actuator_status("unknown"),
        timer_status("unknown"),
        timer_status(actuator="unknown"),
        status_update("unknown"),
        revoke("FRBC.SystemDescription", "unknown"),
    ],
    ids=str,
)
def test_a7_unknown_names_are_refused(wrong: JsonObject) -> None:
    device = described()

    assert device.says(wrong) == "INVALID_CONTENT"
    assert not device.events


def test_a7_unknown_names_are_refused_in_every_control_type() -> None:
    heater = active("OPERATION_MODE_BASED_CONTROL")
    heater.says(operation_mode_description())
    status: JsonObject = {"active_operation_mode_id": "on", "operation_mode_factor": 1}
    assert heater.says(message("OMBC.Status", **status)) == "OK"
    assert (
        heater.says(message("OMBC.Status", **status | {"active_operation_mode_id": "no"}))
        == "INVALID_CONTENT"
    )
    timer: JsonObject = {"timer_id": "minimum-off", "finished_at": LATER}
    assert heater.says(message("OMBC.TimerStatus", **timer)) == "OK"
    assert (
        heater.says(message("OMBC.TimerStatus", **timer | {"timer_id": "no"})) == "INVALID_CONTENT"
    )

    washer = active("POWER_PROFILE_BASED_CONTROL")
    washer.says(power_profile())
    assert washer.says(profile_status()) == "OK"
    assert washer.says(profile_status("unknown")) == "INVALID_CONTENT"
    assert washer.says(profile_status(container="unknown")) == "INVALID_CONTENT"
    assert washer.says(profile_status(profile="unknown")) == "INVALID_CONTENT"


def test_a7_a_status_before_its_description_waits_for_it() -> None:
    device = active()

    assert device.says(storage_status(30), storage_status(35)) == "OK"
    assert not device.events
    assert device.says(actuator_status("charge"), actuator_status(actuator="unknown")) == "OK"

    device.says(fill_rate_description())

    # The newest of each kind, after the description; what names unknown things was about something else.
    assert [type(event) for event in device.events] == [
        frbc.SystemDescription,
        frbc.StorageStatus,
        frbc.ActuatorStatus,
    ]
    assert isinstance(device.events[1], frbc.StorageStatus)
    assert device.events[1].present_fill_level == 35


def test_a7_a_status_after_the_revocation_waits_for_the_next_description() -> None:
    device = active()
    description = fill_rate_description()
    device.says(description, revoke("FRBC.SystemDescription", description["message_id"]))

    assert device.says(storage_status(20)) == "OK"
    assert not device.events
    device.says(fill_rate_description())
    assert [type(event) for event in device.events] == [frbc.SystemDescription, frbc.StorageStatus]


@pytest.mark.parametrize(
    "wrong",
    [
        fill_rate_description(actuator(), actuator()),
        fill_rate_description(actuator(operation_modes=[IDLE, IDLE], transitions=[])),
        fill_rate_description(actuator(timers=[{"id": "rest", "duration": 1}] * 2)),
        fill_rate_description(actuator(transitions=[transition("same", "idle", "charge")] * 2)),
    ],
    ids=["actuator", "mode", "timer", "transition"],
)
def test_a8_a_name_that_is_there_twice_is_refused(wrong: JsonObject) -> None:
    assert active().says(wrong) == "INVALID_CONTENT"


@pytest.mark.parametrize(
    "wrong",
    [
        power_profile("eco", *[container("hot")] * 2),
        power_profile("eco", container("hot", "hot")),
    ],
    ids=["container", "sequence"],
)
def test_a8_a_name_that_is_twice_in_a_profile_is_refused(wrong: JsonObject) -> None:
    assert active("POWER_PROFILE_BASED_CONTROL").says(wrong) == "INVALID_CONTENT"


@pytest.mark.parametrize(
    "wrong",
    [
        transition("up", "idle", "unknown"),
        transition("up", "unknown", "idle"),
        transition("up", "idle", "charge", start_timers=["unknown"]),
        transition("up", "idle", "charge", blocking_timers=["unknown"]),
    ],
    ids=["to", "from", "start timer", "blocking timer"],
)
def test_a9_a_transition_that_names_something_unknown_is_refused(wrong: JsonObject) -> None:
    assert active().says(fill_rate_description(actuator(transitions=[wrong]))) == "INVALID_CONTENT"


def test_a10_names_that_are_no_uuid_come_back_unchanged() -> None:
    device = described()

    device.says({**storage_status(), "message_id": "status:1_A-b"})
    assert device.heard[0]["subject_message_id"] == "status:1_A-b"

    (sent,) = device.takes(device.session.send_instruction(instruction(), NOW))
    assert (sent["actuator_id"], sent["operation_mode"]) == ("inverter", "charge")
    assert sent["id"] == sent["message_id"] == "instruction-1"


def test_a11_a_later_description_waits_for_its_time_beside_the_one_in_force() -> None:
    device = described()
    charging = fill_rate_mode("slow", element(0, 100, number_range(0, 1), power_range(0, 100)))
    later = actuator(operation_modes=[charging], transitions=[], timers=[])

    assert device.says(fill_rate_description(later, valid_from=LATER)) == "OK"

    slow = instruction("early", mode="slow")
    with pytest.raises(MessageError, match="operation mode is unknown"):
        device.session.send_instruction(slow, NOW)
    assert device.takes(device.session.send_instruction(instruction(), NOW))
    # Statuses may name either; instructions what holds when they are executed.
    assert device.says(actuator_status("slow")) == "OK"
    noon = NOW + timedelta(hours=5)
    assert device.takes(device.session.send_instruction(instruction("slow", mode="slow"), noon))
    with pytest.raises(MessageError, match="operation mode is unknown"):
        device.session.send_instruction(instruction("old"), noon)


def test_a11_an_instruction_for_later_may_use_what_is_announced() -> None:
    device = described()
    only_idle = actuator(operation_modes=[IDLE], transitions=[], timers=[])
    device.says(fill_rate_description(only_idle, valid_from=LATER))
    noon = NOW + timedelta(hours=5)

    with pytest.raises(MessageError, match="operation mode is unknown"):
        device.session.send_instruction(instruction(at=noon), NOW)
    assert device.takes(device.session.send_instruction(instruction(mode="idle", at=noon), NOW))


def test_a11_of_two_descriptions_for_the_same_moment_the_newer_message_counts() -> None:
    device = described()

    device.says(fill_rate_description(actuator(operation_modes=[IDLE], transitions=[])))

    with pytest.raises(MessageError, match="operation mode is unknown"):
        device.session.send_instruction(instruction(mode="charge"), NOW)
    assert device.says(actuator_status("charge")) == "INVALID_CONTENT"


def test_a12_constraints_that_are_sent_again_are_revoked_at_once() -> None:
    device = active("POWER_ENVELOPE_BASED_CONTROL")
    device.says(power_constraints(), power_constraints())

    assert device.says(revoke("PEBC.PowerConstraints", "constraints")) == "OK"
    assert device.says(revoke("PEBC.PowerConstraints", "constraints")) == "INVALID_CONTENT"


def test_a12_revoking_a_description_revokes_the_instructions_that_are_still_to_come() -> None:
    device = active()
    description = fill_rate_description()
    device.says(description)
    device.session.send_instruction(instruction("now"), NOW)
    device.session.send_instruction(instruction("in-an-hour", at=NOW + timedelta(hours=1)), NOW)

    assert device.says(revoke("FRBC.SystemDescription", description["message_id"])) == "OK"

    assert device.kinds == ["ReceptionStatus", "RevokeObject"]
    assert device.heard[1]["object_type"] == "FRBC.Instruction"
    assert device.heard[1]["object_id"] == "in-an-hour"
    revoked, lost = device.events
    assert isinstance(revoked, RevokeObject)
    assert revoked.object_id == description["message_id"]
    assert isinstance(lost, InstructionRevoked)
    assert lost.instruction.id == "in-an-hour"
    assert device.session.instructions.status("in-an-hour") is InstructionStatus.REVOKED


@pytest.mark.parametrize("name", ["id", "message_id"])
def test_a12_an_object_is_revoked_by_its_own_name_or_by_that_of_its_message(name: str) -> None:
    device = active("POWER_ENVELOPE_BASED_CONTROL")
    constraints, others = power_constraints(), power_constraints("others")
    device.says(constraints, others)
    for number, constraints_id in enumerate(("constraints", "others")):
        envelope = pebc.Instruction(
            id=f"envelope-{number}",
            execution_time=NOW + SECOND,
            power_constraints_id=constraints_id,
            power_envelopes=(),
        )
        device.session.instructions.add(envelope)

    assert device.says(revoke("PEBC.PowerConstraints", constraints[name])) == "OK"

    assert [heard.get("object_id") for heard in device.heard[1:]] == ["envelope-0"]
    assert device.says(revoke("PEBC.PowerConstraints", constraints[name])) == "INVALID_CONTENT"


def test_a12_revoking_a_profile_revokes_what_was_scheduled_of_it() -> None:
    device = active("POWER_PROFILE_BASED_CONTROL")
    device.says(power_profile("eco"), power_profile("quick"))
    for profile in ("eco", "quick"):
        later = ppbc.ScheduleInstruction(
            id=f"start-{profile}",
            execution_time=NOW + SECOND,
            power_profile_id=profile,
            sequence_container_id="wash",
            power_sequence_id="warm",
        )
        device.takes(device.session.send_instruction(later, NOW))

    assert device.says(revoke("PPBC.PowerProfileDefinition", "quick")) == "OK"

    assert [heard.get("object_id") for heard in device.heard[1:]] == ["start-quick"]
    assert device.says(profile_status(profile="eco")) == "OK"
    assert device.says(profile_status(profile="quick")) == "INVALID_CONTENT"
