"""The stored energy that powers lead to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.scheduling import (
    PowerWindow,
    Reach,
    SensorReference,
    Storage,
    StorageState,
    expected_energies,
)

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STORAGE = Storage(
    power_sensor=12,
    capacity=10,
    minimum_state_of_charge=0.1,
    maximum_state_of_charge=0.9,
    charging_power=4000,
    discharging_power=3000,
    charging_efficiency=0.9,
    discharging_efficiency=0.75,
)


def test_charging_stores_less_and_discharging_takes_more_than_flows() -> None:
    """An hour at 1 kW stores 0.9 kWh; an hour at 1.5 kW out takes 2 kWh."""
    assert expected_energies(STORAGE, 5, (1000, 0, -1500), HOUR) == pytest.approx(
        (5, 5.9, 5.9, 3.9)
    )


def test_constant_usage_and_what_sensors_tell_are_taken_out() -> None:
    storage = replace(STORAGE, usage=(0.5, SensorReference(3)), gain=(0.2,))

    energies = expected_energies(storage, 5, (0, 0, 0), HOUR, flows=(-1.0, 0.5))

    assert energies == pytest.approx((5, 3.7, 3.9, 3.6))


def test_losses_follow_the_server_s_recursion() -> None:
    """Half is lost in an hour: what flows in meanwhile keeps 0.5 / ln 2 = 0.7213 of itself."""
    storage = replace(STORAGE, retention=0.5)

    energies = expected_energies(storage, 8, (1000,), HOUR)

    assert energies == pytest.approx((8, 4 + 0.9 * 0.721348), abs=1e-6)


def test_steps_of_a_quarter_lose_as_much_as_an_hour() -> None:
    storage = replace(STORAGE, retention=0.5)

    assert expected_energies(storage, 8, (0,) * 4, QUARTER)[-1] == pytest.approx(4)


def test_nothing_is_expected_after_a_step_without_a_power() -> None:
    assert expected_energies(STORAGE, 5, (1000, None, 1000), HOUR) == (5, 5.9, None, None)


def test_reach_is_what_full_power_gives_within_the_band() -> None:
    """3.6 kWh an hour in, up to 9 kWh; 4 kWh an hour out, down to 1 kWh; nothing in the second hour."""
    state = StorageState(
        stored_energy=4, power_windows=(PowerWindow(NOON + HOUR, NOON + 2 * HOUR),)
    )

    reach = Reach.of(STORAGE, state, NOON, NOON + 3 * HOUR, HOUR)

    assert reach.consumption_limits == (4000, 0, 4000)
    assert reach.production_limits == (3000, 0, 3000)
    assert reach.highest == pytest.approx((4, 7.6, 7.6, 9))
    assert reach.lowest == pytest.approx((4, 1, 1, 1))
    assert reach.when_above(7, NOON) == NOON + HOUR
    assert reach.when_above(8, NOON) == NOON + 3 * HOUR
    assert reach.when_above(9.5, NOON) is None
    assert reach.when_above(4, NOON + HOUR / 2) == NOON + HOUR / 2
    assert reach.when_below(1, NOON) == NOON + HOUR
    assert reach.when_below(0.5, NOON) is None
    assert reach.boundary(2) == NOON + 2 * HOUR
    assert [reach.index(NOON + hours * HOUR) for hours in (-1, 0.5, 2, 9)] == [0, 0, 2, 3]


def test_beyond_its_band_a_storage_does_not_go_further() -> None:
    state = StorageState(stored_energy=9.8)
    assert Reach.of(STORAGE, state, NOON, NOON + HOUR, HOUR).highest == pytest.approx((9.8, 9.8))
    state = StorageState(stored_energy=0.4)
    assert Reach.of(STORAGE, state, NOON, NOON + HOUR, HOUR).lowest == pytest.approx((0.4, 0.4))


@given(
    stored=st.floats(1, 9),
    shares=st.lists(st.floats(-1, 1), min_size=1, max_size=40),
    retention=st.floats(0.9, 1),
    usage=st.floats(0, 1),
)
def test_no_power_within_the_limits_leads_beyond_the_reach(
    stored: float, shares: list[float], retention: float, usage: float
) -> None:
    """As long as the band is kept, which a plan does."""
    storage = replace(
        STORAGE,
        minimum_state_of_charge=0,
        maximum_state_of_charge=1,
        retention=retention,
        usage=(usage,),
    )
    powers = [share * (4000 if share > 0 else 3000) for share in shares]
    energies = expected_energies(storage, stored, powers, QUARTER)
    end = NOON + len(powers) * QUARTER

    reach = Reach.of(storage, StorageState(stored_energy=stored), NOON, end, QUARTER)

    for energy, low, high in zip(energies, reach.lowest, reach.highest, strict=True):
        if energy is None or not 0 <= energy <= 10:
            break
        assert low - 1e-9 <= energy <= high + 1e-9
