"""What people are told of the session with an S2 device, and which control type they choose in it."""

import json

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.diagnostics import async_get_config_entry_diagnostics

from ..s2.samples import answer, storage_status
from ..s2_devices import SECRET, ConnectedDevice
from ..s2_words import measurement
from ..site_actions import call_on
from .actions import INSTRUCTION, call


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


async def test_a_device_that_speaks_no_s2_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await call_on(hass, entry, 4, "s2_get_session")

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
