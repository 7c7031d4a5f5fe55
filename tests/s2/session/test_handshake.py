"""How a session begins: the version that both speak, and whose handshake comes when."""

from datetime import timedelta
import json
from typing import Any

import pytest

from custom_components.flexmeasures.s2.codec import load
from custom_components.flexmeasures.s2.events import Closed, CloseReason, VersionChosen
from custom_components.flexmeasures.s2.options import HandshakeOrder, SessionOptions, SessionState

from ..devices import NOW, SECOND, Device
from ..samples import answer, details, handshake, message
from .control_types import TEN_SECONDS


@pytest.mark.parametrize(
    ("offered", "selected", "spoken"),
    [
        (("0.0.2-beta",), "0.0.2-beta", True),
        (("0.0.2-beta", "1.0.0"), "1.0.0", True),
        (("v1.0.0", "0.0.2-beta"), "v1.0.0", True),
        (("v1.0.0", "1.0.0"), "v1.0.0", True),
        (("0.0.1-beta", "2.0"), "0.0.1-beta", False),
    ],
)
def test_the_best_version_that_both_speak_is_selected_as_the_device_spells_it(
    offered: tuple[str, ...], selected: str, spoken: bool
) -> None:
    device = Device()

    device.says(handshake(*offered))

    assert device.heard[2]["selected_protocol_version"] == selected
    assert device.events == (VersionChosen(version=selected, spoken=spoken),)
    assert device.session.state is SessionState.VERSIONED


def test_a_device_that_offers_no_version_is_told_so_and_left() -> None:
    device = Device()

    assert device.says(message("Handshake", role="RM")) == "INVALID_CONTENT"

    assert device.heard[1]["request"] == "TERMINATE"
    assert device.events == (Closed(reason=CloseReason.NO_VERSION),)


def test_another_energy_manager_and_a_second_handshake_are_refused() -> None:
    device = Device()

    assert device.says(handshake() | {"role": "CEM"}) == "INVALID_CONTENT"
    assert device.says(handshake()) == "OK"
    assert device.says(handshake("1.0.0")) == "INVALID_CONTENT"
    assert device.session.version == "0.0.2-beta"


def test_details_before_the_handshake_are_refused() -> None:
    assert Device().says(details()) == "INVALID_CONTENT"


def test_a_device_that_waits_for_our_handshake_gets_it_after_a_second() -> None:
    device = Device()
    assert device.session.next_deadline == NOW + SECOND

    assert device.waits(timedelta(seconds=0.9)) == []
    device.waits(timedelta(seconds=0.1))
    assert device.kinds == ["Handshake"]
    device.says(handshake())
    assert device.kinds == ["ReceptionStatus", "HandshakeResponse"]


def test_a_device_that_reads_by_position_gets_our_handshake_after_its_selection() -> None:
    device = Device()

    device.says(handshake("0.1.0"))
    assert device.kinds == ["ReceptionStatus", "HandshakeResponse"]
    device.answers_all()
    device.says(details())
    assert device.kinds == ["ReceptionStatus", "SelectControlType"]
    device.answers_all()
    assert device.kinds == ["Handshake"]
    device.says(answer(device.last("Handshake")))
    assert device.session.state is SessionState.ACTIVE


@pytest.mark.parametrize(
    ("order", "offered", "kinds"),
    [
        (HandshakeOrder.BEFORE_RESPONSE, "0.1.0", ["Handshake", "HandshakeResponse"]),
        (HandshakeOrder.AFTER_SELECTION, "1.0.0", ["HandshakeResponse"]),
    ],
)
def test_an_installer_can_choose_when_our_handshake_comes(
    order: HandshakeOrder, offered: str, kinds: list[str]
) -> None:
    device = Device(SessionOptions(handshake_order=order))

    device.says(handshake(offered))

    assert device.kinds[1:] == kinds


def test_a_device_that_never_says_who_it_is_is_left_after_a_minute() -> None:
    device = Device()
    device.says(handshake())
    device.answers_all()
    assert device.session.next_deadline == NOW + timedelta(seconds=60)

    assert device.waits(timedelta(seconds=59)) == []
    device.waits(SECOND)
    assert device.heard[0]["request"] == "TERMINATE"
    assert device.events == (Closed(reason=CloseReason.NOT_IDENTIFIED),)


def test_a_device_that_goes_on_without_answering_the_version_is_kept() -> None:
    device = Device()
    device.says(handshake(), details())
    device.says(answer(device.last("SelectControlType")))

    device.waits(TEN_SECONDS)

    assert device.session.state is SessionState.ACTIVE
    assert device.session.counters.unanswered == 2


def test_a_refused_handshake_of_ours_ends_nothing() -> None:
    device = Device()
    device.says(handshake())
    device.says(answer(device.last("Handshake"), "INVALID_MESSAGE"))

    assert device.session.state is SessionState.VERSIONED


def test_random_names_are_uuids_and_differ() -> None:
    texts: list[dict[str, Any]] = []
    for _ in range(2):
        session = Device().session.__class__(load(), NOW)
        texts += map(json.loads, session.receive(json.dumps(handshake()), NOW).texts)
    names = [text["message_id"] for text in texts if "message_id" in text]

    assert len(set(names)) == 4
    assert {len(name) for name in names} == {36}
