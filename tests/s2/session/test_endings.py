"""How a session ends."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.events import Closed, CloseReason
from custom_components.flexmeasures.s2.messages.session import SessionRequestType
from custom_components.flexmeasures.s2.options import SessionState

from ..devices import NOW, SECOND, Device, described, identified, instruction
from ..samples import answer, handshake, message, storage_status
from .control_types import TEN_SECONDS


@pytest.mark.parametrize(
    ("request_type", "reason"),
    [
        ("TERMINATE", CloseReason.DEVICE_TERMINATED),
        ("RECONNECT", CloseReason.DEVICE_RECONNECTS),
    ],
)
def test_a_device_can_end_the_session(request_type: str, reason: CloseReason) -> None:
    device = described()

    assert device.says(message("SessionRequest", request=request_type)) == "OK"

    assert device.events == (Closed(reason=reason),)
    assert device.session.state is SessionState.CLOSED
    # Nobody listens any more.
    assert device.says(storage_status()) == ""
    assert device.waits(TEN_SECONDS) == []
    assert device.session.next_deadline is None


def test_we_can_end_the_session_once() -> None:
    device = described()

    (sent,) = device.takes(device.session.close(SessionRequestType.RECONNECT, CloseReason.STOPPED))

    assert (sent["request"], sent["diagnostic_label"]) == ("RECONNECT", "stopped")
    assert device.events == (Closed(reason=CloseReason.STOPPED),)
    assert (
        device.takes(device.session.close(SessionRequestType.RECONNECT, CloseReason.STOPPED)) == []
    )
    device.takes(device.session.connection_lost())
    assert not device.events


def test_a_lost_connection_ends_the_session_without_a_word() -> None:
    device = described()

    assert device.takes(device.session.connection_lost()) == []
    assert device.events == (Closed(reason=CloseReason.CONNECTION_LOST),)


def test_a_device_that_does_not_answer_the_version_is_left_after_ten_seconds() -> None:
    device = Device()
    device.says(handshake())

    assert device.waits(timedelta(seconds=9)) == []
    device.waits(SECOND)

    assert device.kinds == ["SessionRequest"]
    assert device.events == (Closed(reason=CloseReason.NOT_ACKNOWLEDGED),)
    assert device.session.counters.unanswered == 2


def test_a_device_that_does_not_answer_the_selection_is_left_after_ten_seconds() -> None:
    device = identified()

    device.waits(TEN_SECONDS)

    assert device.events == (Closed(reason=CloseReason.NOT_ACKNOWLEDGED),)


@pytest.mark.parametrize("status", ["INVALID_CONTENT", "TEMPORARY_ERROR", "PERMANENT_ERROR"])
def test_a_device_that_refuses_the_version_is_left(status: str) -> None:
    device = Device()
    device.says(handshake())

    device.says(answer(device.last("HandshakeResponse"), status))

    assert device.kinds == ["SessionRequest"]
    assert device.events == (Closed(reason=CloseReason.REFUSED_BY_DEVICE),)


def test_a_permanent_error_ends_the_session() -> None:
    device = described()
    device.session.send_instruction(instruction(), NOW)

    device.says(answer("instruction-1", "PERMANENT_ERROR"))

    assert device.events[-1] == Closed(reason=CloseReason.REFUSED_BY_DEVICE)
