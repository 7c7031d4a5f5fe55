"""Several devices side by side: none of them can disturb another one."""

from datetime import timedelta
import json

import pytest

from custom_components.flexmeasures.s2.codec import load
from custom_components.flexmeasures.s2.events import Closed, CloseReason
from custom_components.flexmeasures.s2.options import SessionState
from custom_components.flexmeasures.s2.session import Session
from custom_components.flexmeasures.s2.sessions import (
    MAXIMUM_SESSIONS,
    DeviceKey,
    Sessions,
    TooManySessionsError,
)
from custom_components.flexmeasures.s2.wire import JsonObject

from .devices import NOW
from .samples import details, handshake, message, power_measurement


def connect(sessions: Sessions, connection: str, owner: str = "owner") -> Session:
    """Return the session of a new connection."""
    session = Session(load(), NOW)
    sessions.open(connection, owner, session)
    return session


def say(sessions: Sessions, connection: str, *messages: JsonObject) -> list[str]:
    """Send messages over a connection; return the connections on which something came of it."""
    touched: list[str] = []
    for said in messages:
        touched += [
            routed.connection for routed in sessions.receive(connection, json.dumps(said), NOW)
        ]
    return touched


def test_each_device_is_found_by_who_it_is() -> None:
    sessions = Sessions()
    first, second = connect(sessions, "a"), connect(sessions, "b")
    say(sessions, "a", handshake(), details(resource_id="battery"))
    say(sessions, "b", handshake(), details(resource_id="heat-pump"))

    assert sessions.session_of(DeviceKey(owner="owner", resource_id="battery")) is first
    assert sessions.session_of(DeviceKey(owner="owner", resource_id="heat-pump")) is second
    assert sessions.session_of(DeviceKey(owner="owner", resource_id="car")) is None
    assert say(sessions, "a", power_measurement(5)) == ["a"]


def test_a_device_cannot_push_out_the_device_of_another_secret() -> None:
    sessions = Sessions()
    own = connect(sessions, "a", "battery's secret")
    connect(sessions, "b", "intruder's secret")
    say(sessions, "a", handshake(), details())

    assert say(sessions, "b", handshake(), details()) == ["b", "b"]

    assert own.state is not SessionState.CLOSED
    assert sessions.session_of(DeviceKey(owner="battery's secret", resource_id="battery-1")) is own


def test_details_that_are_sent_again_replace_nothing() -> None:
    sessions = Sessions()
    session = connect(sessions, "a")

    assert say(sessions, "a", handshake(), details(), details()) == ["a", "a", "a"]
    assert session.state is not SessionState.CLOSED


def test_the_end_of_a_replaced_connection_does_not_touch_the_new_one() -> None:
    sessions = Sessions()
    connect(sessions, "a")
    new = connect(sessions, "b")
    say(sessions, "a", handshake(), details())
    say(sessions, "b", handshake(), details())

    assert sessions.connection_lost("a") == ()
    assert say(sessions, "a", power_measurement(5)) == []
    assert sessions.accept("a", load().read("{}"), NOW) == ()
    assert sessions.session_of(DeviceKey(owner="owner", resource_id="battery-1")) is new


def test_a_closed_session_is_forgotten() -> None:
    sessions = Sessions()
    connect(sessions, "a")
    connect(sessions, "b")
    say(sessions, "a", handshake(), details())
    say(sessions, "a", message("SessionRequest", request="TERMINATE"))
    (lost,) = sessions.connection_lost("b")

    assert lost.output.events == (Closed(reason=CloseReason.CONNECTION_LOST),)
    assert len(sessions) == 0
    assert sessions.session_of(DeviceKey(owner="owner", resource_id="battery-1")) is None
    assert sessions.next_deadline() is None


def test_each_session_is_ticked_when_it_is_due() -> None:
    sessions = Sessions()
    connect(sessions, "a")
    sessions.open("b", "owner", Session(load(), NOW + timedelta(seconds=5)))

    assert sessions.next_deadline() == NOW + timedelta(seconds=1)
    assert sessions.tick(NOW) == ()
    (routed,) = sessions.tick(NOW + timedelta(seconds=1))
    assert routed.connection == "a"
    assert json.loads(routed.output.texts[0])["message_type"] == "Handshake"
    assert sessions.next_deadline() == NOW + timedelta(seconds=6)


def test_large_texts_may_be_read_elsewhere() -> None:
    sessions = Sessions()
    session = connect(sessions, "a")

    (routed,) = sessions.accept("a", load().read(json.dumps(handshake())), NOW)

    assert json.loads(routed.output.texts[0])["status"] == "OK"
    assert session.state is SessionState.VERSIONED


def test_a_storm_of_connections_is_bounded() -> None:
    sessions = Sessions()
    for number in range(MAXIMUM_SESSIONS):
        connect(sessions, f"connection-{number}")

    with pytest.raises(TooManySessionsError):
        connect(sessions, "one too many")
    sessions.connection_lost("connection-0")
    connect(sessions, "now")
