"""The inverter of the solar panels: it makes less than the sun gives when it is told to."""

from dataclasses import dataclass

from ..profiles import SOLAR_PEAK_POWER

FULL = 100.0  # per cent of the peak power


@dataclass(slots=True)
class Inverter:
    """Feeds in what the panels give, up to a limit.

    Attributes:
        limit: the highest power, in per cent of the panels' peak power.
    """

    limit: float = FULL

    def power(self, available: float) -> float:
        """Return what is fed in when the sun gives so much, both in watts and positive."""
        return min(available, SOLAR_PEAK_POWER * self.limit / FULL)
