"""Rules A19 to A21: devices that come back, the stop of everything, and what is remembered."""

from datetime import timedelta
import json

from custom_components.flexmeasures.s2.codec import load
from custom_components.flexmeasures.s2.events import Closed, CloseReason
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.session import Session
from custom_components.flexmeasures.s2.sessions import Sessions

from ..devices import NOW, active, described, instruction
from ..samples import (
    actuator,
    actuator_status,
    answer,
    details,
    fill_rate_description,
    handshake,
    leakage,
    revoke,
)


def test_a19_a_device_that_comes_back_replaces_its_old_session() -> None:
    sessions = Sessions()
    for connection in ("first", "second"):
        sessions.open(connection, "owner", Session(load(), NOW))
        sessions.receive(connection, json.dumps(handshake()), NOW)
    sessions.receive("first", json.dumps(details()), NOW)

    old, new = sessions.receive("second", json.dumps(details()), NOW)

    assert (old.connection, new.connection) == ("first", "second")
    assert json.loads(old.output.texts[0])["request"] == "TERMINATE"
    assert old.output.events == (Closed(reason=CloseReason.REPLACED),)
    assert json.loads(new.output.texts[0])["status"] == "OK"
    assert [name for name, _ in sessions] == ["second"]


def test_a20_all_devices_are_asked_to_come_back_when_we_stop() -> None:
    sessions = Sessions()
    for connection in ("first", "second"):
        sessions.open(connection, "owner", Session(load(), NOW))

    closed = sessions.close_all()

    assert [json.loads(routed.output.texts[0])["request"] for routed in closed] == ["RECONNECT"] * 2
    assert [routed.connection for routed in closed] == ["first", "second"]
    assert len(sessions) == 0


def test_a21_what_a_session_remembers_is_bounded() -> None:
    device = described()
    for number in range(2000):
        device.says(fill_rate_description(), leakage(), answer(f"unknown-{number}"))
        device.session.send_instruction(instruction(f"instruction-{number}"), NOW)

    session = device.session
    assert session.instructions.get("instruction-1499") is None
    assert session.instructions.get("instruction-1500") is not None
    late = device.waits(timedelta(seconds=10))
    assert late == []
    # Of 2000 answers that never came, the newest 256 were still waited for.
    assert len(device.events) == 256


def test_a21_what_is_announced_is_bounded_and_what_is_in_force_stays() -> None:
    device = described()
    announced = [
        fill_rate_description(valid_from=f"2026-11-22T12:{minute:02}:00Z") for minute in range(20)
    ]
    device.says(*announced)

    # One in force and 15 later ones: of the 20 announced, the first 5 are forgotten.
    answers = [
        device.says(revoke("FRBC.SystemDescription", one["message_id"])) for one in announced
    ]
    assert answers == ["INVALID_CONTENT"] * 5 + ["OK"] * 15
    assert device.takes(device.session.send_instruction(instruction(), NOW))


def test_a21_what_waits_for_a_description_is_bounded() -> None:
    device = active()
    for number in range(100):
        device.says(actuator_status(actuator=f"actuator-{number}"))
    names = [f"actuator-{number}" for number in range(30, 40)]
    device.says(fill_rate_description(*(actuator(name) for name in names)))

    # 64 are kept: those from number 36 on.
    waited = [event for event in device.events if isinstance(event, frbc.ActuatorStatus)]
    assert [status.actuator_id for status in waited] == names[6:]
