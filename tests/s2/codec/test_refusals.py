"""Texts of devices that are not read, and how the refusal names what is wrong."""

import json

import pytest

from custom_components.flexmeasures.s2.codec import Refusal, load
from custom_components.flexmeasures.s2.messages.session import NIL_IDENTIFIER
from custom_components.flexmeasures.s2.wire import JsonObject, JsonValue

from ..samples import (
    VALID_FROM,
    actuator,
    actuator_status,
    demand_driven_description,
    energy_constraint,
    fill_rate_description,
    fill_rate_mode,
    leakage,
    limit,
    message,
    operation_mode_description,
    power_constraints,
    power_measurement,
    power_profile,
    power_range,
    storage_status,
    timer_status,
)
from .reading import WHOLE, read, status_of


@pytest.mark.parametrize(
    "written", ["2026-11-22T12:00:00", "noon", "20261122", "1795348800", 1795348800, ""]
)
def test_a_time_without_an_offset_or_of_another_kind_is_refused(written: JsonValue) -> None:
    assert status_of(timer_status() | {"finished_at": written}) == "INVALID_MESSAGE"


@pytest.mark.parametrize("written", ["true", 1, "yes"])
def test_only_true_and_false_are_either(written: JsonValue) -> None:
    mode = fill_rate_mode("idle", WHOLE) | {"abnormal_condition_only": written}
    raw = fill_rate_description(actuator(operation_modes=[mode], transitions=[]))

    assert status_of(raw) == "INVALID_MESSAGE"


@pytest.mark.parametrize("name", ["a", "with space", "<b>", "x" * 65, "é" * 4, ""])
def test_a_name_that_is_none_is_not_repeated(name: str) -> None:
    refusal = read(storage_status() | {"message_id": name})

    assert (refusal.subject, refusal.status) == (NIL_IDENTIFIER, "INVALID_DATA")
    assert status_of(actuator_status() | {"actuator_id": name}) == "INVALID_MESSAGE"


def test_what_is_wrong_is_named_by_place_and_without_the_devices_words() -> None:
    raw = fill_rate_description(actuator(timers=[{"id": "rest", "duration": "<b>secret</b>"}]))

    refusal = read(raw)

    assert refusal.label.startswith("actuators.0.timers.0.duration: ")
    assert "secret" not in refusal.label
    assert read(storage_status() | {"x" * 5000: 1}).label == "x" * 200


def test_a_message_with_very_many_faults_is_refused_with_their_number() -> None:
    raw = storage_status() | {f"extra-{number}": 1 for number in range(1000)}

    assert read(raw).label == "1000 faults"


def test_a_number_that_no_float_holds_is_refused() -> None:
    text = json.dumps(storage_status(1)).replace(": 1}", f": 1{'0' * 400}}}")
    refusal = load().read(text)

    assert isinstance(refusal, Refusal)
    assert refusal.status == "INVALID_MESSAGE"


@pytest.mark.parametrize(
    "message_type", ["HandshakeResponse", "SelectControlType", "FRBC.Instruction"]
)
def test_what_only_an_energy_manager_says_is_refused(message_type: str) -> None:
    assert status_of(message(message_type)) == "INVALID_CONTENT"


@pytest.mark.parametrize(
    "wrong",
    [
        power_measurement(1, 2, quantities=("L1", "L1")),
        leakage((0, 50), (60, 100)),
        leakage((0, 60), (50, 100)),
        power_constraints(valid_until=VALID_FROM),
        power_constraints(allowed_limit_ranges=[limit("UPPER_LIMIT", 0, 1)] * 2),
        energy_constraint(valid_until=VALID_FROM),
        energy_constraint(lower_average_power=2000),
        power_profile(end_time=VALID_FROM),
        operation_mode_description(
            operation_modes=[
                {
                    "id": "on",
                    "power_ranges": [power_range(0, 1), power_range(0, 2)],
                    "abnormal_condition_only": False,
                }
            ],
            transitions=[],
        ),
        demand_driven_description("pump", "pump"),
        fill_rate_description(
            actuator(operation_modes=[fill_rate_mode("idle", WHOLE, WHOLE)], transitions=[])
        ),
    ],
    ids=[
        "quantity twice",
        "gap",
        "overlap",
        "constraints end before they begin",
        "no lower limit",
        "energy ends before it begins",
        "lower power above upper power",
        "profile ends before it begins",
        "power range twice",
        "actuator twice",
        "fill levels twice",
    ],
)
def test_what_contradicts_itself_is_refused(wrong: JsonObject) -> None:
    assert status_of(wrong) == "INVALID_CONTENT"
