"""The search for the cheapest starts finds what trying everything finds."""

from datetime import timedelta
from itertools import product

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flexmeasures.s2.control_types import Placement, Timeline
from custom_components.flexmeasures.s2.control_types.profile_search import (
    Alternative,
    Load,
    PriceLine,
    Search,
    cheapest,
)

from ..samples import HOUR, MINUTE, NOON, SECOND
from .programmes import prices


def brute_force(search: Search, line: PriceLine, step: timedelta) -> float | None:
    """Return the least cost over all sequences and all starts on the grid; None when nothing fits."""
    slots = (search.latest_end - search.earliest) // step
    best: float | None = None
    choices = [
        [(alternative, slot) for alternative in alternatives for slot in range(slots + 1)]
        for _, alternatives in search.parts
    ]
    for combination in product(*choices):
        end = None
        cost = 0.0
        for alternative, slot in combination:
            start = search.earliest + slot * step
            pause = alternative.longest_pause
            if end is not None and (start < end or (pause is not None and start - end > pause)):
                break
            end = start + alternative.duration
            if end > search.latest_end:
                break
            cost += line.cost(alternative, start)
        else:
            best = cost if best is None else min(best, cost)
    return best


ALTERNATIVES = st.builds(
    lambda number, loads, pause: Alternative(
        f"s{number}",
        tuple(Load(60.0 * minutes, float(watts)) for minutes, watts in loads),
        None if pause is None else pause * MINUTE,
    ),
    st.integers(0, 99),
    st.lists(st.tuples(st.integers(1, 4), st.integers(-500, 3000)), min_size=1, max_size=2),
    st.none() | st.integers(0, 6),
)


@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(st.lists(ALTERNATIVES, min_size=1, max_size=2), min_size=1, max_size=3),
    slots=st.integers(1, 14),
    values=st.lists(st.integers(-20, 60), min_size=1, max_size=16),
)
def test_the_search_finds_what_brute_force_finds(
    parts: list[list[Alternative]], slots: int, values: list[int]
) -> None:
    line = PriceLine(prices(*((1 / 60, value / 100) for value in values)))
    search = Search(
        parts=[(f"c{index}", alternatives) for index, alternatives in enumerate(parts)],
        earliest=NOON,
        latest_end=NOON + slots * MINUTE,
    )
    found = cheapest(search, line)
    expected = brute_force(search, line, MINUTE)

    assert (found is None) == (expected is None)
    if found is not None:
        assert total(found, line) == pytest.approx(expected, abs=1e-9)
        assert_in_order(found, search)


@settings(max_examples=10, deadline=None)
@given(
    alternatives=st.lists(ALTERNATIVES, min_size=1, max_size=2),
    values=st.lists(st.integers(-20, 60), min_size=1, max_size=48),
)
def test_one_or_two_parts_over_48_slots_are_found_as_well(
    alternatives: list[Alternative], values: list[int]
) -> None:
    line = PriceLine(prices(*((1 / 60, value / 100) for value in values)))
    search = Search(
        parts=[("c1", alternatives), ("c2", alternatives[:1])],
        earliest=NOON,
        latest_end=NOON + 48 * MINUTE,
    )
    found = cheapest(search, line)

    assert found is not None
    assert total(found, line) == pytest.approx(brute_force(search, line, MINUTE), abs=1e-9)


def total(placements: tuple[Placement, ...], line: PriceLine) -> float:
    """Return what placements cost."""
    return sum(line.cost(placement.alternative, placement.start) for placement in placements)


def assert_in_order(placements: tuple[Placement, ...], search: Search) -> None:
    """Assert that parts follow each other within their pauses and the window."""
    end = None
    for placement in placements:
        assert placement.start >= (end or search.earliest)
        pause = placement.alternative.longest_pause
        assert end is None or pause is None or placement.start - end <= pause
        end = placement.end
    assert end is not None
    assert end <= search.latest_end


def test_a18_a_pause_may_be_as_long_as_it_may_and_no_longer() -> None:
    minute = (Load(60, 60_000),)  # 1 kWh
    search = Search(
        parts=[
            ("c1", [Alternative("s", minute)]),
            ("c2", [Alternative("s", minute, longest_pause=2 * MINUTE)]),
        ],
        earliest=NOON,
        latest_end=NOON + 5 * MINUTE,
    )
    line = PriceLine(prices(*((1 / 60, price) for price in (0, 9, 9, 5, 0))))
    found = cheapest(search, line)

    assert found is not None
    assert [placement.start for placement in found] == [NOON, NOON + 3 * MINUTE]
    assert total(found, line) == pytest.approx(5)


def test_equal_costs_take_the_earliest_start() -> None:
    search = Search(
        parts=[("c1", [Alternative("s", (Load(600, 1000),))])],
        earliest=NOON + 30 * SECOND,
        latest_end=NOON + 6 * HOUR,
    )
    found = cheapest(search, PriceLine(Timeline()))

    assert found is not None
    assert found[0].start == NOON + MINUTE


def test_a_window_that_is_over_has_no_placement() -> None:
    search = Search(
        parts=[("c1", [Alternative("s", (Load(600, 1000),))])],
        earliest=NOON,
        latest_end=NOON - MINUTE,
    )

    assert cheapest(search, PriceLine(Timeline())) is None


def test_a_long_window_is_searched_by_the_minute() -> None:
    search = Search(
        parts=[("c1", [Alternative("s", (Load(61.0, 1000),))])],
        earliest=NOON,
        latest_end=NOON + 24 * HOUR,
    )
    found = cheapest(search, PriceLine(prices((12, 0.3), (1 / 60, 0.1), (12, 0.3))))

    assert found is not None
    assert found[0].start == NOON + 12 * HOUR
