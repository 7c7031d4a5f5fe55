"""A store of energy that is charged and discharged: the battery, and the one in the car."""

from dataclasses import dataclass
from datetime import timedelta
import math

# Longer steps would blur the start of a ramp and the taper near full and empty.
LONGEST_STEP = timedelta(seconds=10)


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
