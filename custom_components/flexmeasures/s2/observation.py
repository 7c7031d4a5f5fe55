"""What a device has said of itself, as people look at it; numbers keep the device's own units. Time is passed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .control_types.forecasts import expected_power
from .control_types.storage import Storage
from .messages import ddbc, frbc, ombc, pebc, ppbc
from .messages.components import Identifier, Message, NumberRange, total_electric_power
from .messages.session import PowerForecast, PowerMeasurement

# Devices measure every few seconds, slow ones every minute; what is older tells nothing of now.
LONGEST_SILENCE = timedelta(minutes=5)

_DESCRIPTIONS = (
    PowerForecast,
    ddbc.SystemDescription,
    frbc.SystemDescription,
    ombc.SystemDescription,
    pebc.PowerConstraints,
    ppbc.PowerProfileDefinition,
)

type _Actuators = tuple[frbc.ActuatorDescription, ...] | tuple[ddbc.ActuatorDescription, ...]
type _Modes = Iterable[frbc.OperationMode | ombc.OperationMode | ddbc.OperationMode]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPower:
    """One step of a device's own forecast.

    Attributes:
        power: W, consumption positive.
    """

    start: datetime
    end: datetime
    power: float


class Observation:
    """What is known of one device; nothing of it outlives the session in which it was said.

    Attributes:
        power: W at its grid connection, consumption positive; None before the first, and after a long silence.
        power_at: when it was heard.
        fill_level: in the unit that the device names.
        fill_level_unit: as the device writes it; None when it names none.
        demand: what has to be supplied, in the device's unit.
        forecast: the power that it expects, oldest step first.
        is_described: whether it told what it can do within its control type, or what it expects.
        actuators: what people call each actuator, by its id; empty for control types without actuators.
    """

    def __init__(self, *, capacity_per_unit: float | None = None, lenient: bool = True) -> None:
        """Begin with a device that has said nothing.

        Args:
            capacity_per_unit: kWh behind one unit of fill level, where the user knows it.
            lenient: whether discharge rates that lack their sign are given it.
        """
        self._capacity_per_unit = capacity_per_unit
        self._lenient = lenient
        self.forget()

    def forget(self) -> None:
        """Know nothing any more: the session has ended."""
        self.power: float | None = None
        self.power_at: datetime | None = None
        self.forecast: tuple[ExpectedPower, ...] = ()
        self.leave_control_type()

    def leave_control_type(self) -> None:
        """Know nothing any more of what belongs to a control type."""
        self.fill_level: float | None = None
        self.fill_level_unit: str | None = None
        self.demand: float | None = None
        self.is_described = False
        self.actuators: dict[Identifier, str] = {}
        self._storage: Storage | None = None
        self._labels: dict[Identifier, str] = {}
        self._active: dict[Identifier, Identifier] = {}

    def receive(self, message: Message, now: datetime) -> None:
        """Take in what the device says now."""
        self.is_described = self.is_described or isinstance(message, _DESCRIPTIONS)
        match message:
            case PowerMeasurement():
                power = total_electric_power(message.values)
                if power is not None:
                    self.power, self.power_at = power, now
            case PowerForecast():
                self.forecast = _steps(message)
            case frbc.SystemDescription():
                self._storage = Storage.of(message, self._capacity_per_unit, lenient=self._lenient)
                self.fill_level_unit = message.storage.fill_level_label
                self._describe_actuators(message.actuators)
            case frbc.StorageStatus():
                self.fill_level = message.present_fill_level
            case ombc.SystemDescription():
                self._describe(message.operation_modes)
            case ddbc.SystemDescription():
                self._describe_actuators(message.actuators)
                self._demand(message.present_demand_rate)
            case ddbc.PresentDemandStatus():
                self._demand(message.present_demand_rate)
            case frbc.ActuatorStatus() | ddbc.ActuatorStatus():
                self._active[message.actuator_id] = message.active_operation_mode_id
            case ombc.Status():
                self._active[""] = message.active_operation_mode_id

    def expire(self, now: datetime) -> bool:
        """Drop a power that is too old to be one; tell whether there was one."""
        if self.power_at is None or now < self.power_at + LONGEST_SILENCE:
            return False
        self.power = self.power_at = None
        return True

    @property
    def stored_energy(self) -> float | None:
        """The kWh above empty; None while level, range or energy per unit is unknown."""
        if self._storage is None or self.fill_level is None:
            return None
        return self._storage.energy(self.fill_level)

    @property
    def state_of_charge(self) -> float | None:
        """The fill level as a share of its range, from 0 to 1 unless the device is outside of it."""
        if self._storage is None or self.fill_level is None:
            return None
        low, high = self._storage.levels.low, self._storage.levels.high
        return (self.fill_level - low) / (high - low) if high > low else None

    @property
    def mode(self) -> str | None:
        """The operation modes that run, in the device's words; None while it named none."""
        running = [self._labels.get(mode, mode) for mode in self._active.values()]
        return ", ".join(running) or None

    def _describe(self, modes: _Modes) -> None:
        self._labels |= {mode.id: mode.diagnostic_label or mode.id for mode in modes}

    def _describe_actuators(self, actuators: _Actuators) -> None:
        """Note the actuators; of those that are called the same, the later ones are called by their id."""
        self.actuators = {}
        for part in actuators:
            label = part.diagnostic_label or part.id
            taken = label in self.actuators.values()
            self.actuators[part.id] = part.id if taken else label
            self._describe(part.operation_modes)

    def _demand(self, rate: NumberRange | None) -> None:
        if rate is not None:
            self.demand = (rate.lowest + rate.highest) / 2


def _steps(forecast: PowerForecast) -> tuple[ExpectedPower, ...]:
    start = forecast.start_time
    steps = []
    for part in forecast.elements:
        end = start + part.duration
        steps.append(ExpectedPower(start=start, end=end, power=expected_power(part.power_values)))
        start = end
    return tuple(steps)
