"""A home battery under fill rate based control."""

from datetime import datetime
from typing import ClassVar, override

from .resource_manager import (
    Message,
    ResourceManager,
    identifier,
    message,
    number_range,
    power_range,
    transitions,
)

_CAPACITY = 10 * 3.6e6  # J
_POWER = 5000.0  # W, both ways
_INTO = 0.96
_OUT_OF = 0.94
_ACTUATOR = identifier("battery inverter")
_LABELS = {
    identifier("battery idle"): "idle",
    identifier("battery charge"): "charging",
    identifier("battery discharge"): "discharging",
}
# W at factor 0 and 1: the inverter does not run below a tenth of its power.
_MODES = {
    identifier("battery idle"): (0.0, 0.0),
    identifier("battery charge"): (_POWER / 10, _POWER),
    identifier("battery discharge"): (-_POWER, -_POWER / 10),
}


def fill_rate(power: float) -> float:
    """Return the share of the capacity by which a power in W changes what is stored, per second."""
    return (power * _INTO if power > 0 else power / _OUT_OF) / _CAPACITY


class Battery(ResourceManager):
    """10 kWh, 5 kW, half full at first.

    Attributes:
        stored: share of the capacity, from 0 to 1.
    """

    name: ClassVar[str] = "S2 battery"
    control_type: ClassVar[str] = "FILL_RATE_BASED_CONTROL"
    role: ClassVar[str] = "ENERGY_STORAGE"

    def __init__(self, now: datetime, stored: float = 0.5) -> None:
        """Begin idle."""
        super().__init__(now)
        self.stored = stored
        self._mode = identifier("battery idle")
        self._factor = 0.0

    @override
    def descriptions(self, now: datetime) -> list[Message]:
        modes = [
            {
                "id": mode_id,
                "diagnostic_label": _LABELS[mode_id],
                "elements": [
                    {
                        "fill_level_range": number_range(0, 1),
                        "fill_rate": number_range(fill_rate(low), fill_rate(high)),
                        "power_ranges": [power_range(low, high)],
                    }
                ],
                "abnormal_condition_only": False,
            }
            for mode_id, (low, high) in _MODES.items()
        ]
        actuator = {
            "id": _ACTUATOR,
            "diagnostic_label": "inverter",
            "supported_commodities": ["ELECTRICITY"],
            "operation_modes": modes,
            "transitions": transitions(*_MODES),
            "timers": [],
        }
        storage = {
            "provides_leakage_behaviour": False,
            "provides_fill_level_target_profile": False,
            "provides_usage_forecast": False,
            "fill_level_range": number_range(0, 1),
        }
        return [
            message(
                "FRBC.SystemDescription",
                valid_from=now.isoformat(),
                actuators=[actuator],
                storage=storage,
            )
        ]

    @override
    def statuses(self) -> list[Message]:
        return [
            message("FRBC.StorageStatus", present_fill_level=self.stored),
            message(
                "FRBC.ActuatorStatus",
                actuator_id=_ACTUATOR,
                active_operation_mode_id=self._mode,
                operation_mode_factor=self._factor,
            ),
        ]

    @override
    def follow(self, instruction: Message) -> bool:
        if instruction["actuator_id"] != _ACTUATOR or instruction["operation_mode"] not in _MODES:
            return False
        self._mode = instruction["operation_mode"]
        self._factor = instruction["operation_mode_factor"]
        low, high = _MODES[self._mode]
        self.power = low + self._factor * (high - low)
        return True

    @override
    def release(self) -> None:
        self._rest()

    @override
    def move(self, seconds: float) -> None:
        wanted = self.stored + fill_rate(self.power) * seconds
        self.stored = min(1.0, max(0.0, wanted))
        if wanted != self.stored:
            # Full or empty: the inverter stops by itself.
            self._rest()

    def _rest(self) -> None:
        self.power, self._factor, self._mode = 0.0, 0.0, identifier("battery idle")
