"""A charging point with a car under power envelope based control, with an energy that it wants by a time."""

from datetime import datetime, timedelta
from typing import ClassVar, override

from .envelope import EnvelopeManager
from .resource_manager import Message, identifier, message

_POWER = 7400.0  # W
_LEAST_POWER = 1380.0  # W; below 6 A on one phase a car does not charge
_ENERGY = identifier("car energy")


class Car(EnvelopeManager):
    """It takes what its envelope leaves it until it has what it wants.

    Attributes:
        missing: Wh that it still wants.
    """

    name: ClassVar[str] = "S2 car"
    role: ClassVar[str] = "ENERGY_CONSUMER"
    constraints: ClassVar[str] = identifier("car constraints")
    limit: ClassVar[str] = "upper_limit"

    def __init__(
        self, now: datetime, missing: float = 4000.0, time: timedelta = timedelta(hours=6)
    ) -> None:
        """Begin plugged in; the car wants to leave after a time."""
        super().__init__(now, free=_POWER)
        self.missing = missing
        self._wanted = missing
        self._plugged_in = now
        self._leaves = now + time

    @override
    def descriptions(self, now: datetime) -> list[Message]:
        hours = (self._leaves - self._plugged_in) / timedelta(hours=1)
        return [
            self.power_constraints(
                self._plugged_in,
                "DEFER",
                ("UPPER_LIMIT", 0, 0),
                ("UPPER_LIMIT", _LEAST_POWER, _POWER),
                ("LOWER_LIMIT", 0, 0),
            ),
            message(
                "PEBC.EnergyConstraint",
                id=_ENERGY,
                valid_from=self._plugged_in.isoformat(),
                valid_until=self._leaves.isoformat(),
                upper_average_power=self._wanted / hours,
                lower_average_power=0,
                commodity_quantity="ELECTRIC.POWER.L1",
            ),
        ]

    @override
    def move(self, seconds: float) -> None:
        self.missing -= self.power * seconds / 3600
        self._keep_within(self._now + timedelta(seconds=seconds))

    @override
    def _keep_within(self, now: datetime) -> None:
        highest = self._envelope.at(now)
        wants = self.missing > 0 and now < self._leaves and highest >= _LEAST_POWER
        self.power = min(_POWER, highest) if wants else 0.0
