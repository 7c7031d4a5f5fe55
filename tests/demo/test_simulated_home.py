"""The simulated home obeys physics: energy is conserved, limits hold, days repeat."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from demo.custom_components.simulated_home import prices, profiles
from demo.custom_components.simulated_home.physics import (
    BATTERY,
    Home,
    Storage,
    measured,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY_NOON = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)

setpoints = st.floats(min_value=-20_000, max_value=20_000)
durations = st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(hours=2))


def battery(state_of_charge: float, *, setpoint: float = 0) -> Storage:
    """Return the demo's battery with this filling in per cent."""
    stored = BATTERY.capacity * state_of_charge / 100
    return Storage(BATTERY, stored=stored, setpoint=setpoint)


@given(
    start=st.floats(min_value=0, max_value=100),
    orders=st.lists(st.tuples(setpoints, durations), max_size=6),
)
def test_battery_stays_within_its_limits_whatever_it_is_asked(
    start: float, orders: list[tuple[float, timedelta]]
) -> None:
    """No order over-fills it, drains it below empty, or exceeds its power."""
    store = battery(start)
    for setpoint, duration in orders:
        store.setpoint = setpoint
        energy = store.advance(duration)
        assert 0 <= store.state_of_charge <= 100
        assert -5_000 <= store.power <= 5_000
        assert abs(energy) <= 5_000 * duration.total_seconds() / 3600 + 1e-6


@given(
    start=st.floats(min_value=0, max_value=100),
    setpoint=setpoints,
    duration=durations,
)
def test_what_goes_in_is_stored_except_for_the_losses(
    start: float, setpoint: float, duration: timedelta
) -> None:
    """The stored energy changes by the metered energy times the one-way efficiency."""
    store = battery(start, setpoint=setpoint)
    before = store.stored
    energy = store.advance(duration)
    factor = 0.92**0.5 if energy > 0 else 0.92**-0.5
    assert store.stored - before == pytest.approx(energy * factor, abs=1e-6)


def test_a_full_cycle_gives_back_92_percent() -> None:
    """Empty to full and back to empty."""
    store = battery(0, setpoint=5_000)
    charged = store.advance(timedelta(hours=6))
    assert store.state_of_charge == pytest.approx(100, abs=0.01)
    store.setpoint = -5_000
    discharged = -store.advance(timedelta(hours=6))
    assert store.state_of_charge == pytest.approx(0, abs=0.01)
    assert discharged / charged == pytest.approx(0.92, abs=0.001)


def test_battery_charges_at_the_setpoint_after_a_short_ramp() -> None:
    """Two seconds to full power; a quarter of an hour at 4 kW stores 4 kW x 0.25 h x sqrt(0.92)."""
    store = battery(35, setpoint=4_000)
    store.advance(timedelta(seconds=1))
    assert store.power == 2_500
    store.advance(timedelta(minutes=15))
    assert store.power == 4_000
    assert store.state_of_charge == pytest.approx(35 + 9.59, abs=0.05)


@pytest.mark.parametrize(
    ("state_of_charge", "setpoint", "expected"),
    [(98, 5_000, 2_500), (2, -5_000, -2_500), (98, -5_000, -5_000), (2, 5_000, 5_000)],
)
def test_power_tapers_near_full_and_near_empty_only_in_that_direction(
    state_of_charge: float, setpoint: float, expected: float
) -> None:
    """Halfway through the last 4 % half of the power is left."""
    store = battery(state_of_charge, setpoint=setpoint)
    store.advance(timedelta(seconds=3))
    assert store.power == pytest.approx(expected, rel=0.05)


def test_grid_delivers_what_the_home_uses_and_the_sun_does_not() -> None:
    """The grid's reading is the sum of the others, within the meters' errors."""
    home = Home(AMSTERDAM)
    home.battery.setpoint = 3_000
    for minute in range(0, 24 * 60, 7):
        reading = home.advance(MONDAY_NOON + timedelta(minutes=minute), timedelta(minutes=7))
        expected = (
            reading.house_power + reading.battery_power + reading.car_power - reading.solar_power
        )
        assert reading.grid_power == pytest.approx(expected, abs=120)


def test_meter_error_is_about_half_a_percent_and_has_no_bias() -> None:
    """Over 2,000 readings of 4 kW."""
    noise = Random(1)
    readings = [measured(4_000, noise) for _ in range(2_000)]
    mean = sum(readings) / len(readings)
    spread = (sum((each - mean) ** 2 for each in readings) / len(readings)) ** 0.5
    assert mean == pytest.approx(4_000, abs=3)
    assert spread == pytest.approx(20, abs=2)


def test_same_seed_gives_the_same_day() -> None:
    """Two homes with the same past show the same readings."""
    one, two = Home(AMSTERDAM), Home(AMSTERDAM)
    tick = timedelta(seconds=5)
    assert one.advance(MONDAY_NOON, tick) == two.advance(MONDAY_NOON, tick)


def test_sun_shines_by_day_only_and_close_to_its_forecast() -> None:
    """No power at night; over a day the clouds cost about what the forecast expects."""
    day = datetime(2026, 5, 31, 22, 0, tzinfo=UTC)  # local midnight
    times = [day + timedelta(minutes=5 * number) for number in range(288)]
    powers = [profiles.solar_power(time, AMSTERDAM, seed=1) for time in times]
    expected = [profiles.expected_solar_power(time, AMSTERDAM) for time in times]
    assert max(powers[:84]) == 0  # until 07:00
    assert min(powers[96:216]) > 0  # 08:00 to 18:00
    assert sum(powers) == pytest.approx(sum(expected), rel=0.1)


def test_car_comes_and_goes_and_loses_its_trip_s_energy() -> None:
    """A working day: at home in the night, away at noon, back in the evening with 14 kWh less."""
    home = Home(AMSTERDAM)
    home.car.setpoint = 0
    midnight = datetime(2026, 5, 31, 22, 0, tzinfo=UTC)
    minute = timedelta(minutes=1)
    plugged_in = [
        home.advance(midnight + number * minute, minute).car_plugged_in for number in range(24 * 60)
    ]
    assert plugged_in[3 * 60]
    assert not plugged_in[12 * 60]
    assert plugged_in[20 * 60]
    assert 36_000 - home.car.stored == pytest.approx(14_000, rel=0.01)


def test_prices_begin_with_the_cheapest_hours_and_a_peak_follows() -> None:
    """Whenever the demo is first started, it starts cheap; the dearest hour of the day is 7 hours later."""
    anchor = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
    day = [prices.consumption_price(anchor + number * prices.HOUR, anchor) for number in range(24)]
    assert day[0] == day[1] == min(day)
    assert day.index(max(day)) == 7
    assert prices.feed_in_price(anchor, anchor) == pytest.approx(day[0] - 0.05)


@pytest.mark.parametrize(
    ("day", "hours"), [((2026, 3, 29), 23), ((2026, 6, 1), 24), ((2026, 10, 25), 25)]
)
def test_days_of_prices_have_as_many_hours_as_the_clock(
    day: tuple[int, int, int], hours: int
) -> None:
    """The day on which clocks change is shorter or longer."""
    noon = datetime(*day, 12, 0, tzinfo=UTC)
    starts = prices.hours_of_day(noon, AMSTERDAM)
    assert len(starts) == hours
    assert starts[0].astimezone(AMSTERDAM).hour == 0
