"""Why a plan is as it is, and what it saves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flexmeasures.scheduling import (
    BindingConstraint,
    BlockExplanation,
    BlockKind,
    EnergyTarget,
    EnergyWindow,
    PlannedStorage,
    PowerWindow,
    PriceSeries,
    Schedule,
    Storage,
    StorageState,
    Tariff,
    explain,
)

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BATTERY = Storage(
    power_sensor=12,
    capacity=10,
    minimum_state_of_charge=0.1,
    maximum_state_of_charge=0.9,
    charging_power=4000,
    discharging_power=4000,
)
CAR = replace(BATTERY, capacity=40, discharging_power=0)


def schedule(*powers: float | None) -> Schedule:
    """Return hourly powers from noon on."""
    return Schedule(start=NOON, resolution=HOUR, powers=powers, computed_at=NOON, schedule_id="job")


def tariff(*prices: float | None, production: tuple[float, ...] | None = None) -> Tariff:
    """Return hourly prices from noon on."""

    def series(values: tuple[float | None, ...]) -> PriceSeries:
        return PriceSeries(start=NOON, resolution=HOUR, prices=values, currency="EUR")

    return Tariff(series(prices), series(production) if production else None)


def planned(storage: Storage, energy: float, *targets: EnergyTarget) -> PlannedStorage:
    """Return a storage as it was planned."""
    return PlannedStorage(storage, StorageState(stored_energy=energy, targets=targets))


def next_best(told: BlockExplanation) -> tuple[datetime, float, float] | None:
    """Return when the next best step begins, its price, and how much dearer it is."""
    best = told.next_best
    return (best.start, best.price, best.cost_difference) if best else None


def test_a_battery_s_day_is_told_block_by_block() -> None:
    """4 kWh bought at 0.10, 1 kWh at 0.20 up to the band, sold at 0.40 and 0.30."""
    plan = schedule(4000, 1000, 0, -4000, -4000)
    prices = tariff(0.10, 0.20, 0.25, 0.40, 0.30)

    told = explain(plan, prices, planned(BATTERY, 4))

    full, rest, idle, selling = told.blocks
    assert [block.block.kind for block in told.blocks] == [
        BlockKind.CHARGE,
        BlockKind.CHARGE,
        BlockKind.IDLE,
        BlockKind.DISCHARGE,
    ]
    assert (full.price, full.rank, full.ranked, full.cost) == (0.10, 1, 5, pytest.approx(0.4))
    assert full.binding is BindingConstraint.POWER_LIMIT
    assert full.energy_at_end == pytest.approx(8)
    # The cheapest hour without charging is the third: 4 kWh would cost 0.15 more each.
    assert next_best(full) == (NOON + 2 * HOUR, 0.25, pytest.approx(0.6))
    assert (rest.price, rest.rank, rest.cost) == (0.20, 2, pytest.approx(0.2))
    assert rest.binding is BindingConstraint.BAND_LIMIT
    assert (idle.rank, idle.next_best, idle.cost) == (None, None, 0)
    assert idle.binding is BindingConstraint.NONE
    # Two hours at a mean of 0.35, of which only 0.40 is better; the dearest hour left is at 0.25.
    assert (selling.price, selling.rank, selling.cost) == (
        pytest.approx(0.35),
        2,
        pytest.approx(-2.8),
    )
    assert next_best(selling) == (NOON + 2 * HOUR, 0.25, pytest.approx(0.8))
    assert selling.binding is BindingConstraint.BAND_LIMIT
    assert told.energies == pytest.approx((4, 8, 9, 9, 5, 1))
    assert told.currency == "EUR"
    # At once: 3 of 4 kWh are sold in the first hour, at 0.10.
    assert told.cost == pytest.approx(-2.2)
    assert told.cost_of_doing_nothing == 0
    assert told.cost_of_charging_at_once == pytest.approx(-0.3)
    assert told.saving == pytest.approx(1.9)


def test_a_car_charges_for_its_target_and_not_later_than_that() -> None:
    """6 kWh by three o'clock: the hour at 0.05 comes too late, so the next best is the first."""
    plan = schedule(0, 4000, 2000, 0)
    prices = tariff(0.30, 0.10, 0.20, 0.05)
    target = EnergyTarget(NOON + 3 * HOUR, 16)

    told = explain(plan, prices, planned(CAR, 10, target))

    _, full, rest, _ = told.blocks
    assert full.binding is BindingConstraint.POWER_LIMIT
    assert full.rank == 2
    assert next_best(full) == (NOON, 0.30, pytest.approx(0.8))
    assert rest.binding is BindingConstraint.TARGET
    assert next_best(rest) == (NOON, 0.30, pytest.approx(0.2))
    # 0.4 + 0.4 against 4 kWh at 0.30 and 2 kWh at 0.10.
    assert told.cost == pytest.approx(0.8)
    assert told.cost_of_charging_at_once == pytest.approx(1.4)
    assert told.saving == pytest.approx(0.6)


def test_hours_in_which_a_car_is_away_are_no_alternative() -> None:
    state = StorageState(stored_energy=10, power_windows=(PowerWindow(NOON, NOON + HOUR),))

    told = explain(schedule(0, 4000, 0), tariff(0.30, 0.20, 0.40), PlannedStorage(CAR, state))

    best = told.blocks[1].next_best
    assert best is not None
    assert best.start == NOON + 2 * HOUR
    # Away in the first hour, so at once is the second hour too.
    assert told.saving == pytest.approx(0)


def test_at_once_is_kept_against_usage_as_a_thermostat_does() -> None:
    """1 kW is used; heating ahead at 0.1 against 1 kWh in every hour."""
    buffer = replace(CAR, capacity=12, usage=(1.0,))

    told = explain(schedule(3000, 0, 0), tariff(0.1, 0.3, 0.4), planned(buffer, 5))

    assert told.energies == pytest.approx((5, 7, 6, 5))
    assert told.cost == pytest.approx(0.3)
    assert told.cost_of_charging_at_once == pytest.approx(0.8)
    assert told.saving == pytest.approx(0.5)


def test_usage_that_a_sensor_told_is_expected_too() -> None:
    buffer = PlannedStorage(CAR, StorageState(stored_energy=10), flows=(-1.0, -1.0))

    told = explain(schedule(2000, 0), tariff(0.1, 0.3), buffer)

    assert told.energies == pytest.approx((10, 11, 10))
    assert told.cost_of_charging_at_once == pytest.approx(0.4)


def test_wanted_limits_bind_as_the_band_does() -> None:
    state = StorageState(
        stored_energy=5,
        minima=(EnergyWindow(NOON, NOON + 9 * HOUR, 4),),
        maxima=(EnergyWindow(NOON, NOON + 9 * HOUR, 7),),
    )

    told = explain(
        schedule(2000, -3000, 1000, -500),
        tariff(0.1, 0.4, 0.2, 0.3),
        PlannedStorage(BATTERY, state),
    )

    assert [block.binding for block in told.blocks] == [
        BindingConstraint.BAND_LIMIT,
        BindingConstraint.BAND_LIMIT,
        BindingConstraint.NONE,
        BindingConstraint.NONE,
    ]


def test_prices_of_both_directions_are_told_apart() -> None:
    """Buying at 0.30, selling at 0.10; the dearest hour to sell in that is left earns 0.08."""
    told = explain(
        schedule(1000, -1000, 0),
        tariff(0.30, 0.30, 0.30, production=(0.05, 0.10, 0.08)),
        planned(BATTERY, 5),
    )

    buying, selling, _ = told.blocks
    assert next_best(buying) == (NOON + HOUR, 0.30, pytest.approx(0))
    assert (selling.price, selling.rank) == (0.10, 1)
    assert next_best(selling) == (NOON + 2 * HOUR, 0.08, pytest.approx(0.02))
    assert told.cost == pytest.approx(0.2)


def test_what_is_not_known_is_not_told() -> None:
    told = explain(schedule(1000, None, 1000), tariff(0.1, 0.2, None), planned(BATTERY, 5))

    priced, unknown, unpriced = told.blocks
    # The rest is either not priced, or nobody knows that it is free: the second step is.
    assert next_best(priced) == (NOON + HOUR, 0.2, pytest.approx(0.1))
    assert (priced.ranked, unknown.cost, unknown.binding) == (2, None, BindingConstraint.NONE)
    assert (unpriced.price, unpriced.rank, unpriced.cost) == (None, None, None)
    assert told.cost is None
    assert told.cost_of_charging_at_once is None
    assert told.saving is None


def test_a_block_without_any_alternative_has_none() -> None:
    told = explain(schedule(1000, 1000), tariff(0.1, 0.2), planned(BATTERY, 5))

    assert told.blocks[0].next_best is None


def test_panels_are_compared_with_producing_all_that_they_can() -> None:
    """2 kWh fed in at -0.04 would have cost 0.08."""
    told = explain(schedule(-2000, 0), tariff(0.05, -0.04), doing_nothing=(-2000, -2000))

    assert told.energies == ()
    assert told.blocks[0].binding is BindingConstraint.NONE
    assert told.blocks[0].energy_at_end is None
    assert told.cost == pytest.approx(-0.10)
    assert told.cost_of_doing_nothing == pytest.approx(-0.02)
    assert told.cost_of_charging_at_once is None
    assert told.saving == pytest.approx(0.08)


def test_a_process_is_compared_with_its_earliest_start() -> None:
    told = explain(schedule(0, 2000), tariff(0.30, 0.10), at_once=(2000, 0))

    assert next_best(told.blocks[1]) == (NOON, 0.30, pytest.approx(0.4))
    assert (told.cost_of_charging_at_once, told.saving) == pytest.approx((0.6, 0.4))
