"""What an energy manager has to do, rule by rule; the rest of the rules is about control types and sockets."""

from datetime import timedelta
import json
from typing import Any

import pytest

from custom_components.flexmeasures.s2.codec import MAXIMUM_LENGTH, load
from custom_components.flexmeasures.s2.events import (
    Closed,
    CloseReason,
    ControlTypeDeactivated,
    InstructionRevoked,
)
from custom_components.flexmeasures.s2.messages import frbc, pebc, ppbc
from custom_components.flexmeasures.s2.messages.components import CommodityQuantity, ControlType
from custom_components.flexmeasures.s2.messages.session import (
    NIL_IDENTIFIER,
    InstructionStatus,
    RevokeObject,
)
from custom_components.flexmeasures.s2.options import SessionOptions, SessionState
from custom_components.flexmeasures.s2.session import Session
from custom_components.flexmeasures.s2.sessions import Sessions
from custom_components.flexmeasures.s2.wire import JsonObject, MessageError

from .devices import NOW, SECOND, Device, active, described, identified, instruction
from .samples import (
    IDLE,
    LATER,
    actuator,
    actuator_status,
    answer,
    container,
    details,
    element,
    fill_rate_description,
    fill_rate_mode,
    handshake,
    leakage,
    message,
    number_range,
    operation_mode_description,
    power_constraints,
    power_measurement,
    power_profile,
    power_range,
    profile_status,
    revoke,
    status_update,
    storage_status,
    timer_status,
    transition,
)


def test_a1_every_message_gets_exactly_one_answer_and_an_answer_gets_none() -> None:
    device = described()

    device.says(storage_status())
    assert device.kinds == ["ReceptionStatus"]

    assert device.says(answer("message-1")) == ""
    assert device.says('{"message_type": "ReceptionStatus"}') == ""
    assert device.heard == []


def test_a1_the_answer_comes_before_everything_else_that_is_said() -> None:
    device = Device()

    device.says(handshake())

    assert device.kinds == ["ReceptionStatus", "Handshake", "HandshakeResponse"]


@pytest.mark.parametrize(
    "garbage",
    ["", "{", "[]", "1", "null", '"x"', "{}", "[" * 300_000, b"\xff\xfe\x00", '{"message_id": 5}'],
)
def test_a2_garbage_is_answered_with_the_nil_identifier_and_the_connection_stays(
    garbage: str | bytes,
) -> None:
    device = described()

    assert device.says(garbage) == "INVALID_DATA"
    assert device.heard[0]["subject_message_id"] == NIL_IDENTIFIER
    assert device.says(storage_status()) == "OK"


@pytest.mark.parametrize(
    "wrong",
    [
        message("FRBC.Weather"),
        {**storage_status(), "comment": "x"},
        {"message_type": "FRBC.StorageStatus", "message_id": "status-1"},
        {**storage_status(), "message_type": 5},
    ],
    ids=["unknown type", "extra field", "missing field", "type is no text"],
)
def test_a3_what_is_not_built_like_the_standard_is_an_invalid_message(wrong: JsonObject) -> None:
    device = described()

    assert device.says(wrong) == "INVALID_MESSAGE"
    assert device.heard[0]["subject_message_id"] == wrong["message_id"]
    assert not device.events


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (storage_status(float("nan")), "INVALID_CONTENT"),
        (storage_status(float("inf")), "INVALID_CONTENT"),
        (storage_status(float("-inf")), "INVALID_CONTENT"),
        (storage_status(1e16), "INVALID_CONTENT"),
        (storage_status("5"), "INVALID_MESSAGE"),
        (storage_status(True), "INVALID_MESSAGE"),
        (actuator_status(factor=1.01), "INVALID_CONTENT"),
        (actuator_status(factor=-0.01), "INVALID_CONTENT"),
        (
            fill_rate_description(actuator(timers=[{"id": "rest", "duration": -1}])),
            "INVALID_MESSAGE",
        ),
        (
            fill_rate_description(actuator(timers=[{"id": "rest", "duration": 10**13}])),
            "INVALID_CONTENT",
        ),
    ],
    ids=str,
)
def test_a4_numbers_that_mean_nothing_are_refused(wrong: JsonObject, status: str) -> None:
    device = described()

    assert device.says(wrong) == status
    assert not device.events


def test_a5_messages_of_another_control_type_are_refused_and_change_nothing() -> None:
    device = described()

    assert device.says(operation_mode_description()) == "INVALID_CONTENT"
    assert not device.events
    assert device.session.control_type is ControlType.FILL_RATE_BASED_CONTROL
    assert device.says(storage_status()) == "OK"


def test_a6_messages_before_the_details_are_refused() -> None:
    device = Device()
    device.says(handshake())

    assert device.says(fill_rate_description()) == "INVALID_CONTENT"
    assert device.says(power_measurement(100)) == "INVALID_CONTENT"
    assert device.says(details()) == "OK"


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


def test_a13_nothing_is_told_to_a_device_that_follows_nothing() -> None:
    device = described()
    device.takes(device.session.select_control_type(ControlType.NO_SELECTION, NOW))
    assert device.events == (
        ControlTypeDeactivated(control_type=ControlType.FILL_RATE_BASED_CONTROL),
    )
    with pytest.raises(MessageError, match="no control type is active"):
        device.session.send_instruction(instruction(), NOW)
    device.answers_all()
    assert device.session.state is SessionState.IDENTIFIED

    undescribed = active()
    with pytest.raises(MessageError, match="no description is in force"):
        undescribed.session.send_instruction(instruction(), NOW)

    lost = described()
    lost.session.connection_lost()
    with pytest.raises(MessageError, match="no control type is active"):
        lost.session.send_instruction(instruction(), NOW)


def test_a13_nothing_is_told_about_what_was_revoked() -> None:
    device = active()
    description = fill_rate_description()
    device.says(description, revoke("FRBC.SystemDescription", description["message_id"]))

    with pytest.raises(MessageError, match="no description is in force"):
        device.session.send_instruction(instruction(), NOW)


@pytest.mark.parametrize("factor", [-0.1, 1.1, float("nan")])
def test_a15_a_factor_outside_of_its_range_is_not_sent(factor: float) -> None:
    device = described()

    with pytest.raises(MessageError) as caught:
        device.session.send_instruction(instruction(factor=factor), NOW)

    assert caught.value.path == "operation_mode_factor"
    assert device.session.instructions.get("instruction-1") is None


def test_a16_abnormal_conditions_need_the_users_consent() -> None:
    device = described()
    with pytest.raises(MessageError, match="abnormal conditions are not allowed"):
        device.session.send_instruction(instruction(abnormal=True), NOW)
    with pytest.raises(MessageError, match="reserved for abnormal conditions"):
        device.session.send_instruction(instruction(mode="boost"), NOW)

    allowed = described(SessionOptions(abnormal_conditions=True))
    boost = instruction(mode="boost", abnormal=True)
    (sent,) = allowed.takes(allowed.session.send_instruction(boost, NOW))
    assert sent["abnormal_condition"] is True


def test_a17_an_envelope_whose_limits_are_reversed_is_not_sent() -> None:
    device = active("POWER_ENVELOPE_BASED_CONTROL")
    device.says(power_constraints())
    part = pebc.PowerEnvelopeElement(duration=SECOND, upper_limit=-1, lower_limit=0)

    with pytest.raises(MessageError, match="lower_limit is above upper_limit"):
        device.session.send_instruction(envelope(part), NOW)
    parts = [pebc.PowerEnvelopeElement(duration=SECOND, upper_limit=0, lower_limit=0)] * 289
    with pytest.raises(MessageError):
        device.session.send_instruction(envelope(*parts), NOW)
    assert device.takes(device.session.send_instruction(envelope(*parts[:288]), NOW))


def envelope(
    *parts: pebc.PowerEnvelopeElement, constraints: str = "constraints"
) -> pebc.Instruction:
    """Return an instruction with one envelope."""
    whole = pebc.PowerEnvelope(
        id="envelope",
        commodity_quantity=CommodityQuantity.ELECTRIC_POWER_L1,
        power_envelope_elements=parts,
    )
    return pebc.Instruction(
        id="instruction-1",
        execution_time=NOW,
        power_constraints_id=constraints,
        power_envelopes=(whole,),
    )


def test_a17_an_envelope_for_unknown_constraints_is_not_sent() -> None:
    device = active("POWER_ENVELOPE_BASED_CONTROL")

    with pytest.raises(MessageError, match="power_constraints_id is unknown"):
        device.session.send_instruction(envelope(), NOW)


def test_a18_only_sequences_that_were_described_are_scheduled() -> None:
    device = active("POWER_PROFILE_BASED_CONTROL")
    device.says(power_profile())

    def schedule(profile: str, part: str, sequence: str) -> ppbc.ScheduleInstruction:
        return ppbc.ScheduleInstruction(
            id="instruction-1",
            execution_time=NOW,
            power_profile_id=profile,
            sequence_container_id=part,
            power_sequence_id=sequence,
        )

    for names in (("no", "wash", "warm"), ("eco", "no", "warm"), ("eco", "wash", "no")):
        with pytest.raises(MessageError, match="is unknown"):
            device.session.send_instruction(schedule(*names), NOW)
    (sent,) = device.takes(device.session.send_instruction(schedule("eco", "wash", "warm"), NOW))
    assert sent["message_type"] == "PPBC.ScheduleInstruction"


def test_a19_a_device_that_comes_back_replaces_its_old_session() -> None:
    sessions = Sessions()
    for connection in ("first", "second"):
        sessions.open(connection, "owner", Session(load(), NOW))
        sessions.receive(connection, json.dumps(handshake()), NOW)
    sessions.receive("first", json.dumps(details()), NOW)

    old, new = sessions.receive("second", json.dumps(details()), NOW)

    assert (old.connection, new.connection) == ("first", "second")
    assert json.loads(old.output.texts[0])["request"] == "TERMINATE"
    assert old.output.events == (Closed(reason=CloseReason.REPLACED),)
    assert json.loads(new.output.texts[0])["status"] == "OK"
    assert [name for name, _ in sessions] == ["second"]


def test_a20_all_devices_are_asked_to_come_back_when_we_stop() -> None:
    sessions = Sessions()
    for connection in ("first", "second"):
        sessions.open(connection, "owner", Session(load(), NOW))

    closed = sessions.close_all()

    assert [json.loads(routed.output.texts[0])["request"] for routed in closed] == ["RECONNECT"] * 2
    assert [routed.connection for routed in closed] == ["first", "second"]
    assert len(sessions) == 0


def test_a21_what_a_session_remembers_is_bounded() -> None:
    device = described()
    for number in range(2000):
        device.says(fill_rate_description(), leakage(), answer(f"unknown-{number}"))
        device.session.send_instruction(instruction(f"instruction-{number}"), NOW)

    session = device.session
    assert session.instructions.get("instruction-1499") is None
    assert session.instructions.get("instruction-1500") is not None
    late = device.waits(timedelta(seconds=10))
    assert late == []
    # Of 2000 answers that never came, the newest 256 were still waited for.
    assert len(device.events) == 256


def test_a21_what_is_announced_is_bounded_and_what_is_in_force_stays() -> None:
    device = described()
    announced = [
        fill_rate_description(valid_from=f"2026-11-22T12:{minute:02}:00Z") for minute in range(20)
    ]
    device.says(*announced)

    # One in force and 15 later ones: of the 20 announced, the first 5 are forgotten.
    answers = [
        device.says(revoke("FRBC.SystemDescription", one["message_id"])) for one in announced
    ]
    assert answers == ["INVALID_CONTENT"] * 5 + ["OK"] * 15
    assert device.takes(device.session.send_instruction(instruction(), NOW))


def test_a21_what_waits_for_a_description_is_bounded() -> None:
    device = active()
    for number in range(100):
        device.says(actuator_status(actuator=f"actuator-{number}"))
    names = [f"actuator-{number}" for number in range(30, 40)]
    device.says(fill_rate_description(*(actuator(name) for name in names)))

    # 64 are kept: those from number 36 on.
    waited = [event for event in device.events if isinstance(event, frbc.ActuatorStatus)]
    assert [status.actuator_id for status in waited] == names[6:]


def test_a22_an_answer_to_nothing_is_ignored() -> None:
    device = described()
    unknown = device.session.counters.unknown_answers

    device.says(answer("never-sent"), answer("never-sent", "PERMANENT_ERROR"))

    assert (device.heard, device.events) == ([], ())
    assert device.session.counters.unknown_answers == unknown + 2
    assert device.session.state is SessionState.ACTIVE


def test_a22_a_second_answer_to_the_same_message_is_ignored() -> None:
    device = identified()
    selection = device.last("SelectControlType")

    device.says(answer(selection), answer(selection, "INVALID_CONTENT"))

    assert device.session.control_type is ControlType.FILL_RATE_BASED_CONTROL


def test_a24_a_text_above_a_mebibyte_is_not_read() -> None:
    device = described()
    padded = json.dumps(storage_status()).ljust(MAXIMUM_LENGTH)

    assert device.says(padded) == "OK"
    assert device.says(f"{padded} ") == "INVALID_DATA"


@pytest.mark.parametrize(
    "message_of",
    [
        lambda: details() | {"manufacturer": None, "currency": None},
        lambda: (
            actuator_status() | {"previous_operation_mode_id": None, "transition_timestamp": None}
        ),
        lambda: fill_rate_description(actuator(diagnostic_label=None)),
    ],
)
def test_a25_a_null_means_that_nothing_is_said(message_of: Any) -> None:
    assert described().says(message_of()) == "OK"


def test_a25_a_null_in_a_profile_means_that_there_is_no_limit() -> None:
    device = active("POWER_PROFILE_BASED_CONTROL")

    assert device.says(power_profile("eco", container("hot", max_pause_before=None))) == "OK"

    (profile,) = device.events
    assert isinstance(profile, ppbc.PowerProfileDefinition)
    assert profile.power_sequences_containers[0].power_sequences[0].max_pause_before is None
