"""A heat pump and a heating element on one buffer under fill rate based control."""

from datetime import datetime, timedelta
from typing import ClassVar, override

from .resource_manager import (
    Message,
    ResourceManager,
    identifier,
    message,
    number_range,
    power_range,
)

# 500 litres of water.
_HEAT_CAPACITY = 2.093e6  # J/K
_COLDEST = 30.0
_HOTTEST = 60.0
_USED = 1500.0  # W of heat that the house takes
PUMP = identifier("heat pump compressor")
ELEMENT = identifier("heat pump element")
_LABELS = {PUMP: "compressor", ELEMENT: "heating element"}
# W of electricity at full factor, and the heat that comes out of each W.
_ACTUATORS = {PUMP: (3000.0, 3.0), ELEMENT: (2000.0, 0.98)}


class HeatPump(ResourceManager):
    """3 kW three times over, 2 kW as they are, and 500 litres between 30 and 60 °C.

    Attributes:
        temperature: °C.
        powers: W by actuator.
    """

    name: ClassVar[str] = "S2 heat pump"
    control_type: ClassVar[str] = "FILL_RATE_BASED_CONTROL"
    role: ClassVar[str] = "ENERGY_CONSUMER"

    def __init__(self, now: datetime, temperature: float = 45.0) -> None:
        """Begin with both switched off."""
        super().__init__(now)
        self.temperature = temperature
        self.powers = dict.fromkeys(_ACTUATORS, 0.0)

    @override
    def descriptions(self, now: datetime) -> list[Message]:
        actuators = [
            {
                "id": actuator_id,
                "diagnostic_label": _LABELS[actuator_id],
                "supported_commodities": ["ELECTRICITY"],
                "operation_modes": [
                    {
                        "id": _mode(actuator_id),
                        "diagnostic_label": "modulating",
                        "elements": [
                            {
                                "fill_level_range": number_range(_COLDEST, _HOTTEST),
                                "fill_rate": number_range(0, power * gain / _HEAT_CAPACITY),
                                "power_ranges": [power_range(0, power)],
                            }
                        ],
                        "abnormal_condition_only": False,
                    }
                ],
                "transitions": [],
                "timers": [],
            }
            for actuator_id, (power, gain) in _ACTUATORS.items()
        ]
        storage = {
            "fill_level_label": "°C",
            "provides_leakage_behaviour": False,
            "provides_fill_level_target_profile": False,
            "provides_usage_forecast": True,
            "fill_level_range": number_range(_COLDEST, _HOTTEST),
        }
        day = int(timedelta(days=1) / timedelta(milliseconds=1))
        return [
            message(
                "FRBC.SystemDescription",
                valid_from=now.isoformat(),
                actuators=actuators,
                storage=storage,
            ),
            message(
                "FRBC.UsageForecast",
                start_time=now.isoformat(),
                elements=[{"duration": day, "usage_rate_expected": _USED / _HEAT_CAPACITY}],
            ),
        ]

    @override
    def statuses(self) -> list[Message]:
        return [
            message("FRBC.StorageStatus", present_fill_level=self.temperature),
            *(
                message(
                    "FRBC.ActuatorStatus",
                    actuator_id=actuator_id,
                    active_operation_mode_id=_mode(actuator_id),
                    operation_mode_factor=self.powers[actuator_id] / power,
                )
                for actuator_id, (power, _) in _ACTUATORS.items()
            ),
        ]

    @override
    def follow(self, instruction: Message) -> bool:
        actuator_id = instruction["actuator_id"]
        if actuator_id not in _ACTUATORS:
            return False
        self.powers[actuator_id] = instruction["operation_mode_factor"] * _ACTUATORS[actuator_id][0]
        self.power = sum(self.powers.values())
        return True

    @override
    def release(self) -> None:
        """Let the compressor alone hold the temperature."""
        _, gain = _ACTUATORS[PUMP]
        self.powers = {PUMP: _USED / gain, ELEMENT: 0.0}
        self.power = sum(self.powers.values())

    @override
    def move(self, seconds: float) -> None:
        heat = sum(self.powers[part] * gain for part, (_, gain) in _ACTUATORS.items())
        self.temperature += (heat - _USED) * seconds / _HEAT_CAPACITY
        self.temperature = min(_HOTTEST, max(_COLDEST, self.temperature))


def _mode(actuator_id: str) -> str:
    return identifier(f"{actuator_id} mode")
