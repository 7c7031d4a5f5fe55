"""A boiler with two heating elements under operation mode based control."""

from datetime import datetime
from enum import Enum
from typing import ClassVar, override

from .resource_manager import (
    Message,
    ResourceManager,
    identifier,
    message,
    power_range,
    transitions,
)

_OFF = identifier("boiler off")
_BOTH = identifier("boiler both elements")
_POWERS = {_OFF: 0.0, identifier("boiler one element"): 1000.0, _BOTH: 2000.0}
_LABELS = dict(zip(_POWERS, ("off", "one element", "both elements"), strict=True))
_WATER = 4186.0  # J/(kg K)
_MASS = 100.0  # kg
_LOSS = 1.5  # W/K, through the insulation
_ROOM = 20.0
_MAINS = 15.0
_SHOWERS = {6, 7, 18, 19}  # hours of the day, UTC
_SHOWERED = 30 / 3600  # kg/s
_TRICKLE = 3 / 3600  # kg/s at all other times
# °C; what lies between two of a kind keeps the boiler from changing its mind all the time.
_COLD, _WARM = 45.0, 55.0
_NOT_FULL, _FULL = 70.0, 75.0


class Need(Enum):
    """What the water lets the boiler do."""

    COLD = "heat"
    WARM = "heat or rest"
    FULL = "rest"


class Boiler(ResourceManager):
    """100 litres between 45 and 75 °C.

    Operation modes say nothing of demand. So it describes itself anew as its water cools and warms: while that is cold it
    rests under abnormal conditions only, while it is full it can do nothing else.

    Attributes:
        temperature: °C.
        need: what the water lets it do.
    """

    name: ClassVar[str] = "S2 boiler"
    control_type: ClassVar[str] = "OPERATION_MODE_BASED_CONTROL"
    role: ClassVar[str] = "ENERGY_CONSUMER"

    def __init__(self, now: datetime, temperature: float = 50.0) -> None:
        """Begin switched off."""
        super().__init__(now)
        self.temperature = temperature
        self.need = Need.WARM
        self._mode = _OFF
        self._feel()

    @property
    @override
    def situation(self) -> Need:
        return self.need

    @override
    def descriptions(self, now: datetime) -> list[Message]:
        mode_ids = [_OFF] if self.need is Need.FULL else list(_POWERS)
        modes = [
            {
                "id": mode_id,
                "diagnostic_label": _LABELS[mode_id],
                "power_ranges": [power_range(_POWERS[mode_id], _POWERS[mode_id])],
                "abnormal_condition_only": mode_id == _OFF and self.need is Need.COLD,
            }
            for mode_id in mode_ids
        ]
        return [
            message(
                "OMBC.SystemDescription",
                valid_from=now.isoformat(),
                operation_modes=modes,
                transitions=transitions(*mode_ids),
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
        mode_id = instruction["operation_mode_id"]
        if mode_id not in _POWERS or not self._may(mode_id, instruction["abnormal_condition"]):
            return False
        self._run(mode_id)
        return True

    def _may(self, mode_id: str, is_abnormal: bool) -> bool:
        if mode_id == _OFF:
            return is_abnormal or self.need is not Need.COLD
        return self.need is not Need.FULL

    @override
    def release(self) -> None:
        """Let the thermostat alone heat what is cold."""
        self._run(_BOTH if self.need is Need.COLD else _OFF)

    @override
    def move(self, seconds: float) -> None:
        drawn = _SHOWERED if self._now.hour in _SHOWERS else _TRICKLE
        taken = drawn * _WATER * (self.temperature - _MAINS)
        lost = _LOSS * (self.temperature - _ROOM)
        self.temperature += (self.power - taken - lost) * seconds / (_WATER * _MASS)
        before = self.need
        self._feel()
        if self.need is Need.FULL:
            self._run(_OFF)
        elif not self._active and self.need is not before:
            self.release()

    def _feel(self) -> None:
        """Tell the need by the temperature."""
        if self.temperature >= _FULL or (self.need is Need.FULL and self.temperature > _NOT_FULL):
            self.need = Need.FULL
        elif self.temperature <= _COLD or (self.need is Need.COLD and self.temperature < _WARM):
            self.need = Need.COLD
        else:
            self.need = Need.WARM

    def _run(self, mode_id: str) -> None:
        self._mode, self.power = mode_id, _POWERS[mode_id]
