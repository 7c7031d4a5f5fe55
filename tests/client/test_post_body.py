"""Values are looked at by what is written of them, and that sees as much as a look at each."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
import math
from typing import Final

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.flexmeasures.client import InvalidInputError
from custom_components.flexmeasures.client.post_body import _looked_at, post_body

QUARTER: Final = timedelta(minutes=15)


class Level(IntEnum):
    """A whole number with a name."""

    HIGH = 2


class Price(Enum):
    """Values of several kinds with names."""

    LOW = 0.5
    WRONG = "text"
    UNKNOWN = None


class Count(int):
    """A whole number of a kind of its own."""


NUMBERS: Final = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
ODD: Final = st.one_of(
    st.floats(),
    st.booleans(),
    st.sampled_from([*Level, *Price, Count(3), 10**400]),
    st.sampled_from([Decimal("1.5"), Decimal("nan"), Fraction(1, 3), 1j]),
    st.sampled_from(["1", "", "]", b"1", [], [1.0], [[1.0], 2.0], {}, {"a": 1}, (), object()]),
    st.just(datetime(2026, 3, 1, tzinfo=UTC)),
)


def sent(values: object, duration: timedelta, **fields: str) -> dict[str, object]:
    """Return what a server would read."""
    body = post_body(values, duration, fields)
    read: dict[str, object] = orjson.loads(body if isinstance(body, bytes) else orjson.dumps(body))
    return read


def outcome(values: Sequence[object], unit: str) -> list[float | None] | str:
    """Return what is sent, or the reason why nothing is."""
    try:
        body = sent(values, len(values) * QUARTER, unit=unit)
    except InvalidInputError as error:
        return error.reason
    assert body["unit"] == unit
    assert isinstance(body["values"], list)
    return [None if value is None else float(value) for value in body["values"]]


def outcome_one_by_one(values: Sequence[object]) -> list[float | None] | str:
    """Return the same from a look at each value."""
    try:
        return _looked_at(values)
    except InvalidInputError as error:
        return error.reason


@given(st.lists(NUMBERS | st.none(), min_size=1) | st.lists(NUMBERS, min_size=1), st.text())
def test_numbers_and_gaps_are_sent_as_they_are(values: list[float | None], unit: str) -> None:
    """Whatever else is in the text."""
    assert outcome(values, unit) == outcome_one_by_one(values)


@given(
    st.lists(NUMBERS | st.none(), max_size=5),
    ODD,
    st.lists(NUMBERS | st.none() | ODD, max_size=5),
    st.sampled_from(["kW", "]", '"', "null", "[{"]),
    st.booleans(),
)
def test_nothing_slips_through_with_the_numbers(
    before: list[object], odd: object, after: list[object], unit: str, in_tuple: bool
) -> None:
    """The same is sent, or refused for the same reason, as when each value is looked at by itself."""
    values: Sequence[object] = [*before, odd, *after]
    if in_tuple:
        values = tuple(values)

    assert outcome(values, unit) == outcome_one_by_one(values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1.0, 2.0, True], "numbers and gaps only; look at 2"),
        ([1.0, "2"], "numbers and gaps only; look at 1"),
        ([[1.0]], "numbers and gaps only; look at 0"),
        ([1.0, {}], "numbers and gaps only; look at 1"),
        ([1.0, None, math.nan], "finite; use a gap where nothing is known, such as at 2"),
        ([-math.inf, 1.0], "finite; use a gap where nothing is known, such as at 0"),
        ([1.0, 10**400], "finite; use a gap where nothing is known, such as at 1"),
        ([None, None], "at least one number that is not missing"),
        ([], "at least one number"),
        ("12", "must be numbers"),
        ({1.0: 2.0}, "must be numbers"),
        (True, "must be numbers"),
    ],
)
def test_the_position_of_the_fault_is_named(values: object, reason: str) -> None:
    """Counted from zero."""
    length = len(values) if isinstance(values, list) else 1

    with pytest.raises(InvalidInputError, match=reason) as refused:
        post_body(values, length * QUARTER, {})

    assert refused.value.field == "values"


def test_values_may_come_in_other_ways() -> None:
    """One alone, from a generator, as numbers of other libraries and with names."""
    assert sent(5, timedelta()) == {"values": [5]}
    assert sent((value / 2 for value in range(2)), 2 * QUARTER) == {"values": [0.0, 0.5]}
    assert sent([Fraction(3, 2), Level.HIGH, Price.LOW], 3 * QUARTER) == {"values": [1.5, 2, 0.5]}
    assert sent([Price.LOW, Price.UNKNOWN], 2 * QUARTER) == {"values": [0.5, None]}


def test_a_sum_beyond_all_numbers_is_no_fault() -> None:
    """Each of them is finite."""
    assert sent([1e308, 1e308, None], 3 * QUARTER) == {"values": [1e308, 1e308, None]}
