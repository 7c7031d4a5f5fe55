"""What a plan will not do, though it was asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flexmeasures.scheduling import (
    JSON,
    Breach,
    EnergyTarget,
    EnergyWindow,
    Missed,
    MissedLimit,
    Storage,
    StorageState,
    all_missed,
    breaches,
    missed_by_expectation,
    missed_by_server,
)

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STORAGE = Storage(power_sensor=12, capacity=50, charging_power=4000)


def missed(state: StorageState, *energies: float | None) -> tuple[Missed, ...]:
    """Return what hourly energies from noon on do not keep."""
    return missed_by_expectation(STORAGE, state, energies, start=NOON, resolution=HOUR)


def test_a_target_is_missed_by_a_share_of_the_capacity() -> None:
    """28 instead of 30 of 50 kWh: by 4 %."""
    state = StorageState(stored_energy=20, targets=(EnergyTarget(NOON + 2 * HOUR, 30),))

    assert missed(state, 20, 24, 28) == (
        Missed(MissedLimit.TARGET, NOON + 2 * HOUR, 30, 28, 2, 0.04),
    )
    assert missed(state, 20, 26, 29.96) == ()
    assert missed(state, 20, 26, 40) == ()


def test_of_an_exact_target_more_is_wrong_too() -> None:
    target = EnergyTarget(NOON + HOUR, 30, is_exact=True)
    state = StorageState(stored_energy=20, targets=(target,))

    assert missed(state, 20, 35) == (Missed(MissedLimit.TARGET, NOON + HOUR, 30, 35, 5, 0.1),)
    assert missed(state, 20, 30) == ()


def test_targets_that_the_plan_does_not_tell_about_are_left_out() -> None:
    state = StorageState(
        stored_energy=20,
        targets=(
            EnergyTarget(NOON - HOUR, 30),
            EnergyTarget(NOON + HOUR / 2, 30),
            EnergyTarget(NOON + 2 * HOUR, 30),
            EnergyTarget(NOON + 9 * HOUR, 30),
        ),
    )

    assert missed(state, 20, 21, None) == ()


def test_limits_are_missed_from_when_they_first_are() -> None:
    state = StorageState(
        stored_energy=20,
        minima=(EnergyWindow(NOON, NOON + 3 * HOUR, 21), EnergyWindow(NOON, NOON + HOUR, 20)),
        maxima=(EnergyWindow(NOON + 2 * HOUR, NOON + 9 * HOUR, 15),),
    )

    assert missed(state, 20, 22, 16, 10) == (
        Missed(MissedLimit.MINIMUM, NOON + 2 * HOUR, 21, 16, 5, 0.1),
        Missed(MissedLimit.MAXIMUM, NOON + 2 * HOUR, 15, 16, 1, 0.02),
    )
    assert missed(state, 20, 22) == ()


def test_what_the_server_tells_is_read_for_one_asset() -> None:
    unresolved: list[dict[str, JSON]] = [
        {
            "asset": 16,
            "soc-minima": [
                {"datetime": "2026-11-22T14:00:00+00:00", "violation": "28.0 kWh"},
                {"datetime": "2026-11-22T15:00:00+01:00", "violation": "1e-05 kWh"},
                {"datetime": "2026-11-22T13:00:00+00:00", "violation": "2.5 kWh"},
            ],
            "soc-targets": [{"datetime": "2026-11-22T12:30:00Z", "violation": "0.1 kWh"}],
        },
        {
            "asset": 17,
            "soc-maxima": [{"datetime": "2026-11-22T14:00:00+00:00", "violation": "3 kWh"}],
        },
    ]

    found = missed_by_server(unresolved, asset_id=16, capacity=50)

    assert found == (
        Missed(MissedLimit.TARGET, NOON + HOUR / 2, None, None, 0.1, 0.002),
        Missed(MissedLimit.MINIMUM, NOON + HOUR, None, None, 2.5, 0.05),
    )


def test_both_accounts_are_told_together_and_nothing_twice() -> None:
    expected = Missed(MissedLimit.TARGET, NOON + 2 * HOUR, 30, 28, 2, 0.04)
    same = Missed(MissedLimit.MINIMUM, NOON + 2 * HOUR, None, None, 2, 0.04)
    other = Missed(MissedLimit.MAXIMUM, NOON + HOUR, None, None, 1, 0.02)

    assert all_missed((expected,), (other, same)) == (other, expected)


@pytest.mark.parametrize(
    "violation",
    [
        "28 kWh",
        {"datetime": "2026-11-22T14:00:00+00:00"},
        {"datetime": "2026-11-22T14:00:00+00:00", "violation": "28 MWh"},
        {"datetime": "2026-11-22T14:00:00+00:00", "violation": 28},
        {"datetime": "2026-11-22T14:00:00", "violation": "28 kWh"},
        {"datetime": "at two", "violation": "28 kWh"},
        {"violation": "28 kWh"},
    ],
)
def test_what_is_not_understood_is_left_out(violation: JSON) -> None:
    unresolved: list[dict[str, JSON]] = [{"asset": 16, "soc-minima": [violation]}]

    assert missed_by_server(unresolved, asset_id=16, capacity=50) == ()
    assert missed_by_server([{"asset": 16, "soc-minima": "x"}], asset_id=16, capacity=50) == ()


def test_broken_limits_are_told_by_their_cost() -> None:
    costs = {
        "electricity net energy": 77.15,
        "prefer a full storage 0 sooner": 0.5,
        "any soc targets": 112_000.0,
        "electricity any consumption breach": 500.0,
        "all soc minima": 0.0001,
        "any soc maxima": float("nan"),
    }

    assert breaches(costs) == (
        Breach("any soc targets", 112_000.0),
        Breach("electricity any consumption breach", 500.0),
    )
