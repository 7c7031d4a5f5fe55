"""What sun, people and car do over a day, as pure functions of the time.

Every function takes an aware time and the home's time zone, because habits follow the clock on the wall.
Nothing here remembers anything: the same seed and time give the same answer, so a forecast can be
computed for tomorrow and still be right about it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
import math
from random import Random

# A rooftop of a dozen panels.
SOLAR_PEAK_POWER = 5200.0
SUNRISE_HOUR = 7.0
SUNSET_HOUR = 19.0

# Clouds change over minutes. Their depth is drawn once per slot and blended in between.
CLOUD_SLOT = timedelta(minutes=10)
HIGHEST_CLOUD_LOSS = 0.35
# A forecast knows the average loss, not the single cloud.
EXPECTED_CLOUD_LOSS = HIGHEST_CLOUD_LOSS / 2

BASE_LOAD = 230.0
BREAKFAST = (7.5, 0.9, 650.0)  # middle (hour), width (hours), height (W)
DINNER = (18.8, 1.4, 1150.0)
EVENING = (21.0, 1.6, 350.0)

# Heat that the tank gives: floors all day, showers in the morning and at night.
FLOOR_HEAT = 500.0  # W
SHOWERS = ((7.0, 0.6, 5000.0), (20.5, 0.8, 2500.0))  # middle (hour), width (hours), height (W)

# After dinner somebody fills the dishwasher.
DISHES_HOUR = 20.0

# Kettle, oven, washing machine: short, high, and not in any forecast.
APPLIANCE_SLOT = timedelta(minutes=4)
APPLIANCE_CHANCE = 0.06
APPLIANCE_POWER = (900.0, 2000.0)


@dataclass(frozen=True, slots=True)
class Trip:
    """One absence of the car within a day, in hours of the local clock."""

    leaves: float
    returns: float


def draw(seed: int, name: str, slot: int) -> float:
    """Return a number in [0, 1) that depends on nothing but its arguments."""
    return Random(f"{seed}/{name}/{slot}").random()


def solar_power(now: datetime, zone: tzinfo, seed: int) -> float:
    """Return what the panels make, in watts; never negative."""
    return clear_sky_power(now, zone) * (1 - _cloud_loss(now, seed))


def expected_solar_power(now: datetime, zone: tzinfo) -> float:
    """Return what a forecast says about the panels, in watts."""
    return clear_sky_power(now, zone) * (1 - EXPECTED_CLOUD_LOSS)


def clear_sky_power(now: datetime, zone: tzinfo) -> float:
    """Return the power under a blue sky, in watts: a bell between sunrise and sunset."""
    progress = (_local_hour(now, zone) - SUNRISE_HOUR) / (SUNSET_HOUR - SUNRISE_HOUR)
    if not 0 < progress < 1:
        return 0.0
    return SOLAR_PEAK_POWER * math.sin(math.pi * progress) ** 2


def house_power(now: datetime, zone: tzinfo, seed: int) -> float:
    """Return what the house uses without its flexible devices, in watts."""
    slot = int(now.timestamp() // APPLIANCE_SLOT.total_seconds())
    if draw(seed, "appliance", slot) >= APPLIANCE_CHANCE or _local_hour(now, zone) < 6:
        return expected_house_power(now, zone)
    low, high = APPLIANCE_POWER
    return (
        expected_house_power(now, zone) + low + (high - low) * draw(seed, "appliance power", slot)
    )


def expected_house_power(now: datetime, zone: tzinfo) -> float:
    """Return what a forecast says about the house, in watts."""
    hour = _local_hour(now, zone)
    return BASE_LOAD + sum(_bump(hour, *peak) for peak in (BREAKFAST, DINNER, EVENING))


def heat_demand(now: datetime, zone: tzinfo) -> float:
    """Return the heat that the house wants from the tank, in watts; some 21 kWh a day."""
    hour = _local_hour(now, zone)
    return FLOOR_HEAT + sum(_bump(hour, *shower) for shower in SHOWERS)


def dishes_were_filled_in(now: datetime, elapsed: timedelta, zone: tzinfo) -> bool:
    """Return whether somebody filled the dishwasher within the time that has just passed."""
    before = _local_hour(now - elapsed, zone)
    return before < DISHES_HOUR <= before + elapsed.total_seconds() / 3600


def trip_of_day(now: datetime, zone: tzinfo, seed: int) -> Trip:
    """Return when the car is away on the local day of ``now``: to work, or a short weekend outing."""
    local = now.astimezone(zone)
    day = local.toordinal()
    late = draw(seed, "leaves", day)
    long = draw(seed, "returns", day)
    if local.weekday() < 5:
        return Trip(leaves=7.6 + 0.8 * late, returns=16.8 + 1.5 * long)
    return Trip(leaves=11.0 + 1.5 * late, returns=14.5 + 2.0 * long)


def car_is_home(now: datetime, zone: tzinfo, seed: int) -> bool:
    """Return whether the car stands at its charger."""
    trip = trip_of_day(now, zone, seed)
    return not trip.leaves <= _local_hour(now, zone) < trip.returns


def _local_hour(now: datetime, zone: tzinfo) -> float:
    local = now.astimezone(zone)
    return local.hour + local.minute / 60 + local.second / 3600


def _bump(hour: float, middle: float, width: float, height: float) -> float:
    return height * math.exp(-(((hour - middle) / width) ** 2))


def _cloud_loss(now: datetime, seed: int) -> float:
    position = now.timestamp() / CLOUD_SLOT.total_seconds()
    slot = math.floor(position)
    blend = position - slot
    here, there = draw(seed, "cloud", slot), draw(seed, "cloud", slot + 1)
    return HIGHEST_CLOUD_LOSS * ((1 - blend) * here + blend * there)
