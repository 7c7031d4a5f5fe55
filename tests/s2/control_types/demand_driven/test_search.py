"""The supply that is nearest to a demand, and the shares that it is made of: nothing on a grid is better."""

from itertools import product
import math

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flexmeasures.s2.control_types.bands import merged
from custom_components.flexmeasures.s2.control_types.demand_flex_model import (
    Converter,
    nearest,
    supply_bands,
)
from custom_components.flexmeasures.s2.control_types.spans import Span
from custom_components.flexmeasures.s2.control_types.supply import Way, share_demand

CONVERTERS = st.lists(
    st.builds(
        lambda bands, gain: Converter("a", "electricity", merged(bands), gain),
        st.lists(
            st.tuples(st.integers(0, 20), st.integers(0, 20)).map(
                lambda ends: Span(100.0 * min(ends), 100.0 * max(ends))
            ),
            min_size=1,
            max_size=3,
        ),
        st.sampled_from([0.5, 1.0, 3.0]),
    ),
    min_size=1,
    max_size=3,
)


@given(converters=CONVERTERS, demand=st.integers(-10, 200).map(lambda value: value * 100.0))
def test_what_is_planned_can_be_supplied_and_nothing_nearer_can(
    converters: list[Converter], demand: float
) -> None:
    supply = nearest(supply_bands(converters), demand)

    # Each combination of bands gives all from the sum of the lows to the sum of the highs.
    missed = [
        abs(Span(sum(b.low for b in bands), sum(b.high for b in bands)).clamp(demand) - demand)
        for bands in product(*(converter.supplies for converter in converters))
    ]
    assert abs(supply - demand) == pytest.approx(min(missed), abs=1e-6)


WAYS = st.builds(
    lambda p0, p1, s0, s1: Way(
        "m", Span(p0, p1), Span(s0, s1), running_costs=0.0, costs=0.0, order=0, abnormal=False
    ),
    *[st.integers(-2, 4).map(lambda value: value * 500.0)] * 2,
    *[st.integers(0, 4).map(float)] * 2,
)
LIMITS = st.just(math.inf) | st.integers(0, 8).map(lambda value: value * 500.0)


@settings(deadline=None)
@given(
    ways=st.lists(st.lists(WAYS, min_size=1, max_size=2), min_size=1, max_size=2),
    demand=st.integers(0, 10),
    watts=st.none() | st.integers(0, 4000),
    most=LIMITS,
    least=LIMITS,
)
def test_no_factors_on_a_grid_are_better(
    ways: list[list[Way]], demand: int, watts: int | None, most: float, least: float
) -> None:
    limits = Span(-least, most)
    shares = share_demand(ways, demand, watts, limits)
    assert all(0 <= share.factor <= 1 for share in shares)
    beyond, missed, off = merit(
        [(share.way, share.factor) for share in shares], demand, watts, limits
    )
    steps = [index / 8 for index in range(9)]
    for combination in product(*ways):
        for factors in product(steps, repeat=len(ways)):
            other_beyond, other_missed, other_off = merit(
                list(zip(combination, factors, strict=True)), demand, watts, limits
            )
            assert beyond <= other_beyond + 1e-6
            if other_beyond > beyond + 1e-6:
                continue
            assert missed <= other_missed + 1e-9
            if other_missed <= missed + 1e-9:
                assert off <= other_off + 1


def merit(
    shares: list[tuple[Way, float]], demand: float, watts: float | None, limits: Span
) -> tuple[float, float, float]:
    """Return how far the power lies beyond limits, and how far supply and power are off."""
    supplied = sum(way.supply.at(factor) for way, factor in shares)
    taken = sum(way.power.at(factor) for way, factor in shares)
    off = 0.0 if watts is None else abs(taken - watts)
    return abs(taken - limits.clamp(taken)), abs(demand - supplied), off
