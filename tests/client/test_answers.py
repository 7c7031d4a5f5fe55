"""Validation messages of any shape become sentences for people and paths for code."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.client import FieldMessage, JsonValue, ValidationError
from custom_components.flexmeasures.client.answers import (
    LONGEST_QUOTE,
    Answer,
    page_quote,
    response_error,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda values: (
        st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=5), values, max_size=4)
    ),
)


def rejection(message: JsonValue, status: int = 422) -> Exception:
    """Return the error that an answer with this message becomes."""
    return response_error(Answer(request="POST /x", status=status, data={"message": message}))


@pytest.mark.parametrize(
    ("message", "sentence", "fields"),
    [
        (
            {"json": {"flex-model": {"0": {"soc-min": ["Not a valid number."]}}}},
            "flex-model 0 soc-min: Not a valid number.",
            [(("json", "flex-model", "0", "soc-min"), "Not a valid number.")],
        ),
        (
            {"flex-model": {"1": {"sensor": ["No sensor found with ID 9."]}}, "start": ["Naive."]},
            "flex-model 1 sensor: No sensor found with ID 9.; start: Naive.",
            [
                (("flex-model", "1", "sensor"), "No sensor found with ID 9."),
                (("start",), "Naive."),
            ],
        ),
        (["One.", "Two."], "One.; Two.", [((), "One."), ((), "Two.")]),
        ("Just  a\nsentence.", "Just a sentence.", [((), "Just a sentence.")]),
        ({"json": {"values": [1, None]}}, "values: 1", [(("json", "values"), "1")]),
        (None, "HTTP status 422", []),
        ({}, "HTTP status 422", []),
    ],
)
def test_messages_are_flattened_for_people_and_kept_for_code(
    message: JsonValue, sentence: str, fields: list[tuple[tuple[str, ...], str]]
) -> None:
    """The place in the HTTP request is left out of the sentence."""
    error = rejection(message)

    assert isinstance(error, ValidationError)
    assert str(error) == sentence
    assert error.fields == tuple(FieldMessage(path, text) for path, text in fields)


def test_an_avalanche_of_messages_is_cut() -> None:
    """Ten thousand wrong values are one sentence for people and a bounded number for code."""
    message: JsonValue = {"json": {"values": {str(n): ["Not a number."] for n in range(10_000)}}}

    error = rejection(message)

    assert isinstance(error, ValidationError)
    assert len(str(error)) <= LONGEST_QUOTE
    assert len(error.fields) == 50


def test_a_bottomless_message_is_cut() -> None:
    """The stack is not exhausted."""
    message: JsonValue = "bottom"
    for _ in range(900):
        message = {"a": [message]}

    assert str(rejection(message)).endswith(": …")


@given(JSON, st.integers(400, 599))
def test_any_message_becomes_a_short_error(message: JsonValue, status: int) -> None:
    """Never another exception."""
    error = response_error(Answer(request="GET /x", status=status, data={"message": message}))

    assert 0 < len(str(error)) <= LONGEST_QUOTE
    assert error.status == status


@given(st.binary(max_size=300) | st.text("<>script/!- a&;", max_size=300).map(str.encode))
def test_any_page_can_be_quoted(content: bytes) -> None:
    """On one line, and short."""
    quote = page_quote(content)

    assert len(quote) <= LONGEST_QUOTE
    assert "\n" not in quote
