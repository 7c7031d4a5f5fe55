"""How much power a device can take and give."""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class PowerLimits:
    """What the device can take; no setpoint ever lies outside.

    Attributes:
        consumption: W, at most.
        production: W, at most; positive.

    Raises:
        ValueError: a limit is negative or not finite.
    """

    consumption: float
    production: float

    def __post_init__(self) -> None:
        for name in ("consumption", "production"):
            limit = getattr(self, name)
            if not isfinite(limit) or limit < 0:
                raise ValueError(f"{name} must be a finite power of at least 0 W")

    def clamp(self, power: float) -> float:
        """Return the power (W, consumption positive) brought within the limits."""
        return max(-self.production, min(self.consumption, power))

    def holds(self, power: float) -> bool:
        """Tell whether the power (W, consumption positive) lies within the limits."""
        return -self.production <= power <= self.consumption
