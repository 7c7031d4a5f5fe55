"""A day of a home with battery, car and solar panels: what it offers, what the home makes of it, what that costs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
import math
from statistics import mean
from zoneinfo import ZoneInfo

from demo.custom_components.simulated_home import prices, profiles
from demo.custom_components.simulated_home.physics import (
    BATTERY,
    CAR,
    LOWEST_CURRENT,
    WATTS_PER_AMPERE,
    Charger,
    Inverter,
    Storage,
)

STEP = timedelta(minutes=15)
_HOURS = STEP / timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_ZONE = ZoneInfo("Europe/Amsterdam")
# A Monday in June at 07:00: the car has just left, and the day ends when it has to be ready again.
_START = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)
_LENGTH = timedelta(days=1)
# The prices begin anew every noon, and the day's noon is one with more sun than anybody needs.
_PRICE_ANCHOR = datetime(2026, 5, 30, 10, 0, tzinfo=UTC)
_SEED = 1

SITE_POWER = 17_250.0  # W, three phases of 25 A
BATTERY_BAND = (0.05, 0.95)
# A battery that nobody steers is empty in the morning; it must not end with less.
BATTERY_AT_START = 1_000.0  # Wh
CAR_AT_START = 22_000.0  # Wh, after a day's drive
CAR_TARGET = 48_000.0  # Wh at 07:00, 80 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What the day offers, per quarter of an hour.

    Attributes:
        consumption_prices: EUR/kWh for taking power.
        feed_in_prices: EUR/kWh for giving it back.
        house_powers: W that the house uses whatever is planned; means.
        house_forecasts: W that it was expected to use.
        solar_powers: W that the sun gives; means.
        solar_forecasts: W that it was expected to give.
        plugged_in: whether the car is at its charger for the whole step.
    """

    start: datetime
    consumption_prices: tuple[float, ...]
    feed_in_prices: tuple[float, ...]
    house_powers: tuple[float, ...]
    house_forecasts: tuple[float, ...]
    solar_powers: tuple[float, ...]
    solar_forecasts: tuple[float, ...]
    plugged_in: tuple[bool, ...]

    @property
    def end(self) -> datetime:
        """Return when the last step ends."""
        return self.time(len(self.plugged_in))

    def time(self, step: int) -> datetime:
        """Return when a step begins."""
        return self.start + step * STEP


def simulated_day() -> Day:
    """Return the day; always the same one."""
    steps = [_START + number * STEP for number in range(_LENGTH // STEP)]
    hours = [prices.start_of_hour(step) for step in steps]
    return Day(
        start=_START,
        consumption_prices=tuple(prices.consumption_price(hour, _PRICE_ANCHOR) for hour in hours),
        feed_in_prices=tuple(prices.feed_in_price(hour, _PRICE_ANCHOR) for hour in hours),
        house_powers=_means(profiles.house_power, steps, _SEED),
        house_forecasts=_means(profiles.expected_house_power, steps),
        solar_powers=_means(profiles.solar_power, steps, _SEED),
        solar_forecasts=_means(profiles.expected_solar_power, steps),
        plugged_in=tuple(_is_back(step) for step in steps),
    )


def foreseen(day: Day) -> Day:
    """Return the same day with forecasts that come true."""
    return replace(day, house_forecasts=day.house_powers, solar_forecasts=day.solar_powers)


def _means(power: Callable[..., float], steps: list[datetime], *seed: int) -> tuple[float, ...]:
    """Return the mean of a profile's power per step, from its value at every minute."""
    minutes = [number * _MINUTE for number in range(STEP // _MINUTE)]
    return tuple(mean(power(step + minute, _ZONE, *seed) for minute in minutes) for step in steps)


def _is_back(step: datetime) -> bool:
    """Tell whether the car has returned; after midnight it stays until the day ends."""
    is_new_day = step.astimezone(_ZONE).date() != _START.astimezone(_ZONE).date()
    local = step.astimezone(_ZONE)
    returns = profiles.trip_of_day(_START, _ZONE, _SEED).returns
    return is_new_day or local.hour + local.minute / 60 >= returns


@dataclass(slots=True)
class House:
    """The home on that day: physics that follow their knobs, and a meter that settles every quarter of an hour.

    Attributes:
        cost: EUR paid at the meter so far.
        highest_power: W at the grid, the highest mean of a step in either direction.
    """

    day: Day
    battery: Storage = field(default_factory=lambda: Storage(BATTERY, stored=BATTERY_AT_START))
    charger: Charger = field(default_factory=lambda: Charger(Storage(CAR, stored=CAR_AT_START)))
    inverter: Inverter = field(default_factory=Inverter)
    cost: float = 0.0
    highest_power: float = 0.0

    def charge_car(self, power: float) -> None:
        """Charge with at least so many watts, in whole amperes; 0 for not at all."""
        current = math.ceil(round(power / WATTS_PER_AMPERE, 3))
        self.charger.set_current(max(current, LOWEST_CURRENT) if current else 0)

    def car_power_to_target(self) -> float:
        """Return the power that brings the car to its target within a step, in watts; 0 when it is there."""
        missing = CAR_TARGET - self.charger.car.stored
        return max(missing, 0.0) / CAR.one_way_efficiency / _HOURS

    def live(self, step: int) -> None:
        """Let a step pass, and settle it."""
        energy = self.day.house_powers[step] * _HOURS
        energy += self.battery.advance(STEP)
        energy += self.charger.advance(STEP, plugged_in=self.day.plugged_in[step])
        energy -= self.inverter.power(self.day.solar_powers[step]) * _HOURS
        tariff = self.day.consumption_prices if energy > 0 else self.day.feed_in_prices
        self.cost += energy / 1000 * tariff[step]
        self.highest_power = max(self.highest_power, abs(energy) / _HOURS)

    @property
    def missing_energy(self) -> float:
        """Return what battery and car lack at the end of the day, in Wh at the meter."""
        battery = max(BATTERY_AT_START - self.battery.stored, 0.0) / BATTERY.one_way_efficiency
        car = max(CAR_TARGET - self.charger.car.stored, 0.0) / CAR.one_way_efficiency
        return battery + car

    @property
    def settled_cost(self) -> float:
        """Return the cost in EUR, with what is missing bought at the day's highest price; what is left is worth nothing."""
        return self.cost + self.missing_energy / 1000 * max(self.day.consumption_prices)


type Steering = Callable[[House, int], Awaitable[None]]


async def lived(day: Day, steer: Steering) -> House:
    """Return the home at the end of a day on which somebody turned its knobs before every step."""
    house = House(day)
    for step in range(len(day.plugged_in)):
        await steer(house, step)
        house.live(step)
    return house


async def do_nothing(house: House, step: int) -> None:
    """Leave the battery alone; the car takes the charger's lowest current until it has what it needs."""
    power = house.car_power_to_target()
    house.charge_car(min(power, LOWEST_CURRENT * WATTS_PER_AMPERE))


async def charge_at_once(house: House, step: int) -> None:
    """Charge the car with all power as soon as it is there, the battery with what the sun leaves over.

    The battery gives back as soon as the house needs something, as they do without a plan, but never to the car.
    """
    house.charge_car(house.car_power_to_target())
    surplus = house.day.solar_powers[step] - house.day.house_powers[step]
    low, high = (share * BATTERY.capacity for share in BATTERY_BAND)
    highest = (high - house.battery.stored) / BATTERY.one_way_efficiency / _HOURS
    lowest = (low - house.battery.stored) * BATTERY.one_way_efficiency / _HOURS
    house.battery.setpoint = min(max(surplus, lowest), highest)
