"""What passes between a session and a device that follows it."""

import pytest

from custom_components.flexmeasures.s2.events import InstructionAnswered
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    PowerForecast,
    PowerMeasurement,
    ReceptionStatusValue,
)
from custom_components.flexmeasures.s2.options import SessionState
from custom_components.flexmeasures.s2.wire import MessageError

from ..devices import NOW, active, described, identified, instruction
from ..samples import (
    actuator_status,
    answer,
    fill_rate_description,
    message,
    power_forecast,
    power_measurement,
    revoke,
    status_update,
)
from .control_types import NOT_CONTROLABLE, PEBC, TEN_SECONDS


def test_power_is_handed_on_with_and_without_a_control_type() -> None:
    for device in (identified(), active(NOT_CONTROLABLE)):
        assert device.says(power_measurement(1200.5)) == "OK"
        (measurement,) = device.events
        assert isinstance(measurement, PowerMeasurement)
        assert measurement.values[0].value == 1200.5
        # It was sent as 08:00+02:00.
        assert measurement.measurement_timestamp.isoformat() == "2026-11-22T06:00:00+00:00"
        assert device.says(power_forecast()) == "OK"
        assert isinstance(device.events[0], PowerForecast)


def test_an_instruction_is_followed_from_its_answer_to_its_end() -> None:
    device = described()
    device.takes(device.session.send_instruction(instruction(), NOW))

    device.says(answer("instruction-1"))
    (answered,) = device.events
    assert isinstance(answered, InstructionAnswered)
    assert answered.status is ReceptionStatusValue.OK

    for status in ("ACCEPTED", "STARTED", "SUCCEEDED"):
        assert device.says(status_update("instruction-1", status)) == "OK"
        (progress,) = device.events
        assert isinstance(progress, InstructionStatusUpdate)
        assert progress.status_type == status
    # What has ended stays ended.
    device.says(status_update("instruction-1", "STARTED"))
    assert device.session.instructions.status("instruction-1") is InstructionStatus.SUCCEEDED


def test_a_refused_instruction_is_told() -> None:
    device = described()
    device.session.send_instruction(instruction(), NOW)

    device.says(answer("instruction-1", "INVALID_CONTENT") | {"diagnostic_label": "no <b>\nthanks"})

    (answered,) = device.events
    assert isinstance(answered, InstructionAnswered)
    assert (answered.status, answered.label) == ("INVALID_CONTENT", "no b thanks")
    assert device.session.instructions.status("instruction-1") is InstructionStatus.REJECTED


def test_a_device_that_never_answers_instructions_keeps_its_session() -> None:
    device = described()
    device.session.send_instruction(instruction(), NOW)

    device.waits(TEN_SECONDS)

    assert device.events == (InstructionAnswered(instruction=instruction(), status=None),)
    assert device.session.state is SessionState.ACTIVE
    assert device.session.next_deadline is None
    assert device.session.counters.unanswered == 1


def test_an_instruction_needs_a_name_of_its_own() -> None:
    device = described()
    device.session.send_instruction(instruction(), NOW)

    with pytest.raises(MessageError, match="id was used before"):
        device.session.send_instruction(instruction(), NOW)


def test_an_instruction_of_another_control_type_is_not_sent() -> None:
    device = active(PEBC)

    with pytest.raises(MessageError, match="belongs to another control type"):
        device.session.send_instruction(instruction(), NOW)


def test_an_instruction_for_an_unknown_actuator_is_not_sent() -> None:
    with pytest.raises(MessageError, match="actuator_id is unknown"):
        described().session.send_instruction(instruction(actuator="other"), NOW)


def test_an_instruction_can_be_taken_back() -> None:
    device = described()
    device.session.send_instruction(instruction(), NOW)

    (sent,) = device.takes(device.session.revoke_instruction("instruction-1", NOW))

    assert (sent["object_type"], sent["object_id"]) == ("FRBC.Instruction", "instruction-1")
    assert device.session.instructions.status("instruction-1") is InstructionStatus.REVOKED
    assert device.takes(device.session.revoke_instruction("instruction-1", NOW)) == []
    with pytest.raises(MessageError, match="the instruction is unknown"):
        device.session.revoke_instruction("unknown", NOW)


def test_a_device_may_take_an_instruction_back_itself() -> None:
    device = described()
    device.session.send_instruction(instruction(), NOW)

    assert device.says(revoke("FRBC.Instruction", "instruction-1")) == "OK"

    assert device.session.instructions.status("instruction-1") is InstructionStatus.REVOKED
    assert device.says(revoke("OMBC.Instruction", "instruction-1")) == "INVALID_CONTENT"


def test_what_waits_for_its_description_can_be_revoked_too() -> None:
    device = active()
    status = message(
        "FRBC.FillLevelTargetProfile",
        start_time="2026-11-22T07:00:00Z",
        elements=[{"duration": 1, "fill_level_range": {"start_of_range": 1, "end_of_range": 2}}],
    )
    device.says(status)

    assert device.says(revoke("FRBC.FillLevelTargetProfile", status["message_id"])) == "OK"
    device.says(fill_rate_description())
    assert [type(event) for event in device.events] == [frbc.SystemDescription]


def test_a_status_may_name_a_mode_that_is_gone_as_the_previous_one() -> None:
    device = described()
    status = actuator_status("charge") | {
        "previous_operation_mode_id": "gone",
        "transition_timestamp": "0001-01-01T00:00:00Z",
    }

    assert device.says(status) == "OK"
