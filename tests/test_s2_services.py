"""The actions for S2 devices, and what diagnostics tell of them."""

import json
from typing import Any
from unittest.mock import AsyncMock

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.diagnostics import async_get_config_entry_diagnostics

from .conftest import make_entry
from .s2.samples import answer, fill_rate_description, message, revoke, storage_status
from .s2_devices import SECRET, ConnectedDevice, s2_subentry
from .test_init import set_up
from .test_s2_entities import measurement

INSTRUCTION = {
    "message_type": "FRBC.Instruction",
    "actuator_id": "inverter",
    "operation_mode": "charge",
    "operation_mode_factor": 0.5,
}


@pytest.fixture
async def entry(hass: HomeAssistant, client: AsyncMock) -> MockConfigEntry:
    """Return a loaded entry with an S2 device."""
    entry = make_entry(s2_subentry(resource_id="battery-1"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


@pytest.fixture
async def battery(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> ConnectedDevice:
    """Return the device, connected and described."""
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.follow()
    await device.say(fill_rate_description())
    await device.say(storage_status(40))
    return device


def device_id(hass: HomeAssistant, entry: MockConfigEntry, asset: int = 2) -> str:
    """Return the id of an asset's device in Home Assistant."""
    registered = dr.async_get(hass).async_get_device_by_identifier(
        ("flexmeasures", f"{entry.entry_id}_{asset}"), entry.entry_id
    )
    assert registered
    return registered.id


async def call(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, **data: Any
) -> dict[str, Any]:
    """Call an action on the battery, and return its response."""
    data = {"device_id": device_id(hass, entry), **data}
    response = await hass.services.async_call(
        "flexmeasures", action, data, blocking=True, return_response=True
    )
    return dict(response or {})


async def test_an_instruction_is_sent_as_it_is(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    response = await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION)

    heard = await battery.hear_until("FRBC.Instruction")
    assert heard["message_id"] == heard["id"] == response["id"]
    assert heard["operation_mode"] == "charge"
    assert heard["operation_mode_factor"] == 0.5
    assert heard["abnormal_condition"] is False
    (device,) = entry.runtime_data.s2.devices.values()
    assert device.instructor.last
    assert device.instructor.last.status == "NEW"


async def test_what_becomes_of_an_instruction_is_known(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    response = await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION)
    await battery.hear_until("FRBC.Instruction")
    (device,) = entry.runtime_data.s2.devices.values()

    await battery.say(
        message(
            "InstructionStatusUpdate",
            instruction_id=response["id"],
            status_type="STARTED",
            timestamp="2026-11-22T12:00:00Z",
        )
    )

    assert device.instructor.last
    assert device.instructor.last.status == "STARTED"


async def test_a_refused_instruction_is_known_as_rejected(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    response = await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION)
    while (heard := await battery.hear()) and heard["message_type"] != "FRBC.Instruction":
        pass
    await battery.send(answer(response["id"], "INVALID_CONTENT"))
    await battery.say(storage_status(41))
    (device,) = entry.runtime_data.s2.devices.values()

    assert device.instructor.last
    assert device.instructor.last.status == "REJECTED"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"message_type": "Handshake"}, "the message type is no instruction"),
        ({"message_type": ["x"]}, "the message type is no instruction"),
        ({"operation_mode_factor": 1.5}, "operation_mode_factor"),
        ({"operation_mode_factor": "x"}, "operation_mode_factor"),
        ({"execution_time": "yesterday"}, "execution_time"),
    ],
)
async def test_an_instruction_that_makes_no_sense_is_refused_with_the_reason(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    battery: ConnectedDevice,
    change: dict[str, Any],
    reason: str,
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION | change)

    assert refused.value.translation_key == "s2_instruction"
    assert refused.value.translation_placeholders
    assert reason in refused.value.translation_placeholders["message"]


@pytest.mark.parametrize("given", ["text", [1], {"operation_mode_factor": float("nan")}])
async def test_what_is_no_object_is_no_instruction(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice, given: object
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, entry, "s2_send_instruction", instruction=given)

    assert refused.value.translation_key == "not_an_object"


@pytest.mark.parametrize(
    "change",
    [{"operation_mode": "boost", "abnormal_condition": True}, {"actuator_id": "unknown"}],
)
async def test_an_instruction_that_the_device_cannot_follow_is_not_sent(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    battery: ConnectedDevice,
    change: dict[str, Any],
) -> None:
    with pytest.raises(HomeAssistantError) as refused:
        await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION | change)

    assert refused.value.translation_key == "s2_refused"
    await battery.say(storage_status(41))
    assert "FRBC.Instruction" not in [said["message_type"] for said in battery.said]


async def test_another_control_type_can_be_selected_and_none(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    (device,) = entry.runtime_data.s2.devices.values()
    await call(hass, entry, "s2_select_control_type", control_type="not_controlable")
    asked = await battery.hear_until("SelectControlType")
    assert asked["control_type"] == "NOT_CONTROLABLE"
    await battery.say(measurement(L1=1))
    assert device.control_type == "NOT_CONTROLABLE"
    assert device.observation.fill_level is None

    await call(hass, entry, "s2_select_control_type", control_type="no_selection")
    await battery.hear_until("SelectControlType")
    await battery.say(measurement(L1=1))

    assert device.control_type is None


async def test_a_control_type_that_the_device_does_not_have_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    with pytest.raises(HomeAssistantError) as refused:
        await call(
            hass, entry, "s2_select_control_type", control_type="power_profile_based_control"
        )

    assert refused.value.translation_key == "s2_refused"


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("s2_select_control_type", {"control_type": "not_controlable"}),
        ("s2_send_instruction", {"instruction": INSTRUCTION}),
    ],
)
async def test_a_device_that_is_away_is_told_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, data: dict[str, Any]
) -> None:
    with pytest.raises(HomeAssistantError) as refused:
        await call(hass, entry, action, **data)

    assert refused.value.translation_key == "s2_not_connected"


async def test_a_device_that_speaks_no_s2_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, entry, "s2_get_session", device_id=device_id(hass, entry, asset=4))

    assert refused.value.translation_key == "no_s2_device"


async def test_the_session_tells_what_the_device_said(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    session = await call(hass, entry, "s2_get_session")

    assert session["connected"] is True
    assert session["state"] == "active"
    assert session["version"] == "0.0.2-beta"
    assert session["control_type"] == "FILL_RATE_BASED_CONTROL"
    assert session["details"]["resource_id"] == "battery-1"
    assert session["details"]["instruction_processing_delay"] == 1.5
    assert session["observation"]["fill_level"] == 40.0
    assert session["counters"]["refused"] == 0
    assert session["messages"][0]["message"]["message_type"] == "Handshake"
    assert session["messages"][0]["sent"] is False
    json.dumps(session)


async def test_only_the_last_two_hundred_messages_and_no_long_ones_are_kept(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    for number in range(110):
        await battery.say(storage_status(number / 2))
    await battery.send("x" * 5000)
    await battery.hear()

    session = await call(hass, entry, "s2_get_session")

    assert len(session["messages"]) == 200
    assert session["messages"][-2]["message"] == {"length": 5000}


async def test_diagnostics_hold_no_secret_and_no_name_of_the_device(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION)

    diagnostics = await async_get_config_entry_diagnostics(hass, entry)

    text = json.dumps(diagnostics["s2_devices"]) + json.dumps(diagnostics["entry"], default=str)
    assert SECRET not in text
    assert "battery-1" not in text
    assert '"inverter"' not in text
    (report,) = diagnostics["s2_devices"].values()
    described = next(
        item["message"]
        for item in report["messages"]
        if item["message"].get("message_type") == "FRBC.SystemDescription"
    )
    instructed = report["messages"][-1]["message"]
    assert instructed["message_type"] == "FRBC.Instruction"
    assert instructed["actuator_id"] == described["actuators"][0]["id"]
    assert instructed["actuator_id"].startswith("id-")


async def test_a_device_that_never_came_has_an_empty_report(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    session = await call(hass, entry, "s2_get_session")

    assert session["connected"] is False
    assert session["details"] is None
    assert session["messages"] == []


async def test_a_temporary_refusal_is_known_as_rejected_and_unknown_answers_change_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    response = await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION)
    while (heard := await battery.hear()) and heard["message_type"] != "FRBC.Instruction":
        pass
    await battery.send(answer("unknown", "INVALID_CONTENT"))
    await battery.send(answer(response["id"], "TEMPORARY_ERROR"))
    await battery.say(storage_status(41))
    (device,) = entry.runtime_data.s2.devices.values()

    assert device.instructor.last
    assert device.instructor.last.status == "REJECTED"


async def test_an_instruction_whose_ground_is_taken_back_is_taken_back(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    description = fill_rate_description()
    await battery.say(description)
    later = {**INSTRUCTION, "execution_time": "2999-01-01T00:00:00Z"}
    await call(hass, entry, "s2_send_instruction", instruction=later)
    await battery.hear_until("FRBC.Instruction")

    await battery.say(revoke("FRBC.SystemDescription", description["message_id"]))

    (device,) = entry.runtime_data.s2.devices.values()
    assert device.instructor.last
    assert device.instructor.last.status == "REVOKED"


async def test_a_device_that_refuses_its_control_types_is_measured_all_the_same(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    device = await ConnectedDevice.knock(hass, await hass_client_no_auth())
    await device.introduce("POWER_ENVELOPE_BASED_CONTROL")
    while not any(said["message_type"] == "SelectControlType" for said in device.said):
        await device.hear()
    await device.send(answer(device.said[-1]["message_id"], "INVALID_CONTENT"))
    await device.say(measurement(L1=700))

    (known,) = entry.runtime_data.s2.devices.values()
    assert known.control_type is None
    assert known.observation.power == 700
    assert "does not want to follow POWER_ENVELOPE_BASED_CONTROL" in caplog.text


async def test_texts_in_bytes_are_read_and_kept_like_others(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    status = storage_status(77)
    await battery.socket.send_bytes(json.dumps(status).encode())
    while status["message_id"] not in battery.statuses:
        await battery.hear()

    session = await call(hass, entry, "s2_get_session")

    assert session["observation"]["fill_level"] == 77.0
    assert session["messages"][-2]["message"]["present_fill_level"] == 77
