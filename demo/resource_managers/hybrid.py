"""A heat pump with a gas boiler beside it under demand driven based control."""

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

PUMP = identifier("hybrid heat pump")
BOILER = identifier("hybrid gas boiler")
_OFF = identifier("hybrid off")
_ON = identifier("hybrid on")
_LABELS = {PUMP: "heat pump", BOILER: "gas boiler", _OFF: "off", _ON: "on"}
_PUMP_POWER = (500.0, 2000.0)  # W
_PUMP_HEAT = (1.5, 6.0)  # kW
_BOILER_GAS = (0.0, 0.2)  # L/s
_BOILER_HEAT = (0.0, 6.0)  # kW


class Hybrid(ResourceManager):
    """It wants 4 kW of heat, from electricity or from gas.

    Attributes:
        demand: kW of heat.
        heat: kW by actuator.
    """

    name: ClassVar[str] = "S2 hybrid heat pump"
    control_type: ClassVar[str] = "DEMAND_DRIVEN_BASED_CONTROL"
    role: ClassVar[str] = "ENERGY_CONSUMER"

    def __init__(self, now: datetime, demand: float = 4.0) -> None:
        """Begin with both switched off."""
        super().__init__(now)
        self.demand = demand
        self.heat = {PUMP: 0.0, BOILER: 0.0}
        self._running = {PUMP: (_OFF, 0.0), BOILER: (_OFF, 0.0)}

    @override
    def descriptions(self, now: datetime) -> list[Message]:
        gas = {"commodity_quantity": "NATURAL_GAS.FLOW_RATE", **number_range(*_BOILER_GAS)}
        actuators = [
            {
                "id": actuator_id,
                "diagnostic_label": _LABELS[actuator_id],
                # The standard's own spelling, as that of the modes' ids.
                "supported_commodites": [commodity],
                "operation_modes": [
                    _mode(_OFF, power_range(0, 0), (0.0, 0.0)),
                    _mode(_ON, power, heat),
                ],
                "transitions": transitions(_OFF, _ON),
                "timers": [],
            }
            for actuator_id, commodity, power, heat in (
                (PUMP, "ELECTRICITY", power_range(*_PUMP_POWER), _PUMP_HEAT),
                (BOILER, "GAS", gas, _BOILER_HEAT),
            )
        ]
        return [
            message(
                "DDBC.SystemDescription",
                valid_from=now.isoformat(),
                actuators=actuators,
                present_demand_rate=number_range(self.demand, self.demand),
                provides_average_demand_rate_forecast=False,
            )
        ]

    @override
    def statuses(self) -> list[Message]:
        return [
            message(
                "DDBC.ActuatorStatus",
                actuator_id=actuator_id,
                active_operation_mode_id=mode_id,
                operation_mode_factor=factor,
            )
            for actuator_id, (mode_id, factor) in self._running.items()
        ]

    @override
    def follow(self, instruction: Message) -> bool:
        actuator_id, mode_id = instruction["actuator_id"], instruction["operation_mode_id"]
        if actuator_id not in self._running or mode_id not in {_OFF, _ON}:
            return False
        self._run(actuator_id, mode_id, instruction["operation_mode_factor"])
        return True

    def _run(self, actuator_id: str, mode_id: str, factor: float) -> None:
        self._running[actuator_id] = (mode_id, factor)
        low, high = _PUMP_HEAT if actuator_id == PUMP else _BOILER_HEAT
        self.heat[actuator_id] = low + factor * (high - low) if mode_id == _ON else 0.0
        if actuator_id == PUMP:
            low, high = _PUMP_POWER
            self.power = low + factor * (high - low) if mode_id == _ON else 0.0

    @override
    def release(self) -> None:
        """Meet the demand with the heat pump."""
        low, high = _PUMP_HEAT
        self._run(PUMP, _ON, (self.demand - low) / (high - low))
        self._run(BOILER, _OFF, 0.0)

    @override
    def move(self, seconds: float) -> None:
        """Let nothing change: what runs goes on."""


def _mode(mode_id: str, power: Message, heat: tuple[float, float]) -> Message:
    return {
        "Id": mode_id,
        "diagnostic_label": _LABELS[mode_id],
        "power_ranges": [power],
        "supply_range": number_range(*heat),
        "abnormal_condition_only": False,
    }
