"""Solar panels under power envelope based control."""

from datetime import datetime, timedelta
import math
from typing import ClassVar, override

from .envelope import Envelope
from .resource_manager import Message, ResourceManager, identifier, message, number_range

_PEAK = 4000.0  # W
_SUNRISE = 7.0
_SUNSET = 19.0
_CONSTRAINTS = identifier("panels constraints")
_STEP = timedelta(minutes=15)
_STEPS = 96


def sunshine(time: datetime) -> float:
    """Return the W that the panels could give: half a sine from seven to nineteen o'clock UTC."""
    hour = (time - time.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 3600
    if not _SUNRISE < hour < _SUNSET:
        return 0.0
    return _PEAK * math.sin(math.pi * (hour - _SUNRISE) / (_SUNSET - _SUNRISE))


class Panels(ResourceManager):
    """4 kW at noon; they give what the sun gives, within their envelope."""

    name: ClassVar[str] = "S2 panels"
    control_type: ClassVar[str] = "POWER_ENVELOPE_BASED_CONTROL"
    role: ClassVar[str] = "ENERGY_PRODUCER"

    def __init__(self, now: datetime) -> None:
        """Begin without an envelope."""
        super().__init__(now)
        self._envelope = Envelope(-_PEAK)
        self.power = -sunshine(now)

    @override
    def descriptions(self, now: datetime) -> list[Message]:
        limits = [
            {
                "commodity_quantity": "ELECTRIC.POWER.L1",
                "limit_type": kind,
                "range_boundary": number_range(low, 0),
                "abnormal_condition_only": False,
            }
            for kind, low in (("UPPER_LIMIT", 0), ("LOWER_LIMIT", -_PEAK))
        ]
        elements = [
            {
                "duration": int(_STEP / timedelta(milliseconds=1)),
                "power_values": [
                    {
                        "commodity_quantity": "ELECTRIC.POWER.L1",
                        "value_expected": -sunshine(now + (index + 0.5) * _STEP),
                    }
                ],
            }
            for index in range(_STEPS)
        ]
        return [
            message(
                "PEBC.PowerConstraints",
                id=_CONSTRAINTS,
                valid_from=now.isoformat(),
                consequence_type="VANISH",
                allowed_limit_ranges=limits,
            ),
            message("PowerForecast", start_time=now.isoformat(), elements=elements),
        ]

    @override
    def statuses(self) -> list[Message]:
        return []

    @override
    def follow(self, instruction: Message) -> bool:
        if instruction["power_constraints_id"] != _CONSTRAINTS:
            return False
        self._envelope.take(instruction, "lower_limit")
        self._give(self._now)
        return True

    @override
    def move(self, seconds: float) -> None:
        self._give(self._now + timedelta(seconds=seconds))

    def _give(self, now: datetime) -> None:
        lowest = self._envelope.at(now)
        self.power = max(-sunshine(now), lowest)
