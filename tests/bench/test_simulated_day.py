"""The bench's day is settled as a meter does it, and nobody gains by ending it empty."""

from dataclasses import replace

import pytest

from bench.simulated_day import (
    STEP,
    Day,
    House,
    charge_at_once,
    do_nothing,
    foreseen,
    lived,
    simulated_day,
)

STEPS = 96


def day(**changes: object) -> Day:
    """Return a day on which everything stays as it is."""
    flat = Day(
        start=simulated_day().start,
        consumption_prices=(0.30,) * STEPS,
        feed_in_prices=(0.10,) * STEPS,
        house_powers=(400.0,) * STEPS,
        house_forecasts=(400.0,) * STEPS,
        solar_powers=(0.0,) * STEPS,
        solar_forecasts=(0.0,) * STEPS,
        plugged_in=(False,) * STEPS,
    )
    return replace(flat, **changes)  # type: ignore[arg-type]


def test_a_step_is_paid_at_the_price_of_its_direction() -> None:
    """400 W for a quarter of an hour are 0.1 kWh for 3 cents; with 2,400 W of sun 0.5 kWh earn 5 cents."""
    house = House(day())
    house.live(0)
    assert house.cost == pytest.approx(0.03)
    house = House(day(solar_powers=(2_400.0,) * STEPS))
    house.live(0)
    assert house.cost == pytest.approx(-0.05)
    assert house.highest_power == pytest.approx(2_000)


def test_a_limit_of_the_inverter_keeps_solar_power_from_the_grid() -> None:
    """20 % of 5,200 W are 1,040 W: 640 W more than the house needs."""
    house = House(day(solar_powers=(2_400.0,) * STEPS))
    house.inverter.limit = 20
    house.live(0)
    assert house.cost == pytest.approx(-0.640 * 0.25 * 0.10)


def test_missing_energy_is_bought_at_the_highest_price_and_more_is_worth_nothing() -> None:
    """500 Wh less in the battery take 500 / sqrt(0.92) Wh at the meter."""
    house = House(day(consumption_prices=(0.30,) * 95 + (0.50,)))
    house.charger.car.stored = 50_000
    house.battery.stored = 9_000
    assert house.settled_cost == 0
    house.battery.stored = 500
    assert house.missing_energy == pytest.approx(521.3, abs=0.1)
    assert house.settled_cost == pytest.approx(0.5213 * 0.50, abs=1e-4)


@pytest.mark.parametrize(
    ("power", "current"), [(0, 0), (0.2, 0), (500, 6), (4_140, 6), (4_141, 7), (11_040, 16)]
)
def test_a_car_is_charged_with_at_least_what_is_wanted(power: float, current: float) -> None:
    """In whole amperes, and not below 6."""
    house = House(day())
    house.charge_car(power)
    assert house.charger.current == current


async def test_without_a_plan_the_battery_is_left_alone_and_the_car_is_ready() -> None:
    """From 22 to 48 kWh, sqrt(0.88) of what is paid for; the last step gives a little more."""
    house = await lived(day(plugged_in=(True,) * STEPS), do_nothing)
    assert house.battery.stored == 1_000
    assert 48_000 <= house.charger.car.stored < 49_000
    used = 0.4 * 24 + (house.charger.car.stored / 1000 - 22) / 0.88**0.5
    assert house.cost == pytest.approx(0.30 * used, rel=1e-3)
    assert house.highest_power == pytest.approx(4_540, abs=1)


async def test_at_once_means_all_power_and_no_sun_left_over() -> None:
    """16 A from the first step on; the battery stores what the sun leaves, up to 9.5 kWh, and gives 400 W for 14 h."""
    sunny = day(plugged_in=(True,) * STEPS, solar_powers=(1_400.0,) * 40 + (0.0,) * 56)
    house = House(sunny)
    for step in range(12):
        await charge_at_once(house, step)
        house.live(step)
        assert house.charger.car.power <= 11_040
    assert house.charger.car.stored > 48_000
    assert house.battery.stored == pytest.approx(1_000 + 3_000 * 0.92**0.5, rel=0.01)
    house = await lived(sunny, charge_at_once)
    assert house.battery.stored == pytest.approx(9_500 - 5_600 / 0.92**0.5, abs=20)


def test_the_day_has_negative_prices_at_noon_and_a_car_that_returns_in_the_evening() -> None:
    """Without these the day would not ask for curtailment, nor for a plan that begins when the car is back."""
    real = simulated_day()
    assert len(real.plugged_in) == STEPS
    assert (real.end - real.start) / STEP == STEPS
    noon = real.consumption_prices[20:28]
    assert max(noon) < 0
    assert max(real.solar_powers[20:28]) > 4_000
    back = real.plugged_in.index(True)
    assert 36 < back < 48
    assert all(real.plugged_in[back:])
    assert min(
        price - paid
        for price, paid in zip(real.consumption_prices, real.feed_in_prices, strict=True)
    ) == pytest.approx(0.05)


def test_forecasts_are_close_to_what_comes_and_can_be_made_to_come_true() -> None:
    """They know neither clouds nor kettles."""
    real = simulated_day()
    assert real.solar_forecasts != real.solar_powers
    assert sum(real.solar_forecasts) == pytest.approx(sum(real.solar_powers), rel=0.1)
    assert sum(real.house_forecasts) == pytest.approx(sum(real.house_powers), rel=0.3)
    assert foreseen(real).solar_forecasts == real.solar_powers
    assert foreseen(real).house_forecasts == real.house_powers
