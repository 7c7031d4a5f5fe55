"""The simulated home obeys physics: energy is conserved, limits hold, days repeat."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from demo.custom_components.simulated_home import prices, profiles
from demo.custom_components.simulated_home.faults import Fault, heeded
from demo.custom_components.simulated_home.physics import (
    BATTERY,
    CAR,
    HEAT_CAPACITY,
    PROGRAM_LENGTH,
    Charger,
    Dishwasher,
    HeatPump,
    Home,
    Inverter,
    Storage,
    coefficient_of_performance,
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
    home.dishwasher.start()
    for minute in range(0, 24 * 60, 7):
        reading = home.advance(MONDAY_NOON + timedelta(minutes=minute), timedelta(minutes=7))
        devices = reading.battery_power + reading.car_power
        appliances = reading.dishwasher_power + reading.heat_pump_power
        expected = reading.house_power + devices + appliances - reading.solar_power
        assert reading.grid_power == pytest.approx(expected, abs=140)


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
    home.charger.enabled = False
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


def test_some_days_have_more_power_than_anybody_needs() -> None:
    """On the third day taking power pays in the two cheapest hours: 0.95 x 0.09 - 0.12 EUR/kWh."""
    anchor = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
    day = [
        prices.consumption_price(anchor + timedelta(hours=48 + number), anchor)
        for number in range(24)
    ]
    assert day[0] == day[1] == pytest.approx(-0.0345)
    assert sum(price < 0 for price in day) == 3
    assert prices.feed_in_price(anchor + timedelta(hours=48), anchor) == pytest.approx(-0.0845)


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


@pytest.mark.parametrize(
    ("asked", "taken"), [(0, 0), (5, 0), (5.9, 0), (6, 6), (10.7, 10), (16, 16), (40, 16)]
)
def test_a_charger_takes_whole_amperes_between_6_and_16(asked: float, taken: float) -> None:
    """Anything below the lowest current is none at all."""
    charger = Charger(Storage(CAR, stored=30_000))
    charger.set_current(asked)
    assert charger.current == taken
    charger.set_power_limit(asked * 690)
    assert charger.current == taken


def test_a_car_charges_on_three_phases_while_the_charger_is_on() -> None:
    """10 A on 3 x 230 V are 6,900 W; sqrt(0.88) of what goes in during half an hour is stored."""
    charger = Charger(Storage(CAR, stored=30_000))
    charger.set_current(10)
    charger.advance(timedelta(minutes=1), plugged_in=True)
    before = charger.car.stored
    assert charger.advance(timedelta(minutes=30), plugged_in=True) == pytest.approx(3_450)
    assert charger.car.stored - before == pytest.approx(3_450 * 0.88**0.5)
    charger.enabled = False
    charger.advance(timedelta(minutes=1), plugged_in=True)
    assert charger.car.power == 0
    assert charger.current == 10


def test_nothing_flows_without_a_car() -> None:
    """The current that is set does not matter."""
    charger = Charger(Storage(CAR, stored=30_000), current=16)
    charger.advance(timedelta(minutes=1), plugged_in=True)
    assert charger.advance(timedelta(hours=1), plugged_in=False) == 0
    assert charger.car.power == 0


@pytest.mark.parametrize(
    ("limit", "available", "power"),
    [(100, 4_000, 4_000), (50, 4_000, 2_600), (50, 2_000, 2_000), (0, 4_000, 0)],
)
def test_an_inverter_feeds_in_up_to_its_share_of_5200_watts(
    limit: float, available: float, power: float
) -> None:
    """A limit above what the sun gives changes nothing."""
    assert Inverter(limit).power(available) == power


def test_a_tank_warms_by_what_is_made_and_cools_by_what_is_taken() -> None:
    """In ten minutes: 2 kW times the coefficient, less 900 W for the house and 1.5 W/K through the wall."""
    heat_pump = HeatPump(temperature=40, target=50)
    energy = heat_pump.advance(timedelta(minutes=10), 900)
    assert heat_pump.heating
    assert energy == pytest.approx(2_000 / 6)
    made = 2_000 * coefficient_of_performance(40)
    assert made == pytest.approx(7_900)
    expected = (7_900 - 900 - 1.5 * 22) / 6 / HEAT_CAPACITY
    assert heat_pump.temperature - 40 == pytest.approx(expected, rel=0.03)


def test_a_heat_pump_starts_three_degrees_below_its_target_and_stops_at_it() -> None:
    """In between it goes on with what it did."""
    heat_pump = HeatPump(temperature=46, target=48)
    heat_pump.advance(timedelta(seconds=10), 0)
    assert not heat_pump.heating
    heat_pump.temperature = 45
    heat_pump.advance(timedelta(seconds=10), 0)
    assert heat_pump.heating
    heat_pump.temperature = 47
    heat_pump.advance(timedelta(seconds=10), 0)
    assert heat_pump.heating
    heat_pump.temperature = 48
    heat_pump.advance(timedelta(seconds=10), 0)
    assert not heat_pump.heating
    assert heat_pump.power == 8


def test_a_heat_pump_that_is_off_lets_the_house_go_cold_but_not_colder_than_the_room() -> None:
    """Two days without heat."""
    heat_pump = HeatPump(temperature=46, enabled=False)
    for _ in range(48):
        heat_pump.advance(timedelta(hours=1), 1_500)
    assert 18 < heat_pump.temperature < 20
    assert heat_pump.heat_used < 300


def test_a_house_takes_about_21_kwh_of_heat_a_day() -> None:
    """12 kWh for the floors, the rest for showers."""
    midnight = datetime(2026, 5, 31, 22, 0, tzinfo=UTC)
    minutes = [midnight + timedelta(minutes=number) for number in range(24 * 60)]
    heat = sum(profiles.heat_demand(minute, AMSTERDAM) for minute in minutes) / 60
    assert heat == pytest.approx(20_900, rel=0.02)


def test_a_dishwasher_is_filled_after_dinner_and_ready_until_it_is_started() -> None:
    """Started at 19:58 local, it is empty; filled at 20:00, it is ready when its two hours are over."""
    home = Home(AMSTERDAM)
    dinner = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
    minute = timedelta(minutes=1)
    assert home.advance(dinner - 3 * minute, minute).dishwasher_ready
    home.dishwasher.start()
    assert not home.advance(dinner - minute, minute).dishwasher_ready
    assert not home.dishwasher.is_filled
    assert not home.advance(dinner, minute).dishwasher_ready  # it still runs
    assert home.dishwasher.is_filled
    assert home.advance(dinner + PROGRAM_LENGTH, PROGRAM_LENGTH).dishwasher_ready


def test_a_dishwasher_runs_for_two_hours_and_uses_the_same_energy_each_time() -> None:
    """Eight quarters of an hour, 1,150 Wh together; another start while it runs changes nothing."""
    dishwasher = Dishwasher()
    assert dishwasher.advance(timedelta(hours=1)) == 0
    dishwasher.start()
    assert dishwasher.power == 60
    energy = dishwasher.advance(timedelta(minutes=20))
    assert energy == pytest.approx(60 / 4 + 1_900 / 12)
    assert dishwasher.power == 1_900
    dishwasher.start()
    energy += dishwasher.advance(timedelta(minutes=99))
    assert dishwasher.running
    energy += dishwasher.advance(timedelta(hours=5))
    assert energy == pytest.approx(1_150)
    assert not dishwasher.running
    assert dishwasher.power == 0


@given(st.lists(st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=1)), max_size=20))
def test_a_program_uses_its_energy_however_time_is_cut(parts: list[timedelta]) -> None:
    """Until its end 1,150 Wh in all."""
    dishwasher = Dishwasher()
    dishwasher.start()
    energy = sum(dishwasher.advance(part) for part in parts)
    energy += dishwasher.advance(PROGRAM_LENGTH)
    assert energy == pytest.approx(1_150)


def test_a_home_goes_on_where_it_was_left() -> None:
    """Every knob and every store survives a restart."""
    left = Home(AMSTERDAM)
    left.battery.setpoint = -1_500
    left.charger.set_current(9)
    left.charger.enabled = False
    left.dishwasher.start()
    left.heat_pump.enabled = False
    left.heat_pump.target = 52
    left.inverter.limit = 30
    left.advance(MONDAY_NOON, timedelta(minutes=20))
    found = Home(AMSTERDAM)
    found.recall(left.remember())
    assert found.remember() == left.remember()
    assert found.dishwasher.run_for == timedelta(minutes=20)
    assert (found.charger.current, found.charger.enabled) == (9, False)
    assert (found.heat_pump.target, found.heat_pump.enabled, found.inverter.limit) == (
        52,
        False,
        30,
    )


def test_a_home_from_before_it_had_all_its_parts_goes_on_with_new_ones() -> None:
    """Only battery and car were remembered then."""
    home = Home(AMSTERDAM)
    home.recall({"battery_stored": 5_000, "battery_setpoint": 700, "car_stored": 20_000})
    assert (home.battery.stored, home.battery.setpoint, home.car.stored) == (5_000, 700, 20_000)
    assert home.charger.current == 6
    assert not home.dishwasher.running


@pytest.mark.parametrize(
    ("fault", "value", "taken"),
    [
        (None, 4_000, 4_000),
        (Fault.UNAVAILABLE, 4_000, 4_000),
        (Fault.IGNORES_WRITES, 4_000, 100),
        (Fault.CLAMPS, 4_000, 2_500),
        (Fault.CLAMPS, -4_000, -2_500),
        (Fault.CLAMPS, 1_000, 1_000),
    ],
)
def test_a_fault_decides_what_a_device_makes_of_a_value(
    fault: Fault | None, value: float, taken: float
) -> None:
    """It was told 100 before, and half of its range ends at 2,500."""
    assert heeded(fault, value, 100, (-2_500, 2_500)) == taken
