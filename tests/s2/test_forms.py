"""What fits its form is right by the standard's schema, too; in doubt the schema decides."""

import json
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flexmeasures.s2.codec import Refusal, load
from custom_components.flexmeasures.s2.forms import FORMS, unless_known
from custom_components.flexmeasures.s2.messages.components import CommodityQuantity
from custom_components.flexmeasures.s2.schema import validators
from custom_components.flexmeasures.s2.wire import JsonObject, MessageError

from .samples import actuator_status, message, power_measurement, storage_status
from .test_any_text import values

MODE: JsonObject = {
    "active_operation_mode_id": "on",
    "operation_mode_factor": 1,
    "previous_operation_mode_id": "off",
    "transition_timestamp": "2026-11-22T08:00:00.25+01:00",
}
FREQUENT = [
    storage_status(40),
    power_measurement(1.5, -2, 3, quantities=("L1", "L2", "L3")),
    actuator_status() | MODE | {"active_operation_mode_id": "charge"},
    message("DDBC.ActuatorStatus", actuator_id="pump", **MODE),
    message("OMBC.Status", **MODE),
]
SCHEMA = validators(FORMS)


def by_schema(raw: JsonObject) -> bool:
    """Tell whether the schema's own check accepts a message."""
    try:
        SCHEMA[str(raw["message_type"])](raw)
    except MessageError:
        return False
    return True


@pytest.mark.parametrize("raw", FREQUENT, ids=lambda raw: raw["message_type"])
def test_what_devices_say_every_second_needs_no_schema(raw: JsonObject) -> None:
    def never(_: JsonObject) -> None:
        raise AssertionError("the schema was asked")

    unless_known(str(raw["message_type"]), never)(raw)

    assert by_schema(raw)
    assert {frequent["message_type"] for frequent in FREQUENT} == FORMS.keys()


@pytest.mark.parametrize("quantity", CommodityQuantity)
def test_every_quantity_of_the_standard_is_known_by_its_form(quantity: CommodityQuantity) -> None:
    raw = power_measurement(1)
    raw["values"] = [{"commodity_quantity": quantity.value, "value": 1}]

    assert FORMS["PowerMeasurement"].fits(raw)
    assert by_schema(raw)


@pytest.mark.parametrize(
    "raw",
    [
        storage_status() | {"comment": "x"},
        {"message_type": "FRBC.StorageStatus", "message_id": "one"},
        storage_status(True),
        storage_status("5"),
        storage_status(2**53),
        storage_status(None),
        storage_status() | {"message_id": "<b>"},
        power_measurement(1) | {"values": []},
        power_measurement(1) | {"values": [{"commodity_quantity": "ELECTRIC.POWER.L1"}]},
        power_measurement(1) | {"values": [1]},
        power_measurement(1) | {"values": {"value": 1}},
        power_measurement(1) | {"measurement_timestamp": "2026-11-22T08:00:00"},
        power_measurement(1) | {"measurement_timestamp": 5},
        message("OMBC.Status", **MODE) | {"transition_timestamp": None},
    ],
    ids=str,
)
def test_in_doubt_the_schema_is_asked(raw: JsonObject) -> None:
    asked: list[JsonObject] = []

    unless_known(str(raw["message_type"]), asked.append)(raw)

    assert asked == [raw]


def test_other_messages_are_left_to_the_schema() -> None:
    check = SCHEMA["OMBC.Status"]

    assert unless_known("FRBC.SystemDescription", check) is check


@st.composite
def nearly_right(draw: st.DrawFn) -> Any:
    """Return a frequent message with another value, or none, in one place, or with something more."""
    raw: Any = json.loads(json.dumps(draw(st.sampled_from(FREQUENT))))
    place = raw
    if "values" in raw and draw(st.booleans()):
        place = raw["values"][0]
    name = draw(st.sampled_from([*place, "more"]))
    if name != "message_type" and draw(st.booleans()):
        place[name] = draw(values | st.datetimes().map(str) | st.datetimes().map(_in_utc))
    elif name != "message_type":
        place.pop(name, None)
    return raw


def _in_utc(moment: Any) -> str:
    return f"{moment.isoformat()}Z"


@settings(deadline=None, max_examples=500)
@given(nearly_right())
def test_no_form_lets_pass_what_the_schema_refuses(raw: Any) -> None:
    if FORMS[raw["message_type"]].fits(raw) and not by_schema(raw):
        # Only a day that no calendar has looks like a time: that is refused where it is read.
        read = load().read(json.dumps(raw))
        assert isinstance(read, Refusal)
        assert read.status == "INVALID_MESSAGE"


@pytest.mark.parametrize(
    "moment",
    [
        "2026-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "0000-01-01T12:00:00Z",
        "2026-11-22T24:00:00Z",
    ],
)
def test_a_time_that_no_calendar_has_is_refused_as_by_the_schema(moment: str) -> None:
    raw = power_measurement(1) | {"measurement_timestamp": moment}

    read = load().read(json.dumps(raw))

    assert not by_schema(raw)
    assert isinstance(read, Refusal)
    assert read.status == "INVALID_MESSAGE"
