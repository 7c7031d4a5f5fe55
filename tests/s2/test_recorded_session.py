"""A recorded session with a device made with s2-python: our side says the same again."""

import json
from pathlib import Path
from typing import Any

from custom_components.flexmeasures.s2.events import Event
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.components import ControlType
from custom_components.flexmeasures.s2.messages.session import PowerMeasurement
from custom_components.flexmeasures.s2.options import SessionState

from .devices import Device
from .samples import answer

RECORD = Path(__file__).parent / "recorded_session.jsonl"


def said_by_the_device() -> list[dict[str, Any]]:
    """Return its messages; its answers name messages of the recorded energy manager."""
    lines = [json.loads(line) for line in RECORD.read_text().splitlines()]
    said = [line["msg"] for line in lines if line["dir"] == "RM->CEM"]
    return [message for message in said if message["message_type"] != "ReceptionStatus"]


def test_the_recorded_device_is_understood() -> None:
    device = Device()
    events: list[Event] = []
    for message in said_by_the_device():
        assert device.says(message) == "OK"
        events += device.events
        for heard in device.heard:
            if "message_id" in heard:
                device.says(answer(heard["message_id"]))
                events += device.events

    session = device.session
    assert (session.version, session.state) == ("0.0.2-beta", SessionState.ACTIVE)
    assert session.control_type is ControlType.FILL_RATE_BASED_CONTROL
    assert session.counters.refused == session.counters.unknown_answers == 0
    storage = next(event for event in events if isinstance(event, frbc.StorageStatus))
    assert storage.present_fill_level == 10
    watts = [event.values[0].value for event in events if isinstance(event, PowerMeasurement)]
    assert [round(value, 1) for value in watts] == [51.9, 23.7, 82.6, 43.8, 59.8]


def test_the_recorded_device_can_be_instructed() -> None:
    device = Device()
    for message in said_by_the_device():
        device.says(message)
    actuator = "350ee086-7531-4bc5-98c8-3d1b4d22aef0"
    charge = frbc.Instruction(
        id="db9a76d2-d847-4214-973f-4813794711ab",
        execution_time=device.now,
        actuator_id=actuator,
        operation_mode_id="73d2a35a-67b3-4020-957e-a452a97749d1",
        operation_mode_factor=1.0,
    )

    (sent,) = device.takes(device.session.send_instruction(charge, device.now))

    assert (sent["actuator_id"], sent["operation_mode_factor"]) == (actuator, 1)
