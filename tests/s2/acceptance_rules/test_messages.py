"""Rules A1 to A6, A22, A24 and A25: what is read, and how everything that is sent is answered."""

import json
from typing import Any

import pytest

from custom_components.flexmeasures.s2.codec import MAXIMUM_LENGTH
from custom_components.flexmeasures.s2.messages import ppbc
from custom_components.flexmeasures.s2.messages.components import ControlType
from custom_components.flexmeasures.s2.messages.session import NIL_IDENTIFIER
from custom_components.flexmeasures.s2.options import SessionState
from custom_components.flexmeasures.s2.wire import JsonObject

from ..devices import Device, active, described, identified
from ..samples import (
    actuator,
    actuator_status,
    answer,
    container,
    details,
    fill_rate_description,
    handshake,
    message,
    operation_mode_description,
    power_measurement,
    power_profile,
    storage_status,
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
