"""How a session begins, what it asks a device to follow, and how it ends."""

from datetime import timedelta
import json
from typing import Any

import pytest

from custom_components.flexmeasures.s2.codec import load
from custom_components.flexmeasures.s2.events import (
    Closed,
    CloseReason,
    ControlTypeActivated,
    ControlTypeDeactivated,
    ControlTypeRefused,
    Identified,
    InstructionAnswered,
    VersionChosen,
)
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.components import ControlType
from custom_components.flexmeasures.s2.messages.session import (
    InstructionStatus,
    InstructionStatusUpdate,
    PowerForecast,
    PowerMeasurement,
    ReceptionStatusValue,
    SessionRequestType,
)
from custom_components.flexmeasures.s2.options import HandshakeOrder, SessionOptions, SessionState
from custom_components.flexmeasures.s2.wire import MessageError

from .devices import NOW, SECOND, Device, active, described, identified, instruction
from .samples import (
    actuator_status,
    answer,
    details,
    fill_rate_description,
    handshake,
    message,
    power_constraints,
    power_forecast,
    power_measurement,
    revoke,
    status_update,
    storage_status,
)

FRBC = ControlType.FILL_RATE_BASED_CONTROL
OMBC = ControlType.OPERATION_MODE_BASED_CONTROL
PEBC = ControlType.POWER_ENVELOPE_BASED_CONTROL
NOT_CONTROLABLE = ControlType.NOT_CONTROLABLE
TEN_SECONDS = timedelta(seconds=10)


@pytest.mark.parametrize(
    ("offered", "selected", "spoken"),
    [
        (("0.0.2-beta",), "0.0.2-beta", True),
        (("0.0.2-beta", "1.0.0"), "1.0.0", True),
        (("v1.0.0", "0.0.2-beta"), "v1.0.0", True),
        (("v1.0.0", "1.0.0"), "v1.0.0", True),
        (("0.0.1-beta", "2.0"), "0.0.1-beta", False),
    ],
)
def test_the_best_version_that_both_speak_is_selected_as_the_device_spells_it(
    offered: tuple[str, ...], selected: str, spoken: bool
) -> None:
    device = Device()

    device.says(handshake(*offered))

    assert device.heard[2]["selected_protocol_version"] == selected
    assert device.events == (VersionChosen(version=selected, spoken=spoken),)
    assert device.session.state is SessionState.VERSIONED


def test_a_device_that_offers_no_version_is_told_so_and_left() -> None:
    device = Device()

    assert device.says(message("Handshake", role="RM")) == "INVALID_CONTENT"

    assert device.heard[1]["request"] == "TERMINATE"
    assert device.events == (Closed(reason=CloseReason.NO_VERSION),)


def test_another_energy_manager_and_a_second_handshake_are_refused() -> None:
    device = Device()

    assert device.says(handshake() | {"role": "CEM"}) == "INVALID_CONTENT"
    assert device.says(handshake()) == "OK"
    assert device.says(handshake("1.0.0")) == "INVALID_CONTENT"
    assert device.session.version == "0.0.2-beta"


def test_details_before_the_handshake_are_refused() -> None:
    assert Device().says(details()) == "INVALID_CONTENT"


def test_a_device_that_waits_for_our_handshake_gets_it_after_a_second() -> None:
    device = Device()
    assert device.session.next_deadline == NOW + SECOND

    assert device.waits(timedelta(seconds=0.9)) == []
    device.waits(timedelta(seconds=0.1))
    assert device.kinds == ["Handshake"]
    device.says(handshake())
    assert device.kinds == ["ReceptionStatus", "HandshakeResponse"]


def test_a_device_that_reads_by_position_gets_our_handshake_after_its_selection() -> None:
    device = Device()

    device.says(handshake("0.1.0"))
    assert device.kinds == ["ReceptionStatus", "HandshakeResponse"]
    device.answers_all()
    device.says(details())
    assert device.kinds == ["ReceptionStatus", "SelectControlType"]
    device.answers_all()
    assert device.kinds == ["Handshake"]
    device.says(answer(device.last("Handshake")))
    assert device.session.state is SessionState.ACTIVE


@pytest.mark.parametrize(
    ("order", "offered", "kinds"),
    [
        (HandshakeOrder.BEFORE_RESPONSE, "0.1.0", ["Handshake", "HandshakeResponse"]),
        (HandshakeOrder.AFTER_SELECTION, "1.0.0", ["HandshakeResponse"]),
    ],
)
def test_an_installer_can_choose_when_our_handshake_comes(
    order: HandshakeOrder, offered: str, kinds: list[str]
) -> None:
    device = Device(SessionOptions(handshake_order=order))

    device.says(handshake(offered))

    assert device.kinds[1:] == kinds


def test_a_device_that_never_says_who_it_is_is_left_after_a_minute() -> None:
    device = Device()
    device.says(handshake())
    device.answers_all()
    assert device.session.next_deadline == NOW + timedelta(seconds=60)

    assert device.waits(timedelta(seconds=59)) == []
    device.waits(SECOND)
    assert device.heard[0]["request"] == "TERMINATE"
    assert device.events == (Closed(reason=CloseReason.NOT_IDENTIFIED),)


@pytest.mark.parametrize(
    ("available", "chosen"),
    [
        ((PEBC, OMBC, FRBC), FRBC),
        ((PEBC, OMBC), OMBC),
        ((NOT_CONTROLABLE, PEBC), PEBC),
        ((ControlType.NO_SELECTION, NOT_CONTROLABLE), NOT_CONTROLABLE),
    ],
)
def test_the_control_type_that_says_most_is_selected(
    available: tuple[ControlType, ...], chosen: ControlType
) -> None:
    device = identified(*available)

    assert device.heard[1]["control_type"] == chosen
    (event,) = device.events
    assert isinstance(event, Identified)
    assert event.details.instruction_processing_delay == timedelta(seconds=1.5)


def test_a_preference_of_the_user_wins_and_an_empty_one_selects_nothing() -> None:
    preferring = identified(FRBC, PEBC, options=SessionOptions(preference=(PEBC, FRBC)))
    assert preferring.heard[1]["control_type"] == PEBC

    waiting = identified(FRBC, options=SessionOptions(preference=()))
    assert waiting.kinds == ["ReceptionStatus"]
    assert waiting.session.state is SessionState.IDENTIFIED


def test_a_control_type_is_active_once_the_device_agrees() -> None:
    device = identified()
    assert device.session.control_type is None

    device.says(answer(device.last("SelectControlType")))

    assert device.events == (ControlTypeActivated(control_type=FRBC),)
    assert (device.session.state, device.session.control_type) == (SessionState.ACTIVE, FRBC)


def test_a_device_that_describes_itself_before_it_answers_has_agreed() -> None:
    device = identified()
    selection = device.last("SelectControlType")

    assert device.says(fill_rate_description()) == "OK"

    assert isinstance(device.events[0], ControlTypeActivated)
    assert isinstance(device.events[1], frbc.SystemDescription)
    device.waits(TEN_SECONDS)
    assert device.session.state is SessionState.ACTIVE
    device.says(answer(selection))
    assert not device.events


def test_a_refused_control_type_is_followed_by_the_next_best() -> None:
    device = identified(FRBC, PEBC)

    device.says(answer(device.last("SelectControlType"), "INVALID_CONTENT"))

    assert device.events == (
        ControlTypeRefused(control_type=FRBC, status=ReceptionStatusValue.INVALID_CONTENT),
    )
    assert device.heard[0]["control_type"] == PEBC
    device.says(answer(device.last("SelectControlType"), "INVALID_CONTENT"))
    assert (device.heard, device.session.state) == ([], SessionState.IDENTIFIED)
    # With new details everything is tried again.
    device.says(details(FRBC, PEBC))
    assert device.heard[1]["control_type"] == FRBC


def test_a_temporary_error_is_tried_again_after_five_seconds() -> None:
    device = identified()
    device.says(answer(device.last("SelectControlType"), "TEMPORARY_ERROR"))
    assert device.heard == []
    assert device.session.next_deadline == NOW + timedelta(seconds=5)

    device.waits(timedelta(seconds=5))

    assert device.kinds == ["SelectControlType"]
    device.answers_all()
    assert device.session.state is SessionState.ACTIVE


def test_switching_ends_one_control_type_and_begins_another() -> None:
    device = active(FRBC, PEBC)
    device.says(fill_rate_description())

    device.takes(device.session.select_control_type(PEBC, NOW))
    assert device.events == (ControlTypeDeactivated(control_type=FRBC),)
    selection = device.last("SelectControlType")
    # What is still under way belongs to the old one: it is not the device's fault.
    assert device.says(storage_status()) == "OK"
    assert not device.events
    assert device.says(revoke("FRBC.SystemDescription", "any")) == "OK"
    assert not device.events
    assert device.session.counters.ignored == 2

    device.says(answer(selection))
    assert device.events == (ControlTypeActivated(control_type=PEBC),)
    assert device.says(storage_status()) == "INVALID_CONTENT"
    assert device.says(power_constraints()) == "OK"


def test_changing_ones_mind_twice_does_not_blame_the_device_either() -> None:
    device = active(FRBC, PEBC, OMBC)
    device.session.select_control_type(PEBC, NOW)
    device.session.select_control_type(OMBC, NOW)

    assert device.says(storage_status()) == "OK"
    assert device.session.counters.ignored == 1


def test_an_answer_to_an_earlier_selection_does_not_count_for_the_later_one() -> None:
    device = identified(FRBC, PEBC)
    first = device.last("SelectControlType")
    device.takes(device.session.select_control_type(PEBC, NOW))

    device.says(answer(first))

    assert device.session.control_type is None


def test_only_what_the_device_has_can_be_selected() -> None:
    device = identified(FRBC)
    with pytest.raises(MessageError, match="does not have this control type"):
        device.session.select_control_type(OMBC, NOW)
    with pytest.raises(MessageError, match="has not identified itself"):
        Device().session.select_control_type(FRBC, NOW)
    device.session.connection_lost()
    with pytest.raises(MessageError, match="has not identified itself"):
        device.session.select_control_type(FRBC, NOW)


def test_new_details_keep_a_control_type_that_is_still_there() -> None:
    device = described()

    assert device.says(details(FRBC, PEBC)) == "OK"

    assert device.kinds == ["ReceptionStatus"]
    assert device.session.control_type is FRBC
    assert device.says(storage_status()) == "OK"


def test_new_details_without_the_active_control_type_select_another() -> None:
    device = described()

    device.says(details(PEBC))

    assert device.heard[1]["control_type"] == PEBC
    assert isinstance(device.events[1], ControlTypeDeactivated)


def test_new_details_with_nothing_that_is_wanted_end_the_control_type() -> None:
    device = active(FRBC, options=SessionOptions(preference=(FRBC,)))

    device.says(details(PEBC))

    assert device.heard[1]["control_type"] == "NO_SELECTION"
    device.says(answer(device.last("SelectControlType")))
    assert (device.session.state, device.session.control_type) == (SessionState.IDENTIFIED, None)


def test_new_details_do_not_undo_that_a_person_selected_nothing() -> None:
    device = active()
    device.takes(device.session.select_control_type(ControlType.NO_SELECTION, NOW))
    device.answers_all()

    device.says(details())
    assert device.kinds == ["ReceptionStatus"]

    device.takes(device.session.select_control_type(FRBC, NOW))
    device.answers_all()
    assert device.session.control_type is FRBC


def test_another_device_in_the_same_session_is_refused() -> None:
    device = described()

    assert device.says(details(resource_id="another")) == "INVALID_CONTENT"
    assert device.session.details is not None
    assert device.session.details.resource_id == "battery-1"


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


@pytest.mark.parametrize(
    ("request_type", "reason"),
    [
        ("TERMINATE", CloseReason.DEVICE_TERMINATED),
        ("RECONNECT", CloseReason.DEVICE_RECONNECTS),
    ],
)
def test_a_device_can_end_the_session(request_type: str, reason: CloseReason) -> None:
    device = described()

    assert device.says(message("SessionRequest", request=request_type)) == "OK"

    assert device.events == (Closed(reason=reason),)
    assert device.session.state is SessionState.CLOSED
    # Nobody listens any more.
    assert device.says(storage_status()) == ""
    assert device.waits(TEN_SECONDS) == []
    assert device.session.next_deadline is None


def test_we_can_end_the_session_once() -> None:
    device = described()

    (sent,) = device.takes(device.session.close(SessionRequestType.RECONNECT, CloseReason.STOPPED))

    assert (sent["request"], sent["diagnostic_label"]) == ("RECONNECT", "stopped")
    assert device.events == (Closed(reason=CloseReason.STOPPED),)
    assert (
        device.takes(device.session.close(SessionRequestType.RECONNECT, CloseReason.STOPPED)) == []
    )
    device.takes(device.session.connection_lost())
    assert not device.events


def test_a_lost_connection_ends_the_session_without_a_word() -> None:
    device = described()

    assert device.takes(device.session.connection_lost()) == []
    assert device.events == (Closed(reason=CloseReason.CONNECTION_LOST),)


def test_a_device_that_does_not_answer_the_version_is_left_after_ten_seconds() -> None:
    device = Device()
    device.says(handshake())

    assert device.waits(timedelta(seconds=9)) == []
    device.waits(SECOND)

    assert device.kinds == ["SessionRequest"]
    assert device.events == (Closed(reason=CloseReason.NOT_ACKNOWLEDGED),)
    assert device.session.counters.unanswered == 2


def test_a_device_that_does_not_answer_the_selection_is_left_after_ten_seconds() -> None:
    device = identified()

    device.waits(TEN_SECONDS)

    assert device.events == (Closed(reason=CloseReason.NOT_ACKNOWLEDGED),)


def test_a_device_that_goes_on_without_answering_the_version_is_kept() -> None:
    device = Device()
    device.says(handshake(), details())
    device.says(answer(device.last("SelectControlType")))

    device.waits(TEN_SECONDS)

    assert device.session.state is SessionState.ACTIVE
    assert device.session.counters.unanswered == 2


@pytest.mark.parametrize("status", ["INVALID_CONTENT", "TEMPORARY_ERROR", "PERMANENT_ERROR"])
def test_a_device_that_refuses_the_version_is_left(status: str) -> None:
    device = Device()
    device.says(handshake())

    device.says(answer(device.last("HandshakeResponse"), status))

    assert device.kinds == ["SessionRequest"]
    assert device.events == (Closed(reason=CloseReason.REFUSED_BY_DEVICE),)


def test_a_permanent_error_ends_the_session() -> None:
    device = described()
    device.session.send_instruction(instruction(), NOW)

    device.says(answer("instruction-1", "PERMANENT_ERROR"))

    assert device.events[-1] == Closed(reason=CloseReason.REFUSED_BY_DEVICE)


def test_a_refused_handshake_of_ours_ends_nothing() -> None:
    device = Device()
    device.says(handshake())
    device.says(answer(device.last("Handshake"), "INVALID_MESSAGE"))

    assert device.session.state is SessionState.VERSIONED


def test_a_status_may_name_a_mode_that_is_gone_as_the_previous_one() -> None:
    device = described()
    status = actuator_status("charge") | {
        "previous_operation_mode_id": "gone",
        "transition_timestamp": "0001-01-01T00:00:00Z",
    }

    assert device.says(status) == "OK"


def test_random_names_are_uuids_and_differ() -> None:
    texts: list[dict[str, Any]] = []
    for _ in range(2):
        session = Device().session.__class__(load(), NOW)
        texts += map(json.loads, session.receive(json.dumps(handshake()), NOW).texts)
    names = [text["message_id"] for text in texts if "message_id" in text]

    assert len(set(names)) == 4
    assert {len(name) for name in names} == {36}
