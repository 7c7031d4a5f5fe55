"""Texts of devices: what is read in spite of how it is written, what is not, and what is written to them."""

from datetime import UTC, datetime, timedelta
import json
import subprocess
import sys
from typing import Any

import pytest
from s2python.s2_parser import S2Parser

from custom_components.flexmeasures.s2.codec import Refusal, load, written_answer
from custom_components.flexmeasures.s2.messages import ddbc, frbc, ombc, pebc, ppbc, session
from custom_components.flexmeasures.s2.messages.components import (
    CommodityQuantity,
    ControlType,
    Instruction,
    Message,
    NumberRange,
)
from custom_components.flexmeasures.s2.messages.session import (
    NIL_IDENTIFIER,
    ReceptionStatus,
    ReceptionStatusValue,
)
from custom_components.flexmeasures.s2.wire import JsonObject, JsonValue, MessageError

from .samples import (
    LATER,
    VALID_FROM,
    actuator,
    actuator_status,
    answer,
    demand_driven_description,
    details,
    element,
    energy_constraint,
    fill_rate_description,
    fill_rate_mode,
    handshake,
    leakage,
    limit,
    message,
    number_range,
    operation_mode_description,
    power_constraints,
    power_forecast,
    power_measurement,
    power_profile,
    power_range,
    profile_status,
    revoke,
    status_update,
    storage_status,
    target_profile,
    timer_status,
    usage_forecast,
)

UUID = "7947a82a-6af1-4886-9262-0a09d192fde5"
OTHER_UUID = "0ab5f868-8066-41da-89dd-da43aff9802a"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHOLE = element(0, 100, number_range(0, 0), power_range(0, 0))


def read(raw: JsonObject) -> Any:
    """Return what the codec makes of a message."""
    return load().read(json.dumps(raw))


def status_of(raw: JsonObject) -> ReceptionStatusValue:
    """Return what a message that is refused is answered with."""
    refusal = read(raw)
    assert isinstance(refusal, Refusal)
    return refusal.status


def test_a_battery_is_read_with_its_units() -> None:
    description = read(fill_rate_description())

    assert isinstance(description, frbc.SystemDescription)
    assert description.valid_from == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert description.storage.fill_level_label == "%"
    (inverter,) = description.actuators
    assert inverter.timers[0].duration == timedelta(minutes=1)
    up, down = inverter.transitions
    assert (up.from_id, up.to_id, up.blocking_timers) == ("idle", "charge", ("rest",))
    assert up.transition_duration == timedelta(seconds=2)
    assert (down.start_timers, down.transition_duration) == (("rest",), None)
    slow = inverter.operation_modes[1].elements[1]
    # 2500 W at factor 1, 1250 W at one half.
    assert slow.power_ranges[0].at(0.5) == 1250
    assert slow.fill_rate.at(1) == 0.01


def test_all_kinds_of_forecast_keep_their_numbers() -> None:
    usage = read(usage_forecast())
    assert usage.elements[0].duration == timedelta(minutes=15)
    assert usage.elements[0].expected == 0.002
    assert usage.elements[0].upper_95_ppr == 0.004
    assert usage.elements[0].lower_limit is None

    power = read(power_forecast())
    value = power.elements[0].power_values[0]
    assert (value.expected, value.upper_68_ppr) == (-1500, -1000)

    demand: JsonObject = {
        "duration": 60_000,
        "demand_rate_expected": 3,
        "demand_rate_lower_68PPR": 2.5,
    }
    forecast = read(
        message("DDBC.AverageDemandRateForecast", start_time=VALID_FROM, elements=[demand])
    )
    assert forecast.elements[0].lower_68_ppr == 2.5


def test_the_standards_typing_errors_stay_on_the_wire() -> None:
    description = read(demand_driven_description())

    assert isinstance(description, ddbc.SystemDescription)
    (pump,) = description.actuators
    assert pump.supported_commodities == ("ELECTRICITY",)
    assert pump.operation_modes[0].id == "heat"
    assert pump.operation_modes[0].supply_range.at(0.5) == 3
    assert description.present_demand_rate == NumberRange(start_of_range=3, end_of_range=3)


def test_the_present_demand_comes_either_way() -> None:
    raw = demand_driven_description()
    del raw["present_demand_rate"]
    assert read(raw).present_demand_rate is None

    status = read(message("DDBC.PresentDemandStatus", present_demand_rate=number_range(2, 4)))
    assert status.present_demand_rate.highest == 4


def test_the_progress_of_a_profile_is_a_duration() -> None:
    status = read(profile_status()).sequence_container_status[0]

    assert status.progress == timedelta(seconds=1.5)
    assert status.status is ppbc.PowerSequenceStatus.EXECUTING


def test_bounds_are_put_in_order_and_ranges_of_a_factor_are_not() -> None:
    """A producer writes 0 to -2000 W: as a limit that is a set of values, as a mode it is where factor 1 leads."""
    lower = read(power_constraints()).allowed_limit_ranges[1]
    assert lower.range_boundary == NumberRange(start_of_range=-2000, end_of_range=0)
    target = read(target_profile()).elements[0].fill_level_range
    assert target == NumberRange(start_of_range=20, end_of_range=60)

    discharge = fill_rate_mode(
        "idle", element(100, 0, number_range(0, -0.02), power_range(0, -2000))
    )
    raw = fill_rate_description(actuator(operation_modes=[discharge], transitions=[], timers=[]))
    mode = read(raw).actuators[0].operation_modes[0].elements[0]
    assert mode.fill_level_range == NumberRange(start_of_range=0, end_of_range=100)
    assert mode.power_ranges[0].at(1) == -2000
    assert mode.fill_rate.at(0.5) == -0.01


def test_one_power_range_for_each_phase_is_read() -> None:
    phases = [power_range(0, watts, f"ELECTRIC.POWER.L{watts}") for watts in (1, 2, 3)]
    mode = fill_rate_mode("idle", element(0, 100, number_range(0, 1), *phases))
    raw = fill_rate_description(actuator(operation_modes=[mode], transitions=[]))

    assert len(read(raw).actuators[0].operation_modes[0].elements[0].power_ranges) == 3


def test_boundaries_that_differ_by_rounding_adjoin() -> None:
    rate, power = number_range(0, 1), power_range(0, 1)
    bands = (element(0.3, 1, rate, power), element(0, 0.1 + 0.2, rate, power))
    raw = actuator(operation_modes=[fill_rate_mode("idle", *bands)], transitions=[])

    assert isinstance(read(fill_rate_description(raw)), frbc.SystemDescription)


def test_rounding_may_push_a_factor_over_its_end() -> None:
    assert read(actuator_status(factor=1 + 1e-12)).operation_mode_factor == 1
    assert read(actuator_status(factor=-1e-12)).operation_mode_factor == 0


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-22T13:00:00+01:00", NOON),
        ("2026-11-22T12:00:00.000000001Z", NOON),
        ("2026-11-22T12:00:00.5Z", NOON + timedelta(seconds=0.5)),
        ("2026-11-22 12:00:00Z", NOON),
        ("0001-01-01T00:00:00+14:00", datetime(1970, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59-12:00", datetime(3000, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_read_however_they_are_written(written: str, meant: datetime) -> None:
    raw = timer_status() | {"finished_at": written}

    assert read(raw).finished_at == meant


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


def test_words_of_a_device_become_one_line_without_markup() -> None:
    raw = details() | {"name": "<script>\n  Tesla\u202e\x00 ", "model": "x" * 100_000}

    device = read(raw)

    assert device.name == "script Tesla"
    assert device.model == "x" * 200
    assert device.currency is None


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


@pytest.mark.parametrize(
    "said",
    [
        handshake(),
        details(),
        storage_status(),
        status_update("instruction-1"),
        revoke("FRBC.LeakageBehaviour", "leakage-1"),
        energy_constraint(),
        power_constraints(valid_until=LATER),
        operation_mode_description(),
    ],
    ids=lambda said: str(said["message_type"]),
)
def test_every_message_of_a_device_has_its_name(said: JsonObject) -> None:
    parsed = read(said)

    assert (parsed.message_type, parsed.message_id) == (said["message_type"], said["message_id"])


def test_s2_python_is_not_imported_before_the_codec_is_loaded() -> None:
    program = """
import sys
from custom_components.flexmeasures.s2 import codec, messages, session, sessions
assert not {"s2python", "pydantic"} & set(sys.modules)
codec.load()
assert {"s2python", "pydantic"} <= set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
