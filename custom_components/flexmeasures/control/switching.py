"""From a power to what an actuator takes: temperatures, switches, options and starts."""

from dataclasses import dataclass
from math import isfinite
from typing import override

from .actuation import Actuation, BlindActuation, same_number, toward_rest
from .commands import (
    OFF,
    ON,
    Bounds,
    Command,
    PressStart,
    Reading,
    SelectOption,
    SetNumber,
    SetTemperature,
    TurnSwitch,
)
from .setpoint import Setpoint


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which power on a device runs, with hysteresis: a plan near one threshold would switch it all the time.

    Attributes:
        on_from: W of consumption; what stands still starts at this or more.
        off_below: W of consumption; what runs stops below this.

    Raises:
        ValueError: a threshold is not positive, or the device would start below where it stops.
    """

    on_from: float
    off_below: float

    def __post_init__(self) -> None:
        if not (isfinite(self.on_from) and 0 < self.off_below <= self.on_from):
            raise ValueError("a device starts at no less than where it stops, which is above 0 W")

    def runs(self, power: float, running: bool) -> bool:
        """Tell whether the device runs at the power (W), given whether it runs already."""
        return power >= (self.off_below if running else self.on_from)


@dataclass(frozen=True, slots=True)
class Switch(Actuation):
    """A switch that is on from a threshold on.

    Attributes:
        threshold: when it is on.
        full_power: W of consumption while on, for showing.
    """

    threshold: Threshold
    full_power: float

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        return TurnSwitch(self.threshold.runs(power, standing == TurnSwitch(True)))

    @override
    def shows(self, command: Command, reading: Reading, bounds: Bounds) -> bool:
        return isinstance(command, TurnSwitch) and reading == (ON if command.on else OFF)

    @override
    def power(self, reading: Reading) -> float | None:
        return {ON: self.full_power, OFF: 0.0}.get(str(reading))

    @override
    def restoring(self, reading: Reading) -> Command | None:
        return TurnSwitch(reading == ON) if reading in {ON, OFF} else None

    @override
    def runs(self, command: Command) -> bool:
        return command == TurnSwitch(True)


@dataclass(frozen=True, slots=True)
class Select(Actuation):
    """A select with an option for charging, for rest, and for discharging where the device can.

    Attributes:
        threshold: W; less than this of either sign is rest.
        charge, idle, discharge: the options' names; without one for discharging the device rests instead.
    """

    threshold: float
    charge: str
    idle: str
    discharge: str | None = None

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        option: str | None = self.idle
        if power and abs(power) >= self.threshold:
            option = self.charge if power > 0 else self.discharge
        return SelectOption(option or self.idle)

    @override
    def shows(self, command: Command, reading: Reading, bounds: Bounds) -> bool:
        return isinstance(command, SelectOption) and reading == command.option

    @override
    def power(self, reading: Reading) -> float | None:
        return 0.0 if reading == self.idle else None

    @override
    def restoring(self, reading: Reading) -> Command | None:
        return SelectOption(reading) if isinstance(reading, str) else None

    @override
    def runs(self, command: Command) -> bool:
        return isinstance(command, SelectOption) and command.option != self.idle


class _Temperature(Actuation):
    """What temperatures have in common: they are set on a number or on a climate or water heater."""

    __slots__ = ()
    on_climate: bool

    def _setting(self, temperature: float) -> Command:
        return SetTemperature(temperature) if self.on_climate else SetNumber(temperature)

    @override
    def shows(self, command: Command, reading: Reading, bounds: Bounds) -> bool:
        wanted = self.reading_of(command)
        # One per cent of a temperature is nothing that a device rounds by: only its step counts.
        return (
            isinstance(wanted, float | int)
            and not isinstance(reading, str)
            and same_number(0.0, wanted - reading, bounds.step)
        )

    @override
    def restoring(self, reading: Reading) -> Command | None:
        return None if isinstance(reading, str) else self._setting(reading)


@dataclass(frozen=True, slots=True)
class LinearTemperature(_Temperature):
    """A temperature in between: that of rest at 0 W, that of full power at full power.

    Attributes:
        at_rest: temperature at 0 W, in the actuator's unit.
        at_full_power: temperature at full power; lower than at rest for cooling.
        full_power: W of consumption.
        on_climate: whether a climate or water heater takes it, otherwise a number.

    Raises:
        ValueError: the temperatures are the same, or full power is not positive.
    """

    at_rest: float
    at_full_power: float
    full_power: float
    on_climate: bool = False

    def __post_init__(self) -> None:
        if self.at_rest == self.at_full_power or not self.full_power > 0:
            raise ValueError("two temperatures that differ and a positive full power are needed")

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        share = min(1.0, max(0.0, power / self.full_power))
        temperature = self.at_rest + share * (self.at_full_power - self.at_rest)
        return self._setting(toward_rest(temperature, self.at_rest, bounds))

    @override
    def power(self, reading: Reading) -> float | None:
        if isinstance(reading, str):
            return None
        share = (reading - self.at_rest) / (self.at_full_power - self.at_rest)
        return min(1.0, max(0.0, share)) * self.full_power


@dataclass(frozen=True, slots=True)
class OffsetTemperature(_Temperature):
    """A temperature that is moved by an offset while the device should run.

    Attributes:
        base: temperature at rest, in the actuator's unit.
        offset: what is added while running; negative for cooling.
        threshold: from which power on it runs.
        full_power: W of consumption while running, for showing.
        on_climate: whether a climate or water heater takes it, otherwise a number.
    """

    base: float
    offset: float
    threshold: Threshold
    full_power: float
    on_climate: bool = True

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        running = standing is not None and self.runs(standing)
        wanted = self.base + (self.offset if self.threshold.runs(power, running) else 0.0)
        return self._setting(toward_rest(wanted, self.base, bounds))

    @override
    def power(self, reading: Reading) -> float | None:
        if isinstance(reading, str):
            return None
        # Nearer to the moved temperature than to the base: running.
        return self.full_power if abs(reading - self.base) > abs(self.offset) / 2 else 0.0


@dataclass(frozen=True, slots=True)
class Start(BlindActuation):
    """A button or script that starts a process, once for each planned start; a process is never stopped half-way.

    Attributes:
        threshold: from which power on the process is planned to run.
    """

    threshold: Threshold

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        started = standing is not None
        return PressStart() if self.threshold.runs(power, started) else None

    @override
    def runs(self, command: Command) -> bool:
        return True
