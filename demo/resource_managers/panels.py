"""Solar panels under power envelope based control."""

from datetime import datetime, timedelta
import math
from typing import ClassVar, override

from .envelope import EnvelopeManager
from .resource_manager import Message, identifier, message

_PEAK = 4000.0  # W
_SUNRISE = 7.0
_SUNSET = 19.0
_STEP = timedelta(minutes=15)
_STEPS = 96


def sunshine(time: datetime) -> float:
    """Return the W that the panels could give: half a sine from seven to nineteen o'clock UTC."""
    hour = (time - time.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 3600
    if not _SUNRISE < hour < _SUNSET:
        return 0.0
    return _PEAK * math.sin(math.pi * (hour - _SUNRISE) / (_SUNSET - _SUNRISE))


class Panels(EnvelopeManager):
    """4 kW at noon; they give what the sun gives, within their envelope."""

    name: ClassVar[str] = "S2 panels"
    role: ClassVar[str] = "ENERGY_PRODUCER"
    constraints: ClassVar[str] = identifier("panels constraints")
    limit: ClassVar[str] = "lower_limit"

    def __init__(self, now: datetime) -> None:
        """Begin without an envelope."""
        super().__init__(now, free=-_PEAK)
        self.power = -sunshine(now)

    @override
    def descriptions(self, now: datetime) -> list[Message]:
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
            self.power_constraints(
                now, "VANISH", ("UPPER_LIMIT", 0, 0), ("LOWER_LIMIT", -_PEAK, 0)
            ),
            message("PowerForecast", start_time=now.isoformat(), elements=elements),
        ]

    @override
    def move(self, seconds: float) -> None:
        self._keep_within(self._now + timedelta(seconds=seconds))

    @override
    def _keep_within(self, now: datetime) -> None:
        lowest = self._envelope.at(now)
        self.power = max(-sunshine(now), lowest)
