"""Whatever a device sends: one answer, no end of the session, and names that come back as they went."""

from datetime import datetime, timedelta
import json
from typing import Any

from hypothesis import given, settings, strategies as st

from custom_components.flexmeasures.s2.codec import Refusal, load
from custom_components.flexmeasures.s2.options import SessionState
from custom_components.flexmeasures.s2.wire import JsonObject

from .devices import NOW, Device, described
from .samples import (
    actuator_status,
    demand_driven_description,
    details,
    energy_constraint,
    fill_rate_description,
    handshake,
    leakage,
    operation_mode_description,
    power_constraints,
    power_forecast,
    power_measurement,
    power_profile,
    profile_status,
    revoke,
    status_update,
    storage_status,
    target_profile,
    timer_status,
    usage_forecast,
)

SAMPLES: list[JsonObject] = [
    actuator_status(),
    demand_driven_description(),
    details(),
    energy_constraint(),
    fill_rate_description(),
    handshake(),
    leakage(),
    operation_mode_description(),
    power_constraints(),
    power_forecast(),
    power_measurement(5),
    power_profile(),
    profile_status(),
    revoke("FRBC.SystemDescription", "no-such-thing"),
    status_update("no-such-thing"),
    storage_status(),
    target_profile(),
    timer_status(),
    usage_forecast(),
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["OK", "RM", "idle", "charge", "2026-11-22T12:00:00Z", "9999-12-31T23:59:59-23:59"]
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
names = st.from_regex(r"[a-zA-Z0-9\-_:]{2,64}", fullmatch=True)


def paths(value: object, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to everything inside a JSON value."""
    match value:
        case dict():
            inner = list(value.items())
        case list():
            inner = list(enumerate(value))
        case _:
            inner = []
    found = [prefix] if prefix else []
    for step, item in inner:
        found += paths(item, (*prefix, step))
    return found


@st.composite
def broken_messages(draw: st.DrawFn) -> Any:
    """Return a right message with something else in one or two places, or without them."""
    message = json.loads(json.dumps(draw(st.sampled_from(SAMPLES))))
    for _ in range(draw(st.integers(1, 2))):
        found = paths(message)
        if not found:
            break
        *way, last = draw(st.sampled_from(found))
        parent = message
        for step in way:
            parent = parent[step]
        if draw(st.booleans()):
            parent[last] = draw(values)
        else:
            del parent[last]
    return message


def answers_once(device: Device, text: str | bytes) -> None:
    """Check that a text gets one answer, or none when it is an answer itself."""
    counters = device.session.counters
    received = counters.received
    incoming = load().read(text)
    is_answer = (
        incoming.subject is None
        if isinstance(incoming, Refusal)
        else (incoming.message_type == "ReceptionStatus")
    )

    status = device.says(text)

    assert counters.received == received + 1
    assert bool(status) is not is_answer
    if status:
        heard = device.heard[0]
        assert set(heard) <= {"message_type", "subject_message_id", "status", "diagnostic_label"}
        assert len(heard.get("diagnostic_label", "")) <= 200


@settings(deadline=None)
@given(values)
def test_any_json_gets_one_answer_and_ends_nothing(value: Any) -> None:
    device = described()

    answers_once(device, json.dumps(value))

    assert device.session.state is SessionState.ACTIVE


@settings(deadline=None)
@given(st.text() | st.binary())
def test_any_text_gets_one_answer_and_ends_nothing(text: str | bytes) -> None:
    device = described()

    answers_once(device, text)

    assert device.session.state is SessionState.ACTIVE


@settings(deadline=None, max_examples=150)
@given(st.lists(broken_messages(), min_size=1, max_size=4))
def test_any_broken_message_gets_one_answer_and_the_session_goes_on(messages: list[Any]) -> None:
    device = described()

    for message in messages:
        answers_once(device, json.dumps(message))
        device.waits(timedelta(seconds=1))

    assert device.session.state is not SessionState.CLOSED
    for moment in times_in(device.events):
        assert moment + timedelta(days=365_000) > moment


def times_in(value: object) -> list[datetime]:
    """Return all times in a message; they leave room for sums."""
    if isinstance(value, datetime):
        return [value]
    if isinstance(value, tuple):
        return [moment for item in value for moment in times_in(item)]
    inner = [getattr(value, name) for name in getattr(value, "__dataclass_fields__", ())]
    return [moment for item in inner for moment in times_in(item)]


@settings(deadline=None)
@given(message_id=names, actuator=names, mode=names)
def test_any_name_comes_back_as_it_went(message_id: str, actuator: str, mode: str) -> None:
    incoming = load().read(
        json.dumps(actuator_status(mode, actuator=actuator) | {"message_id": message_id})
    )

    assert not isinstance(incoming, Refusal)
    assert getattr(incoming, "message_id", "") == message_id
    assert getattr(incoming, "actuator_id", "") == actuator
    assert getattr(incoming, "active_operation_mode_id", "") == mode
    device = described()
    device.says(storage_status() | {"message_id": message_id})
    assert device.heard[0]["subject_message_id"] == message_id


@settings(deadline=None)
@given(st.lists(st.sampled_from(SAMPLES), max_size=12), st.lists(st.integers(0, 90), max_size=6))
def test_messages_in_any_order_never_break_a_session(
    messages: list[JsonObject], waits: list[int]
) -> None:
    device = Device()
    for message in messages:
        answers_once(device, json.dumps(message))
    for seconds in waits:
        device.waits(timedelta(seconds=seconds))
    assert device.session.next_deadline is None or device.session.next_deadline > NOW
