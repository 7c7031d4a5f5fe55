"""How the devices of a site are planned: what surrounds them, how far ahead, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

from .scheduling import FlexContext
from .site_options import (
    USUAL_HORIZON,
    USUAL_PERIOD,
    flex_context_of,
    horizon_of,
    period_of,
    resolution_of,
)

# A night without the server still fills the car. What was asked for longer ago than that was asked on another day.
_SHORTEST_AGE = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettings:
    """What the entry's options say about planning.

    Attributes:
        context: prices and limits; what it leaves open is taken from the server.
        resolution: of steps with one power; None for that of the power sensors.
    """

    context: FlexContext = field(default_factory=FlexContext)
    horizon: timedelta = USUAL_HORIZON
    period: timedelta = USUAL_PERIOD
    resolution: timedelta | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Return what the options say.

        Raises:
            HomeAssistantError: they make no sense.
        """
        return cls(
            context=flex_context_of(options),
            horizon=horizon_of(options),
            period=period_of(options),
            resolution=resolution_of(options),
        )

    @property
    def longest_age(self) -> timedelta:
        """Return how long a plan may be followed while no newer one comes."""
        return max(2 * self.period, _SHORTEST_AGE)
