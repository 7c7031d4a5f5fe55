"""A charging point with a car under power envelope based control, with an energy that it wants by a time."""

from datetime import datetime, timedelta
from typing import ClassVar, override

from .envelope import Envelope
from .resource_manager import Message, ResourceManager, identifier, message, number_range

_POWER = 7400.0  # W
_LEAST_POWER = 1380.0  # W; below 6 A on one phase a car does not charge
_CONSTRAINTS = identifier("car constraints")
_ENERGY = identifier("car energy")


class Car(ResourceManager):
    """It takes what its envelope leaves it until it has what it wants.

    Attributes:
        missing: Wh that it still wants.
    """

    name: ClassVar[str] = "S2 car"
    control_type: ClassVar[str] = "POWER_ENVELOPE_BASED_CONTROL"
    role: ClassVar[str] = "ENERGY_CONSUMER"

    def __init__(
        self, now: datetime, missing: float = 4000.0, time: timedelta = timedelta(hours=6)
    ) -> None:
        """Begin plugged in; the car wants to leave after a time."""
        super().__init__(now)
        self.missing = missing
        self._wanted = missing
        self._plugged_in = now
        self._leaves = now + time
        self._envelope = Envelope(_POWER)

    @override
    def descriptions(self, now: datetime) -> list[Message]:
        limits = [
            {
                "commodity_quantity": "ELECTRIC.POWER.L1",
                "limit_type": kind,
                "range_boundary": number_range(low, high),
                "abnormal_condition_only": False,
            }
            for kind, low, high in (
                ("UPPER_LIMIT", 0, 0),
                ("UPPER_LIMIT", _LEAST_POWER, _POWER),
                ("LOWER_LIMIT", 0, 0),
            )
        ]
        hours = (self._leaves - self._plugged_in) / timedelta(hours=1)
        return [
            message(
                "PEBC.PowerConstraints",
                id=_CONSTRAINTS,
                valid_from=self._plugged_in.isoformat(),
                consequence_type="DEFER",
                allowed_limit_ranges=limits,
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
    def statuses(self) -> list[Message]:
        return []

    @override
    def follow(self, instruction: Message) -> bool:
        if instruction["power_constraints_id"] != _CONSTRAINTS:
            return False
        self._envelope.take(instruction, "upper_limit")
        self._take(self._now)
        return True

    @override
    def move(self, seconds: float) -> None:
        self.missing -= self.power * seconds / 3600
        self._take(self._now + timedelta(seconds=seconds))

    def _take(self, now: datetime) -> None:
        highest = self._envelope.at(now)
        wants = self.missing > 0 and now < self._leaves and highest >= _LEAST_POWER
        self.power = min(_POWER, highest) if wants else 0.0
