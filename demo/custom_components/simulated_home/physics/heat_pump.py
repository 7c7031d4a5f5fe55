"""A heat pump that keeps a buffer tank warm, from which the house takes its heat."""

from dataclasses import dataclass
from datetime import timedelta

from .storage import LONGEST_STEP

VOLUME = 300.0  # l
# 1 l of water is 1 kg, which 4,186 J heat by 1 K.
HEAT_CAPACITY = VOLUME * 4186 / 3600  # Wh/K: 349
LOSS = 1.5  # W/K through the insulation, a label C tank of this size
ROOM_TEMPERATURE = 18.0  # °C
# Taps and radiators get nothing from water as cold as the rooms, and all that they want from here on.
USABLE_TEMPERATURE = 28.0  # °C

LOWEST_TARGET = 30.0  # °C
HIGHEST_TARGET = 60.0  # °C
HYSTERESIS = 3.0  # K below the target at which it starts; less would start it too often

COMPRESSOR_POWER = 2_000.0  # W
STANDBY_POWER = 8.0  # W


def coefficient_of_performance(temperature: float) -> float:
    """Return the heat per electricity at a temperature of the tank, in °C: 4.2 at 35 °C, 0.05 less per K above."""
    return 4.2 - 0.05 * (temperature - 35)


@dataclass(slots=True)
class HeatPump:
    """Follows a target temperature with a thermostat, as its users know it.

    Attributes:
        temperature: °C of the water in the tank.
        target: °C at which the compressor stops.
        enabled: whether the compressor may run at all.
        heating: whether it runs now.
        heat_used: W of heat that the house got last.
    """

    temperature: float = 46.0
    target: float = 48.0
    enabled: bool = True
    heating: bool = False
    heat_used: float = 0.0

    @property
    def power(self) -> float:
        """Return what the meter shows, in watts."""
        return COMPRESSOR_POWER if self.heating else STANDBY_POWER

    def advance(self, elapsed: timedelta, heat_wanted: float) -> float:
        """Let time pass in which the house wants so many watts of heat; return the electricity used, in Wh."""
        energy = 0.0
        remaining = elapsed.total_seconds()
        while remaining > 0:
            seconds = min(remaining, LONGEST_STEP.total_seconds())
            energy += self._step(seconds, heat_wanted)
            remaining -= seconds
        return energy

    def _step(self, seconds: float, heat_wanted: float) -> float:
        if not self.enabled or self.temperature >= self.target:
            self.heating = False
        elif self.temperature <= self.target - HYSTERESIS:
            self.heating = True
        made = self.power * coefficient_of_performance(self.temperature) if self.heating else 0.0
        warmth = (self.temperature - ROOM_TEMPERATURE) / (USABLE_TEMPERATURE - ROOM_TEMPERATURE)
        self.heat_used = heat_wanted * min(max(warmth, 0.0), 1.0)
        lost = LOSS * (self.temperature - ROOM_TEMPERATURE)
        hours = seconds / 3600
        self.temperature += (made - self.heat_used - lost) * hours / HEAT_CAPACITY
        return self.power * hours
