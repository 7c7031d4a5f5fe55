"""A boiler with two heating elements under operation mode based control."""

from datetime import datetime
from typing import ClassVar, override

from .resource_manager import (
    Message,
    ResourceManager,
    identifier,
    message,
    power_range,
    transitions,
)

_POWERS = {
    identifier("boiler off"): 0.0,
    identifier("boiler one element"): 1000.0,
    identifier("boiler both elements"): 2000.0,
}
_LABELS = dict(zip(_POWERS, ("off", "one element", "both elements"), strict=True))
# 100 litres of water take 418.6 kJ for a degree; a household takes about 8 kWh out in a day.
_HEAT_CAPACITY = 418_600.0  # J/K
_TAKEN = 8 * 3.6e6 / 86_400  # W
_HOTTEST = 75.0
_COLDEST = 15.0


class Boiler(ResourceManager):
    """100 litres; its thermostat ends heating at 75 °C.

    Attributes:
        temperature: °C.
    """

    name: ClassVar[str] = "S2 boiler"
    control_type: ClassVar[str] = "OPERATION_MODE_BASED_CONTROL"
    role: ClassVar[str] = "ENERGY_CONSUMER"

    def __init__(self, now: datetime, temperature: float = 55.0) -> None:
        """Begin switched off."""
        super().__init__(now)
        self.temperature = temperature
        self._mode = identifier("boiler off")

    @override
    def descriptions(self, now: datetime) -> list[Message]:
        modes = [
            {
                "id": mode_id,
                "diagnostic_label": _LABELS[mode_id],
                "power_ranges": [power_range(power, power)],
                "abnormal_condition_only": False,
            }
            for mode_id, power in _POWERS.items()
        ]
        return [
            message(
                "OMBC.SystemDescription",
                valid_from=now.isoformat(),
                operation_modes=modes,
                transitions=transitions(*_POWERS),
                timers=[],
            )
        ]

    @override
    def statuses(self) -> list[Message]:
        return [
            message("OMBC.Status", active_operation_mode_id=self._mode, operation_mode_factor=0.0)
        ]

    @override
    def follow(self, instruction: Message) -> bool:
        if instruction["operation_mode_id"] not in _POWERS:
            return False
        self._mode = instruction["operation_mode_id"]
        self.power = _POWERS[self._mode]
        return True

    @override
    def release(self) -> None:
        self._switch_off()

    @override
    def move(self, seconds: float) -> None:
        self.temperature += (self.power - _TAKEN) * seconds / _HEAT_CAPACITY
        self.temperature = max(_COLDEST, self.temperature)
        if self.temperature >= _HOTTEST:
            self.temperature = _HOTTEST
            self._switch_off()

    def _switch_off(self) -> None:
        self.power, self._mode = 0.0, identifier("boiler off")
