"""How the devices of a site are planned: what surrounds them, how far ahead, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

from .const import CONF_CONSUMPTION_PRICE_SENSOR, CONF_PRODUCTION_PRICE_SENSOR
from .scheduling import FlexContext, PriceSensor

# A day ahead holds one cheap and one expensive time of every tariff.
_HORIZON = timedelta(hours=24)
# The server takes 10 triggers per 5 minutes from one account; a quarter-hour leaves room for people and other homes.
_PERIOD = timedelta(minutes=15)
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
    horizon: timedelta = _HORIZON
    period: timedelta = _PERIOD
    resolution: timedelta | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Return what the options say."""
        consumption = options.get(CONF_CONSUMPTION_PRICE_SENSOR)
        production = options.get(CONF_PRODUCTION_PRICE_SENSOR)
        return cls(
            context=FlexContext(
                consumption_price=None if consumption is None else PriceSensor(consumption),
                production_price=None if production is None else PriceSensor(production),
            )
        )

    @property
    def longest_age(self) -> timedelta:
        """Return how long a plan may be followed while no newer one comes."""
        return max(2 * self.period, _SHORTEST_AGE)
