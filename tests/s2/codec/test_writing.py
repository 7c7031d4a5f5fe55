"""What is written to devices, and what is not because it would not be understood as meant."""

from datetime import datetime, timedelta
import json
import subprocess
import sys
from typing import Any

import pytest
from s2python.s2_parser import S2Parser

from custom_components.flexmeasures.s2.codec import load, written_answer
from custom_components.flexmeasures.s2.messages import ddbc, frbc, ombc, pebc, ppbc, session
from custom_components.flexmeasures.s2.messages.components import (
    CommodityQuantity,
    ControlType,
    Instruction,
    Message,
)
from custom_components.flexmeasures.s2.messages.session import ReceptionStatus, ReceptionStatusValue
from custom_components.flexmeasures.s2.wire import MessageError

from ..samples import answer
from .reading import NOON, read

UUID = "7947a82a-6af1-4886-9262-0a09d192fde5"
OTHER_UUID = "0ab5f868-8066-41da-89dd-da43aff9802a"
MINUTE = timedelta(minutes=1)


def test_an_answer_of_a_device_is_read_and_a_broken_one_has_no_subject() -> None:
    raw = answer("cem-1")

    assert read(raw) == ReceptionStatus(subject_message_id="cem-1", status=ReceptionStatusValue.OK)
    assert read(raw | {"status": "FINE"}).subject is None


def test_an_answer_is_written_as_the_standard_says() -> None:
    text = written_answer(UUID, ReceptionStatusValue.INVALID_CONTENT, 'say "no" \\ twice')

    assert S2Parser.parse_message_type(text) == "ReceptionStatus"
    S2Parser.parse_as_any_message(text)
    assert json.loads(text)["diagnostic_label"] == 'say "no" \\ twice'
    assert json.loads(written_answer(UUID)) == {
        "message_type": "ReceptionStatus",
        "subject_message_id": UUID,
        "status": "OK",
    }


def _spoken() -> list[Message | Instruction]:
    common: dict[str, Any] = {"id": UUID, "execution_time": NOON}
    mode: dict[str, Any] = {"operation_mode_id": OTHER_UUID, "operation_mode_factor": 0.25}
    sequence: dict[str, Any] = {
        "power_profile_id": UUID,
        "sequence_container_id": UUID,
        "power_sequence_id": OTHER_UUID,
    }
    part = pebc.PowerEnvelopeElement(duration=MINUTE, upper_limit=0.0, lower_limit=-750.5)
    envelope = pebc.PowerEnvelope(
        id=UUID,
        commodity_quantity=CommodityQuantity.ELECTRIC_POWER_L1,
        power_envelope_elements=(part,),
    )
    return [
        session.Handshake(
            message_id=UUID,
            role=session.EnergyManagementRole.CEM,
            supported_protocol_versions=("1.0.0",),
        ),
        session.HandshakeResponse(message_id=UUID, selected_protocol_version="1.0.0"),
        session.SelectControlType(message_id=UUID, control_type=ControlType.NO_SELECTION),
        session.SessionRequest(message_id=UUID, request=session.SessionRequestType.RECONNECT),
        session.RevokeObject(
            message_id=UUID,
            object_type=session.RevokableObject.FRBC_INSTRUCTION,
            object_id=OTHER_UUID,
        ),
        frbc.Instruction(actuator_id=UUID, **common, **mode),
        ombc.Instruction(**common, **mode),
        ddbc.Instruction(actuator_id=UUID, **common, **mode),
        pebc.Instruction(power_constraints_id=UUID, power_envelopes=(envelope,), **common),
        ppbc.ScheduleInstruction(**common, **sequence),
        ppbc.StartInterruptionInstruction(**common, **sequence),
        ppbc.EndInterruptionInstruction(**common, **sequence),
    ]


@pytest.mark.parametrize("said", _spoken(), ids=lambda said: said.message_type)
def test_s2_python_understands_what_is_said(said: Message | Instruction) -> None:
    """Devices made with it are the most frequent ones; its own models are stricter than the schema."""
    text = load().write(said)

    parsed = S2Parser.parse_as_any_message(text)

    assert json.loads(parsed.to_json()) == json.loads(text)


def test_an_instruction_is_written_with_its_own_words() -> None:
    raw = json.loads(load().write(_spoken()[5]))

    assert raw == {
        "message_type": "FRBC.Instruction",
        "message_id": UUID,
        "id": UUID,
        "execution_time": "2026-11-22T12:00:00Z",
        "abnormal_condition": False,
        "operation_mode": OTHER_UUID,
        "operation_mode_factor": 0.25,
        "actuator_id": UUID,
    }


def test_an_envelope_is_written_in_watts_and_milliseconds() -> None:
    raw = json.loads(load().write(_spoken()[8]))

    assert raw["power_envelopes"][0]["power_envelope_elements"] == [
        {"duration": 60_000, "upper_limit": 0, "lower_limit": -750.5}
    ]


def test_what_would_not_be_understood_as_meant_is_not_written() -> None:
    codec = load()
    said = ombc.Instruction(
        id="on", execution_time=NOON, operation_mode_id="on", operation_mode_factor=1
    )
    wrong: list[tuple[str, Message | Instruction]] = [
        (
            "execution_time",
            ombc.Instruction(
                id="on",
                execution_time=datetime(2026, 11, 22, 12),
                operation_mode_id="on",
                operation_mode_factor=1.0,
            ),
        ),
        (
            "operation_mode_id",
            ombc.Instruction(
                id="on", execution_time=NOON, operation_mode_id="", operation_mode_factor=1.0
            ),
        ),
        (
            "id",
            ombc.Instruction(
                id="!", execution_time=NOON, operation_mode_id="on", operation_mode_factor=1.0
            ),
        ),
        ("power_envelopes.0.power_envelope_elements.0.duration", _envelope(-MINUTE, 0.0)),
        (
            "power_envelopes.0.power_envelope_elements.0.upper_limit",
            _envelope(MINUTE, float("inf")),
        ),
    ]
    for path, instruction in wrong:
        with pytest.raises(MessageError) as caught:
            codec.write(instruction)
        assert caught.value.path == path
    assert codec.write(said)


def _envelope(duration: timedelta, upper: float) -> pebc.Instruction:
    part = pebc.PowerEnvelopeElement(duration=duration, upper_limit=upper, lower_limit=-1.0)
    envelope = pebc.PowerEnvelope(
        id="envelope",
        commodity_quantity=CommodityQuantity.ELECTRIC_POWER_L1,
        power_envelope_elements=(part,),
    )
    return pebc.Instruction(
        id="limit", execution_time=NOON, power_constraints_id="pv", power_envelopes=(envelope,)
    )


def test_s2_python_is_not_imported_before_the_codec_is_loaded() -> None:
    program = """
import sys
from custom_components.flexmeasures.s2 import codec, messages, session, sessions
assert not {"s2python", "pydantic"} & set(sys.modules)
codec.load()
assert {"s2python", "pydantic"} <= set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
