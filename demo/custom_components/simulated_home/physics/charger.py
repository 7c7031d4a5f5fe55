"""A charger for cars on three phases, and the car that stands at it."""

from dataclasses import dataclass
from datetime import timedelta

from .storage import Storage, StorageModel

PHASES = 3
VOLTAGE = 230.0  # V per phase
# IEC 61851 can tell a car nothing between these and 0.
LOWEST_CURRENT = 6.0  # A per phase
HIGHEST_CURRENT = 16.0  # A per phase, a common fuse of a charger
WATTS_PER_AMPERE = PHASES * VOLTAGE

CAR = StorageModel(
    capacity=60_000,
    charging_power=HIGHEST_CURRENT * WATTS_PER_AMPERE,
    discharging_power=0,
    roundtrip_efficiency=0.88,
    ramp=2_000,
    taper=0.05,
)


@dataclass(slots=True)
class Charger:
    """Charges a car with a whole number of amperes per phase, while it is switched on.

    Attributes:
        car: the store in the car; its power is what flows at the charger.
        current: A per phase that were asked for: 0, or at least the lowest that a car takes.
        enabled: whether the car may charge at all.
    """

    car: Storage
    current: float = LOWEST_CURRENT
    enabled: bool = True

    @property
    def power_limit(self) -> float:
        """Return what the current allows, in watts."""
        return self.current * WATTS_PER_AMPERE

    def set_current(self, current: float) -> None:
        """Take the next lower current (A per phase) that there is."""
        whole = float(min(current // 1, HIGHEST_CURRENT))
        self.current = whole if whole >= LOWEST_CURRENT else 0.0

    def set_power_limit(self, power: float) -> None:
        """Take the highest current that stays within a power, in watts."""
        self.set_current(power / WATTS_PER_AMPERE)

    def advance(self, elapsed: timedelta, *, plugged_in: bool) -> float:
        """Let time pass and return the energy that went through the meter, in Wh."""
        if not plugged_in:
            self.car.power = 0.0
            return 0.0
        self.car.setpoint = self.power_limit if self.enabled else 0.0
        return self.car.advance(elapsed)
