"""The whole home: its parts behind one grid meter."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from random import Random
from typing import NotRequired, TypedDict

from .. import profiles
from .charger import CAR, Charger
from .dishwasher import Dishwasher
from .heat_pump import HeatPump
from .inverter import Inverter
from .storage import BATTERY, Storage

METER_ERROR = 0.005  # of the reading
METER_FLOOR = 2.0  # W, what remains at zero

CAR_TRIP_ENERGY = 14_000.0  # Wh that driving takes out per trip


class Memory(TypedDict):
    """What a restart must not forget; what an older home did not have yet may be missing."""

    battery_stored: float
    battery_setpoint: float
    car_stored: float
    charger_current: NotRequired[float]
    charger_enabled: NotRequired[bool]
    dishwasher_filled: NotRequired[bool]
    dishwasher_seconds: NotRequired[float | None]
    heat_pump_enabled: NotRequired[bool]
    inverter_limit: NotRequired[float]
    tank_target: NotRequired[float]
    tank_temperature: NotRequired[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the home's meters show: watts, per cent for states of charge, °C for the tank.

    Attributes:
        battery_power: charging positive.
        grid_power: import positive.
        heat_power: heat that the house takes from the tank; not electricity.
        house_power: what the house uses without battery, car, heat pump and dishwasher.
        solar_power: what the panels make, positive.
    """

    battery_power: float
    battery_state_of_charge: float
    car_plugged_in: bool
    car_power: float
    car_state_of_charge: float
    dishwasher_power: float
    dishwasher_ready: bool
    dishwasher_running: bool
    grid_power: float
    heat_power: float
    heat_pump_power: float
    house_power: float
    solar_power: float
    tank_temperature: float


@dataclass(slots=True)
class Home:
    """The whole simulated home; time passes only when ``advance`` says so."""

    zone: tzinfo
    seed: int = 1
    battery: Storage = field(default_factory=lambda: Storage(BATTERY, stored=3_500))
    charger: Charger = field(default_factory=lambda: Charger(Storage(CAR, stored=36_000)))
    dishwasher: Dishwasher = field(default_factory=Dishwasher)
    heat_pump: HeatPump = field(default_factory=HeatPump)
    inverter: Inverter = field(default_factory=Inverter)

    @property
    def car(self) -> Storage:
        """Return the store in the car."""
        return self.charger.car

    def advance(self, now: datetime, elapsed: timedelta) -> Reading:
        """Let ``elapsed`` pass, up to ``now``, and read all meters."""
        plugged_in = profiles.car_is_home(now, self.zone, self.seed)
        self.battery.advance(elapsed)
        self.charger.advance(elapsed, plugged_in=plugged_in)
        if not plugged_in:
            self._drive(now, elapsed)
        self.dishwasher.advance(elapsed)
        if profiles.dishes_were_filled_in(now, elapsed, self.zone):
            self.dishwasher.is_filled = True
        self.heat_pump.advance(elapsed, profiles.heat_demand(now, self.zone))
        return self._read(now, plugged_in=plugged_in)

    def remember(self) -> Memory:
        """Return what a restart must not forget."""
        run_for = self.dishwasher.run_for
        return Memory(
            battery_stored=self.battery.stored,
            battery_setpoint=self.battery.setpoint,
            car_stored=self.car.stored,
            charger_current=self.charger.current,
            charger_enabled=self.charger.enabled,
            dishwasher_filled=self.dishwasher.is_filled,
            dishwasher_seconds=None if run_for is None else run_for.total_seconds(),
            heat_pump_enabled=self.heat_pump.enabled,
            inverter_limit=self.inverter.limit,
            tank_target=self.heat_pump.target,
            tank_temperature=self.heat_pump.temperature,
        )

    def recall(self, memory: Memory) -> None:
        """Go on where a home was left."""
        self.battery.stored = memory["battery_stored"]
        self.battery.setpoint = memory["battery_setpoint"]
        self.car.stored = memory["car_stored"]
        self.charger.current = memory.get("charger_current", self.charger.current)
        self.charger.enabled = memory.get("charger_enabled", self.charger.enabled)
        self.dishwasher.is_filled = memory.get("dishwasher_filled", self.dishwasher.is_filled)
        if (seconds := memory.get("dishwasher_seconds")) is not None:
            self.dishwasher.run_for = timedelta(seconds=seconds)
        self.heat_pump.enabled = memory.get("heat_pump_enabled", self.heat_pump.enabled)
        self.inverter.limit = memory.get("inverter_limit", self.inverter.limit)
        self.heat_pump.target = memory.get("tank_target", self.heat_pump.target)
        self.heat_pump.temperature = memory.get("tank_temperature", self.heat_pump.temperature)

    def _drive(self, now: datetime, elapsed: timedelta) -> None:
        trip = profiles.trip_of_day(now, self.zone, self.seed)
        share = elapsed.total_seconds() / 3600 / (trip.returns - trip.leaves)
        self.car.stored = max(self.car.stored - CAR_TRIP_ENERGY * share, 0.0)

    def _read(self, now: datetime, *, plugged_in: bool) -> Reading:
        house = profiles.house_power(now, self.zone, self.seed)
        solar = self.inverter.power(profiles.solar_power(now, self.zone, self.seed))
        steered = self.battery.power + self.car.power
        appliances = self.dishwasher.power + self.heat_pump.power
        noise = Random(f"{self.seed}/{now.timestamp():.0f}")
        return Reading(
            battery_power=measured(self.battery.power, noise),
            battery_state_of_charge=round(self.battery.state_of_charge, 1),
            car_plugged_in=plugged_in,
            car_power=_measured_unless_zero(self.car.power, noise),
            car_state_of_charge=round(self.car.state_of_charge),
            dishwasher_power=_measured_unless_zero(self.dishwasher.power, noise),
            dishwasher_ready=self.dishwasher.is_filled and not self.dishwasher.running,
            dishwasher_running=self.dishwasher.running,
            grid_power=measured(house + steered + appliances - solar, noise),
            heat_power=_measured_unless_zero(self.heat_pump.heat_used, noise),
            heat_pump_power=measured(self.heat_pump.power, noise),
            house_power=measured(house, noise),
            solar_power=_measured_unless_zero(solar, noise),
            tank_temperature=round(self.heat_pump.temperature, 1),
        )


def measured(power: float, noise: Random) -> float:
    """Return a power as a meter shows it, in whole watts: a small relative error and a small constant one."""
    error = power * noise.gauss(0, METER_ERROR) + noise.uniform(-METER_FLOOR, METER_FLOOR)
    return float(round(power + error))


def _measured_unless_zero(power: float, noise: Random) -> float:
    """Return the reading of a meter that stands in the device itself and sleeps with it."""
    return measured(power, noise) if power else 0.0
