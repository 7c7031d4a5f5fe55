"""Descriptions of the size that the standard allows: the work that they make stays bounded."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from custom_components.flexmeasures.s2.checks import check
from custom_components.flexmeasures.s2.control_types import (
    Plan,
    PowerEnvelopeControl,
    PowerProfileControl,
    TakenEnergy,
    Timeline,
)
from custom_components.flexmeasures.s2.control_types.energy_window import EnergyWindows
from custom_components.flexmeasures.s2.control_types.profile_search import PriceLine
from custom_components.flexmeasures.s2.messages import pebc, ppbc
from custom_components.flexmeasures.s2.wire import MessageError

from .samples import L1, MINUTE, NOON, QUARTER, SECOND, foreseen, ids, schedule, span

HOUR = timedelta(hours=1)
A_THOUSAND_YEARS = timedelta(days=365_000)


def programme(
    containers: int,
    sequences: int = 1,
    elements: int = 1,
    *,
    duration: timedelta = MINUTE,
    end: datetime = NOON + A_THOUSAND_YEARS,
    programme_id: str = "programme",
) -> ppbc.PowerProfileDefinition:
    """Return a programme of so many parts, sequences of each, and elements of each."""
    element = ppbc.PowerSequenceElement(duration=duration, power_values=foreseen(1000))
    return ppbc.PowerProfileDefinition(
        message_id=f"message-{programme_id}",
        id=programme_id,
        start_time=NOON,
        end_time=end,
        power_sequences_containers=tuple(
            ppbc.PowerSequenceContainer(
                id=f"c{part}",
                power_sequences=tuple(
                    ppbc.PowerSequence(
                        id=f"s{index}",
                        elements=(element,) * elements,
                        is_interruptible=False,
                        abnormal_condition_only=False,
                    )
                    for index in range(sequences)
                ),
            )
            for part in range(containers)
        ),
    )


def day_of_prices() -> Timeline[float]:
    """Return 24 hours of quarters, the one from 20:00 on the cheapest."""
    prices: Timeline[float] = Timeline()
    prices.replace_from(NOON, [(QUARTER, 0.1 if index == 32 else 0.3) for index in range(96)], "p")
    return prices


@pytest.fixture
def reckoned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the number of loads that each look-up of costs reckons with."""
    counts: list[int] = []
    cost_of: Callable[..., float] = PriceLine.cost_of

    def counted(self: PriceLine, loads: tuple[object, ...], begin: float) -> float:
        counts.append(1 + len(loads))
        return cost_of(self, loads, begin)

    monkeypatch.setattr(PriceLine, "cost_of", counted)
    return counts


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 20), (50, 10, 2), (100, 5, 1), (1, 288, 100)])
def test_a_window_of_a_thousand_years_is_searched_only_as_far_as_prices_change(
    shape: tuple[int, int, int], reckoned: list[int]
) -> None:
    control = PowerProfileControl()
    control.set_prices(day_of_prices(), NOON)
    definition = programme(*shape)
    check(definition)

    control.receive(definition, NOON)

    assert sum(reckoned) <= 3 * 60_000
    placements = control.placements()
    assert len(placements) == shape[0]
    assert all(NOON <= placement.start < NOON + 48 * HOUR for placement in placements)


def test_a_short_programme_in_an_endless_window_takes_the_cheapest_time() -> None:
    control = PowerProfileControl()
    control.set_prices(day_of_prices(), NOON)

    control.receive(programme(1, elements=15), NOON)

    assert [placement.start for placement in control.placements()] == [NOON + 8 * HOUR]


def test_several_programmes_share_the_work(reckoned: list[int]) -> None:
    control = PowerProfileControl()
    for index in range(20):
        control.receive(programme(5, 10, 10, programme_id=f"p{index}"), NOON)
    # The oldest are forgotten.
    assert len(control.placements()) == 16 * 5
    reckoned.clear()

    control.set_prices(day_of_prices(), NOON)

    assert sum(reckoned) <= 3 * 60_000


def test_a_status_of_all_parts_places_the_rest_once(reckoned: list[int]) -> None:
    control = PowerProfileControl()
    control.receive(programme(100), NOON)
    reckoned.clear()
    control.receive(statuses(1), NOON)
    for_one = sum(reckoned)
    reckoned.clear()

    control.receive(statuses(50), NOON)

    assert 0 < sum(reckoned) <= for_one


def statuses(finished: int) -> ppbc.PowerProfileStatus:
    """Return that the first parts are over."""
    return ppbc.PowerProfileStatus(
        message_id=f"status-{finished}",
        sequence_container_status=tuple(
            ppbc.PowerSequenceContainerStatus(
                power_profile_id="programme",
                sequence_container_id=f"c{part}",
                status=ppbc.PowerSequenceStatus.FINISHED,
            )
            for part in range(finished)
        ),
    )


def test_what_fits_in_time_but_not_on_a_coarse_grid_is_in_time() -> None:
    control = PowerProfileControl()

    control.receive(programme(50, 10, 1, duration=61 * SECOND, end=NOON + 51 * MINUTE), NOON)

    placements = control.placements()
    assert placements[0].start == NOON
    assert placements[-1].end == NOON + 50 * 61 * SECOND
    (profile,) = control._profiles.values()
    assert profile.fits


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        (programme(101), "more than 100 parts of one programme are not planned"),
        (
            programme(100, 6),
            "the programme has too many parts, sequences and elements to plan",
        ),
        (programme(2, duration=timedelta(days=184)), "the programme is longer than a year"),
    ],
)
def test_programmes_that_no_device_has_are_refused_and_told_why(
    definition: ppbc.PowerProfileDefinition, reason: str
) -> None:
    with pytest.raises(MessageError) as error:
        check(definition)

    assert error.value.status == "INVALID_CONTENT"
    assert error.value.label == reason


def constraint(index: int) -> pebc.EnergyConstraint:
    """Return 1 kW over the next hours."""
    return pebc.EnergyConstraint(
        message_id=f"m{index}",
        id=f"energy{index}",
        valid_from=NOON,
        valid_until=NOON + (1 + index) * HOUR,
        upper_average_power=1000,
        lower_average_power=0,
        commodity_quantity=L1,
    )


def test_of_energy_constraints_without_end_the_newest_sixteen_are_kept() -> None:
    windows = EnergyWindows(TakenEnergy())
    for index in range(100):
        windows.add(constraint(index), NOON)

    kept = windows.remaining(NOON)

    assert [energy.end for energy in kept] == [
        NOON + (1 + index) * HOUR for index in range(84, 100)
    ]


def test_a_gap_in_the_plan_leaves_the_device_its_room() -> None:
    control = PowerEnvelopeControl()
    limit = pebc.PowerEnvelopeLimitType
    control.receive(
        pebc.PowerConstraints(
            message_id="m",
            id="constraints",
            valid_from=NOON,
            consequence_type=pebc.PowerEnvelopeConsequenceType.VANISH,
            allowed_limit_ranges=tuple(
                pebc.AllowedLimitRange(
                    commodity_quantity=L1,
                    limit_type=kind,
                    range_boundary=bounds,
                    abnormal_condition_only=False,
                )
                for kind, bounds in (
                    (limit.UPPER_LIMIT, span(0, 4000)),
                    (limit.LOWER_LIMIT, span(-4000, 0)),
                )
            ),
        ),
        NOON,
    )

    (instruction,) = control.instructions(
        NOON, Plan(schedules={"": schedule(-1000.0, None, -2000.0)}), ids()
    )

    (envelope,) = instruction.power_envelopes
    assert [
        (part.duration, part.lower_limit, part.upper_limit)
        for part in envelope.power_envelope_elements
    ] == [(QUARTER, -1000.0, 4000.0), (QUARTER, -4000.0, 4000.0), (QUARTER, -2000.0, 4000.0)]


def test_a_time_line_is_the_same_looked_up_as_gone_through() -> None:
    line: Timeline[int] = Timeline()
    line.replace_from(NOON, [(QUARTER, 1), (QUARTER, 2)], "a")
    line.replace_from(NOON + HOUR, [(QUARTER, 3)], "b")

    assert [line.at(NOON + step * QUARTER) for step in range(-1, 6)] == [
        None,
        1,
        2,
        None,
        None,
        3,
        None,
    ]
    assert [line.next_change(NOON + step * QUARTER) for step in range(-1, 6)] == [
        NOON + step * QUARTER for step in (0, 1, 2, 4, 4, 5)
    ] + [None]
