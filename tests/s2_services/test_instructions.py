"""Instructions that people send to S2 devices: what is sent, what is refused, and what becomes of them."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..s2.samples import answer, fill_rate_description, revoke, status_update, storage_status
from ..s2_devices import ConnectedDevice
from .actions import INSTRUCTION, call, instruct, last_status


async def test_an_instruction_is_sent_as_it_is(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    response = await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION)

    heard = await battery.hear_until("FRBC.Instruction")
    assert heard["message_id"] == heard["id"] == response["id"]
    assert heard["operation_mode"] == "charge"
    assert heard["operation_mode_factor"] == 0.5
    assert heard["abnormal_condition"] is False
    assert last_status(entry) == "NEW"


async def test_what_becomes_of_an_instruction_is_known(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    response = await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION)
    await battery.hear_until("FRBC.Instruction")

    await battery.say(status_update(response["id"], "STARTED"))

    assert last_status(entry) == "STARTED"


async def test_a_refused_instruction_is_known_as_rejected(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    instruction = await instruct(hass, entry, battery)
    await battery.send(answer(instruction, "INVALID_CONTENT"))
    await battery.say(storage_status(41))

    assert last_status(entry) == "REJECTED"


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


async def test_a_temporary_refusal_is_known_as_rejected_and_unknown_answers_change_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    instruction = await instruct(hass, entry, battery)
    await battery.send(answer("unknown", "INVALID_CONTENT"))
    await battery.send(answer(instruction, "TEMPORARY_ERROR"))
    await battery.say(storage_status(41))

    assert last_status(entry) == "REJECTED"


async def test_an_instruction_whose_ground_is_taken_back_is_taken_back(
    hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice
) -> None:
    description = fill_rate_description()
    await battery.say(description)
    later = {**INSTRUCTION, "execution_time": "2999-01-01T00:00:00Z"}
    await call(hass, entry, "s2_send_instruction", instruction=later)
    await battery.hear_until("FRBC.Instruction")

    await battery.say(revoke("FRBC.SystemDescription", description["message_id"]))

    assert last_status(entry) == "REVOKED"
