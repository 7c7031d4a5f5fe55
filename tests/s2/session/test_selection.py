"""What a session asks a device to follow, and what happens to it when either side changes its mind."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.events import (
    ControlTypeActivated,
    ControlTypeDeactivated,
    ControlTypeRefused,
    Identified,
)
from custom_components.flexmeasures.s2.messages import frbc
from custom_components.flexmeasures.s2.messages.components import ControlType
from custom_components.flexmeasures.s2.messages.session import ReceptionStatusValue
from custom_components.flexmeasures.s2.options import SessionOptions, SessionState
from custom_components.flexmeasures.s2.wire import MessageError

from ..devices import NOW, Device, active, described, identified
from ..samples import (
    answer,
    details,
    fill_rate_description,
    power_constraints,
    revoke,
    storage_status,
)
from .control_types import FRBC, NOT_CONTROLABLE, OMBC, PEBC, TEN_SECONDS


@pytest.mark.parametrize(
    ("available", "chosen"),
    [
        ((PEBC, OMBC, FRBC), FRBC),
        ((PEBC, OMBC), OMBC),
        ((NOT_CONTROLABLE, PEBC), PEBC),
        ((ControlType.NO_SELECTION, NOT_CONTROLABLE), NOT_CONTROLABLE),
    ],
)
def test_the_control_type_that_says_most_is_selected(
    available: tuple[ControlType, ...], chosen: ControlType
) -> None:
    device = identified(*available)

    assert device.heard[1]["control_type"] == chosen
    (event,) = device.events
    assert isinstance(event, Identified)
    assert event.details.instruction_processing_delay == timedelta(seconds=1.5)


def test_a_preference_of_the_user_wins_and_an_empty_one_selects_nothing() -> None:
    preferring = identified(FRBC, PEBC, options=SessionOptions(preference=(PEBC, FRBC)))
    assert preferring.heard[1]["control_type"] == PEBC

    waiting = identified(FRBC, options=SessionOptions(preference=()))
    assert waiting.kinds == ["ReceptionStatus"]
    assert waiting.session.state is SessionState.IDENTIFIED


def test_a_control_type_is_active_once_the_device_agrees() -> None:
    device = identified()
    assert device.session.control_type is None

    device.says(answer(device.last("SelectControlType")))

    assert device.events == (ControlTypeActivated(control_type=FRBC),)
    assert (device.session.state, device.session.control_type) == (SessionState.ACTIVE, FRBC)


def test_a_device_that_describes_itself_before_it_answers_has_agreed() -> None:
    device = identified()
    selection = device.last("SelectControlType")

    assert device.says(fill_rate_description()) == "OK"

    assert isinstance(device.events[0], ControlTypeActivated)
    assert isinstance(device.events[1], frbc.SystemDescription)
    device.waits(TEN_SECONDS)
    assert device.session.state is SessionState.ACTIVE
    device.says(answer(selection))
    assert not device.events


def test_a_refused_control_type_is_followed_by_the_next_best() -> None:
    device = identified(FRBC, PEBC)

    device.says(answer(device.last("SelectControlType"), "INVALID_CONTENT"))

    assert device.events == (
        ControlTypeRefused(control_type=FRBC, status=ReceptionStatusValue.INVALID_CONTENT),
    )
    assert device.heard[0]["control_type"] == PEBC
    device.says(answer(device.last("SelectControlType"), "INVALID_CONTENT"))
    assert (device.heard, device.session.state) == ([], SessionState.IDENTIFIED)
    # With new details everything is tried again.
    device.says(details(FRBC, PEBC))
    assert device.heard[1]["control_type"] == FRBC


def test_a_temporary_error_is_tried_again_after_five_seconds() -> None:
    device = identified()
    device.says(answer(device.last("SelectControlType"), "TEMPORARY_ERROR"))
    assert device.heard == []
    assert device.session.next_deadline == NOW + timedelta(seconds=5)

    device.waits(timedelta(seconds=5))

    assert device.kinds == ["SelectControlType"]
    device.answers_all()
    assert device.session.state is SessionState.ACTIVE


def test_switching_ends_one_control_type_and_begins_another() -> None:
    device = active(FRBC, PEBC)
    device.says(fill_rate_description())

    device.takes(device.session.select_control_type(PEBC, NOW))
    assert device.events == (ControlTypeDeactivated(control_type=FRBC),)
    selection = device.last("SelectControlType")
    # What is still under way belongs to the old one: it is not the device's fault.
    assert device.says(storage_status()) == "OK"
    assert not device.events
    assert device.says(revoke("FRBC.SystemDescription", "any")) == "OK"
    assert not device.events
    assert device.session.counters.ignored == 2

    device.says(answer(selection))
    assert device.events == (ControlTypeActivated(control_type=PEBC),)
    assert device.says(storage_status()) == "INVALID_CONTENT"
    assert device.says(power_constraints()) == "OK"


def test_changing_ones_mind_twice_does_not_blame_the_device_either() -> None:
    device = active(FRBC, PEBC, OMBC)
    device.session.select_control_type(PEBC, NOW)
    device.session.select_control_type(OMBC, NOW)

    assert device.says(storage_status()) == "OK"
    assert device.session.counters.ignored == 1


def test_an_answer_to_an_earlier_selection_does_not_count_for_the_later_one() -> None:
    device = identified(FRBC, PEBC)
    first = device.last("SelectControlType")
    device.takes(device.session.select_control_type(PEBC, NOW))

    device.says(answer(first))

    assert device.session.control_type is None


def test_only_what_the_device_has_can_be_selected() -> None:
    device = identified(FRBC)
    with pytest.raises(MessageError, match="does not have this control type"):
        device.session.select_control_type(OMBC, NOW)
    with pytest.raises(MessageError, match="has not identified itself"):
        Device().session.select_control_type(FRBC, NOW)
    device.session.connection_lost()
    with pytest.raises(MessageError, match="has not identified itself"):
        device.session.select_control_type(FRBC, NOW)


def test_new_details_keep_a_control_type_that_is_still_there() -> None:
    device = described()

    assert device.says(details(FRBC, PEBC)) == "OK"

    assert device.kinds == ["ReceptionStatus"]
    assert device.session.control_type is FRBC
    assert device.says(storage_status()) == "OK"


def test_new_details_without_the_active_control_type_select_another() -> None:
    device = described()

    device.says(details(PEBC))

    assert device.heard[1]["control_type"] == PEBC
    assert isinstance(device.events[1], ControlTypeDeactivated)


def test_new_details_with_nothing_that_is_wanted_end_the_control_type() -> None:
    device = active(FRBC, options=SessionOptions(preference=(FRBC,)))

    device.says(details(PEBC))

    assert device.heard[1]["control_type"] == "NO_SELECTION"
    device.says(answer(device.last("SelectControlType")))
    assert (device.session.state, device.session.control_type) == (SessionState.IDENTIFIED, None)


def test_new_details_do_not_undo_that_a_person_selected_nothing() -> None:
    device = active()
    device.takes(device.session.select_control_type(ControlType.NO_SELECTION, NOW))
    device.answers_all()

    device.says(details())
    assert device.kinds == ["ReceptionStatus"]

    device.takes(device.session.select_control_type(FRBC, NOW))
    device.answers_all()
    assert device.session.control_type is FRBC


def test_another_device_in_the_same_session_is_refused() -> None:
    device = described()

    assert device.says(details(resource_id="another")) == "INVALID_CONTENT"
    assert device.session.details is not None
    assert device.session.details.resource_id == "battery-1"
