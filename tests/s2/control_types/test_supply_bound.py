"""Sharing a demand among more modes than anybody could go through."""

from collections.abc import Sequence
from itertools import product

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flexmeasures.s2.control_types import supply
from custom_components.flexmeasures.s2.control_types.spans import UNGUARDED, Span
from custom_components.flexmeasures.s2.control_types.supply import Share, Way, share_demand


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Way]]:
    """Return the combinations that are looked at, as they come."""
    seen: list[Sequence[Way]] = []
    factors = supply._factors

    def counted(
        combination: Sequence[Way], demand: float, power: float | None, limits: Span
    ) -> tuple[float, ...]:
        seen.append(combination)
        return factors(combination, demand, power, limits)

    monkeypatch.setattr(supply, "_factors", counted)
    return seen


def ways(count: int, watts: float = 100.0, efficiency: float = 3.0) -> list[Way]:
    """Return modes of one actuator: off, which is the present one, and each a step stronger than the one before."""
    return [
        Way(
            f"m{step}",
            Span(step * watts, step * watts),
            Span(step * watts * efficiency, step * watts * efficiency),
            running_costs=0.0,
            costs=0.0,
            order=step,
            abnormal=False,
        )
        for step in range(count)
    ]


def supplied(shares: Sequence[Share]) -> float:
    return sum(share.way.supply.at(share.factor) for share in shares)


def test_a_home_has_all_its_combinations_looked_at(looked_at: list[Sequence[Way]]) -> None:
    share_demand([ways(6)] * 4, 1000.0, None)

    assert len(looked_at) == 6**4


def test_ten_actuators_with_a_hundred_modes_are_shared_among_without_looking_at_all(
    looked_at: list[Sequence[Way]],
) -> None:
    shares = share_demand([ways(100)] * 10, 60_000.0, None)

    assert len(looked_at) <= 1501
    assert supplied(shares) == 60_000.0
    # The first two do it alone.
    assert [share.way.mode_id for share in shares[:3]] == ["m99", "m99", "m2"]


def test_what_nobody_wants_changes_nothing(looked_at: list[Sequence[Way]]) -> None:
    shares = share_demand([ways(100)] * 10, 0.0, None)

    assert {share.way.mode_id for share in shares} == {"m0"}
    # Each mode of each actuator once, and the present ones.
    assert len(looked_at) == 1001


def test_people_s_limits_hold_beyond_the_bound_as_well() -> None:
    shares = share_demand([ways(100)] * 10, 60_000.0, None, Span(-1000.0, 1000.0))

    assert sum(share.way.power.at(share.factor) for share in shares) == 1000.0
    assert supplied(shares) == 3000.0


@settings(max_examples=25, deadline=None)
@given(
    demand=st.integers(0, 30).map(lambda step: step * 300.0),
    efficiencies=st.lists(st.sampled_from([1.0, 2.0, 4.0]), min_size=3, max_size=3),
)
def test_steps_of_one_size_meet_what_can_be_met_beyond_the_bound(
    demand: float, efficiencies: list[float]
) -> None:
    modes = [ways(12, efficiency=efficiency) for efficiency in efficiencies]
    combinations = product(*([way.supply.start for way in part] for part in modes))
    least_missed = min(abs(demand - sum(parts)) for parts in combinations)

    shares = share_demand(modes, demand, None, UNGUARDED)

    # Coordinate by coordinate it misses at most one step of the coarsest actuator more than the best.
    assert abs(demand - supplied(shares)) <= least_missed + 400.0
