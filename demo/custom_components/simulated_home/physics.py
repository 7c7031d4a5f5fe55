"""The physics of the simulated home: pure, deterministic, and told how much time has passed.

Power is in watts. At the battery, the car and the grid, consumption is positive: charging and import.
Energy is in watt-hours. The state in here is exact; noise is added to readings only, as a meter does.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
import math
from random import Random

from . import profiles

# Longer steps would blur the start of a ramp and the taper near full and empty.
LONGEST_STEP = timedelta(seconds=10)

METER_ERROR = 0.005  # of the reading
METER_FLOOR = 2.0  # W, what remains at zero


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageModel:
    """What a store of energy can do, whether it stands in the house or drives.

    Attributes:
        capacity: Wh that fit in.
        charging_power: W at the meter, at most.
        discharging_power: W at the meter, at most; positive. 0 for what cannot give back.
        roundtrip_efficiency: share of the charged energy that can be taken out again.
        ramp: W per second that power can change.
        taper: share of the capacity, near full and near empty, in which power is reduced in proportion.
    """

    capacity: float
    charging_power: float
    discharging_power: float
    roundtrip_efficiency: float
    ramp: float
    taper: float

    @property
    def one_way_efficiency(self) -> float:
        """Return the efficiency of charging and of discharging: both lose the same share."""
        return math.sqrt(self.roundtrip_efficiency)


BATTERY = StorageModel(
    capacity=10_000,
    charging_power=5_000,
    discharging_power=5_000,
    roundtrip_efficiency=0.92,
    ramp=2_500,
    taper=0.04,
)
CAR = StorageModel(
    capacity=60_000,
    charging_power=11_000,
    discharging_power=0,
    roundtrip_efficiency=0.88,
    ramp=2_000,
    taper=0.05,
)
CAR_TRIP_ENERGY = 14_000.0  # Wh that driving takes out per trip
CAR_USUAL_POWER = 3_700.0  # W, a charger on one phase that nobody steers


@dataclass(slots=True)
class Storage:
    """A store of energy that follows a power setpoint within its limits.

    Attributes:
        stored: Wh inside.
        setpoint: W that was asked for; charging positive.
        power: W that really flows at the meter now; charging positive.
    """

    model: StorageModel
    stored: float
    setpoint: float = 0.0
    power: float = 0.0

    @property
    def state_of_charge(self) -> float:
        """Return the filling in per cent."""
        return 100 * self.stored / self.model.capacity

    def advance(self, elapsed: timedelta) -> float:
        """Let time pass and return the energy that went through the meter, in Wh; charging positive."""
        energy = 0.0
        remaining = elapsed.total_seconds()
        while remaining > 0:
            seconds = min(remaining, LONGEST_STEP.total_seconds())
            energy += self._step(seconds)
            remaining -= seconds
        return energy

    def _step(self, seconds: float) -> float:
        target = self._limited(self.setpoint)
        change = self.model.ramp * seconds
        reached = min(max(target, self.power - change), self.power + change)
        average = self._within_bounds((self.power + reached) / 2, seconds / 3600)
        self.power = self._limited(reached)
        energy = average * seconds / 3600
        stored = self.stored + energy * self._factor(energy)
        self.stored = min(max(stored, 0.0), self.model.capacity)
        return energy

    def _limited(self, power: float) -> float:
        """Apply the power limits, which shrink to nothing at full and at empty."""
        taper = self.model.taper * self.model.capacity
        room = min((self.model.capacity - self.stored) / taper, 1.0)
        rest = min(self.stored / taper, 1.0)
        return min(
            max(power, -self.model.discharging_power * rest),
            self.model.charging_power * room,
        )

    def _within_bounds(self, power: float, hours: float) -> float:
        """Cut power so that the store ends neither over-full nor below empty."""
        highest = (self.model.capacity - self.stored) / (hours * self.model.one_way_efficiency)
        lowest = -self.stored * self.model.one_way_efficiency / hours
        return min(max(power, lowest), highest)

    def _factor(self, energy: float) -> float:
        efficiency = self.model.one_way_efficiency
        return efficiency if energy > 0 else 1 / efficiency


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the home's meters show: watts, and per cent for states of charge.

    Attributes:
        grid_power: import positive.
        battery_power: charging positive.
        solar_power: what the panels make, positive.
        house_power: what the house uses without battery and car.
    """

    battery_power: float
    battery_state_of_charge: float
    car_plugged_in: bool
    car_power: float
    car_state_of_charge: float
    grid_power: float
    house_power: float
    solar_power: float


@dataclass(slots=True)
class Home:
    """The whole simulated home; time passes only when ``advance`` says so."""

    zone: tzinfo
    seed: int = 1
    battery: Storage = field(default_factory=lambda: Storage(BATTERY, stored=3_500))
    car: Storage = field(
        default_factory=lambda: Storage(CAR, stored=36_000, setpoint=CAR_USUAL_POWER)
    )

    def advance(self, now: datetime, elapsed: timedelta) -> Reading:
        """Let ``elapsed`` pass, up to ``now``, and read all meters."""
        plugged_in = profiles.car_is_home(now, self.zone, self.seed)
        self.battery.advance(elapsed)
        if plugged_in:
            self.car.advance(elapsed)
        else:
            self._drive(now, elapsed)
        return self._read(now, plugged_in=plugged_in)

    def _drive(self, now: datetime, elapsed: timedelta) -> None:
        trip = profiles.trip_of_day(now, self.zone, self.seed)
        share = elapsed.total_seconds() / 3600 / (trip.returns - trip.leaves)
        self.car.stored = max(self.car.stored - CAR_TRIP_ENERGY * share, 0.0)
        self.car.power = 0.0

    def _read(self, now: datetime, *, plugged_in: bool) -> Reading:
        house = profiles.house_power(now, self.zone, self.seed)
        solar = profiles.solar_power(now, self.zone, self.seed)
        grid = house + self.battery.power + self.car.power - solar
        noise = Random(f"{self.seed}/{now.timestamp():.0f}")
        return Reading(
            battery_power=measured(self.battery.power, noise),
            battery_state_of_charge=round(self.battery.state_of_charge, 1),
            car_plugged_in=plugged_in,
            car_power=measured(self.car.power, noise) if self.car.power else 0.0,
            car_state_of_charge=round(self.car.state_of_charge),
            grid_power=measured(grid, noise),
            house_power=measured(house, noise),
            solar_power=measured(solar, noise) if solar else 0.0,
        )


def measured(power: float, noise: Random) -> float:
    """Return a power as a meter shows it, in whole watts: a small relative error and a small constant one."""
    error = power * noise.gauss(0, METER_ERROR) + noise.uniform(-METER_FLOOR, METER_FLOOR)
    return float(round(power + error))
