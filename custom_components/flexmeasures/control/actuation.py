"""From a power to what an actuator takes, and from what it shows back to a power: numbers and power itself."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import copysign, floor, isfinite
from typing import Self, override

from .commands import (
    OFF,
    Bounds,
    Command,
    Reading,
    RunScript,
    SetNumber,
    SetNumberOrOff,
    SetPower,
    SetTemperature,
)
from .rounding import Neighbours
from .setpoint import Setpoint

_WATTS_PER_KILOWATT = 1000
_PERCENT = 100
# Devices round: what differs by less than this share is the same value.
_ROUNDING = 0.01
# A value that misses a step by less is on it: floating point makes 2.3 out of 2.2999999999999998.
_STEP_NOISE = 1e-6


class Actuation(ABC):
    """How one actuator expresses power.

    Without it a user would have to write templates; with a wrong one the device does something else than planned.
    """

    __slots__ = ()

    reads_back = True
    """Whether the actuator shows what it was told, so that it can be checked."""

    @abstractmethod
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        """Return what to send; None when there is nothing to send for this power.

        Args:
            setpoint: why and until when.
            power: W, consumption positive; within the device's limits.
            bounds: what the actuator accepts.
            standing: what it was told last; None when that is not known.
        """

    def neighbours(self, power: float, bounds: Bounds) -> Neighbours:
        """Return the powers next to one (W, consumption positive) that can be expressed; it itself, twice, where it can.

        Also where nothing is to be chosen: because of a bound, or because it is a threshold that decides.
        """
        return Neighbours(power, power)

    @abstractmethod
    def shows(self, command: Command, reading: Reading, bounds: Bounds) -> bool:
        """Tell whether the reading is what the command asked for, as closely as devices are."""

    @abstractmethod
    def power(self, reading: Reading) -> float | None:
        """Return the power in W, consumption positive, that the reading stands for; None when it tells none."""

    @abstractmethod
    def restoring(self, reading: Reading) -> Command | None:
        """Return what brings the actuator back to the reading; None when nothing does."""

    def runs(self, command: Command) -> bool:
        """Tell whether the command lets the device run, for minimum on and off times."""
        reading = self.reading_of(command)
        power = None if reading is None else self.power(reading)
        return bool(power)

    def reading_of(self, command: Command) -> Reading | None:
        """Return what the actuator shows after the command; None when it shows nothing."""
        match command:
            case SetNumber(value) | SetTemperature(value) | SetPower(value):
                return value
            case SetNumberOrOff(value):
                return OFF if value is None else value
            case _:
                return None


def same_number(wanted: float, reading: Reading, step: float | None) -> bool:
    """Tell whether a number shows what was wanted: within one step of it or 1 %, because devices round."""
    if isinstance(reading, str) or not isfinite(reading):
        return False
    tolerance = max(step or 0.0, abs(wanted) * _ROUNDING, _STEP_NOISE)
    return abs(wanted - reading) <= tolerance * (1 + _STEP_NOISE)


def toward_rest(value: float, rest: float, bounds: Bounds) -> float:
    """Return the value on the actuator's steps and within its bounds, rounded toward its rest.

    Rounding away from rest would draw more than planned, which a main fuse may not bear; where it does, `Rounding` asks for
    a power on the next step. Steps count from the least value, as in Home Assistant.
    """
    step, origin = bounds.step, bounds.minimum or 0.0
    if step and step > 0:
        steps = (value - origin) / step
        lower = floor(steps + _STEP_NOISE)
        on_step = abs(steps - lower) <= _STEP_NOISE
        value = origin + step * (lower if on_step or value >= rest else lower + 1)
        value = round(value, 9)
    if bounds.minimum is not None:
        value = max(bounds.minimum, value)
    return value if bounds.maximum is None else min(bounds.maximum, value)


def away_from_rest(value: float, bounds: Bounds) -> float | None:
    """Return the value on the step beyond that of `toward_rest`, with rest at 0.

    Returns:
        None where there is none: the value is on a step, steps are unknown, or it lies outside the bounds.
    """
    near, step = toward_rest(value, 0.0, bounds), bounds.step
    if not step or step <= 0 or abs(value - near) <= step * _STEP_NOISE or abs(near) > abs(value):
        return None
    far = round(near + copysign(step, value), 9)
    is_within = bounds.maximum is None or far <= bounds.maximum
    is_within = is_within and (bounds.minimum is None or far >= bounds.minimum)
    return far if is_within and abs(far) > abs(value) else None


@dataclass(frozen=True, slots=True)
class ScaledNumber(Actuation):
    """A number that is proportional to power.

    A number that cannot go down to 0 gets its least value at rest; `SwitchedNumber` switches off instead.

    Attributes:
        per_watt: of the number's unit for one W of consumption; negative when production is positive.
    """

    per_watt: float

    def __post_init__(self) -> None:
        """Refuse what cannot be turned back.

        Raises:
            ValueError: the factor is 0 or not finite.
        """
        if not isfinite(self.per_watt) or not self.per_watt:
            raise ValueError("per_watt must be finite and not 0")

    @classmethod
    def watts(cls, *, consumption_positive: bool = True) -> Self:
        """Return the mapping of a number in W."""
        return cls(1.0 if consumption_positive else -1.0)

    @classmethod
    def kilowatts(cls, *, consumption_positive: bool = True) -> Self:
        """Return the mapping of a number in kW."""
        return cls((1 if consumption_positive else -1) / _WATTS_PER_KILOWATT)

    @classmethod
    def amperes(cls, voltage: float, phases: int, *, consumption_positive: bool = True) -> Self:
        """Return the mapping of a current per phase in A: power = current x voltage to neutral x phases.

        Raises:
            ValueError: the voltage is not positive, or the phases are not one, two or three.
        """
        if not isfinite(voltage) or voltage <= 0 or phases not in {1, 2, 3}:
            raise ValueError("a current needs a positive voltage and one, two or three phases")
        return cls((1 if consumption_positive else -1) / (voltage * phases))

    @classmethod
    def percent(cls, full_power: float, *, consumption_positive: bool = True) -> Self:
        """Return the mapping of a percentage of a power in W.

        Raises:
            ValueError: the power is not positive.
        """
        if not isfinite(full_power) or full_power <= 0:
            raise ValueError("full_power must be positive")
        return cls((_PERCENT if consumption_positive else -_PERCENT) / full_power)

    def value(self, power: float, bounds: Bounds) -> float:
        """Return the number's value for the power (W, consumption positive)."""
        # Adding 0 turns a negative zero, which no device understands, into zero.
        return toward_rest(power * self.per_watt, 0.0, bounds) + 0.0

    @override
    def neighbours(self, power: float, bounds: Bounds) -> Neighbours:
        far = away_from_rest(power * self.per_watt, bounds)
        if far is None:
            return Neighbours(power, power)
        powers = (self.value(power, bounds) / self.per_watt + 0.0, far / self.per_watt)
        return Neighbours(min(powers), max(powers))

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        return SetNumber(self.value(power, bounds))

    @override
    def shows(self, command: Command, reading: Reading, bounds: Bounds) -> bool:
        return isinstance(command, SetNumber) and same_number(command.value, reading, bounds.step)

    @override
    def power(self, reading: Reading) -> float | None:
        return None if isinstance(reading, str) else reading / self.per_watt

    @override
    def restoring(self, reading: Reading) -> Command | None:
        return None if isinstance(reading, str) else SetNumber(reading)


@dataclass(frozen=True, slots=True)
class SwitchedNumber(Actuation):
    """A number with a switch beside it, such as a charger's current, which cannot be below 6 A.

    The reading is the number's value, or ``off`` while the switch is off.

    Attributes:
        number: how the number expresses power.
        least_power: W; less than this of either sign switches off.
    """

    number: ScaledNumber
    least_power: float

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        wanted = power * self.number.per_watt
        below = bounds.minimum is not None and wanted < bounds.minimum - _STEP_NOISE
        if below or not power or abs(power) < self.least_power:
            return SetNumberOrOff(None)
        return SetNumberOrOff(self.number.value(power, bounds))

    @override
    def neighbours(self, power: float, bounds: Bounds) -> Neighbours:
        beside = self.number.neighbours(power, bounds)
        least = self._least(bounds)
        if power * self.number.per_watt <= 0 or least is None:
            return Neighbours(power, power)  # off, whatever the number could be
        if min(abs(beside.lower), abs(beside.upper)) >= abs(least) - _STEP_NOISE:
            return beside
        return Neighbours(min(0.0, least), max(0.0, least))

    def _least(self, bounds: Bounds) -> float | None:
        """Return the least power (W, consumption positive) at which it runs; None when that is more than it can."""
        per_watt = abs(self.number.per_watt)
        value = max(bounds.minimum or 0.0, self.least_power * per_watt)
        on_step = toward_rest(value, 0.0, bounds)
        if on_step < value - _STEP_NOISE:
            on_step = away_from_rest(value, bounds) or 0.0
        return on_step / self.number.per_watt if on_step >= value - _STEP_NOISE else None

    @override
    def shows(self, command: Command, reading: Reading, bounds: Bounds) -> bool:
        match command:
            case SetNumberOrOff(None):
                return reading == OFF
            case SetNumberOrOff(float() | int() as value):
                return same_number(value, reading, bounds.step)
            case _:
                return False

    @override
    def power(self, reading: Reading) -> float | None:
        return 0.0 if reading == OFF else self.number.power(reading)

    @override
    def restoring(self, reading: Reading) -> Command | None:
        if isinstance(reading, str):
            return SetNumberOrOff(None) if reading == OFF else None
        return SetNumberOrOff(reading)


@dataclass(frozen=True, slots=True)
class DirectPower(Actuation):
    """Power as it is, for a carrier that speaks power, such as an S2 session."""

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        return SetPower(toward_rest(power, 0.0, bounds) + 0.0)

    @override
    def neighbours(self, power: float, bounds: Bounds) -> Neighbours:
        return ScaledNumber.watts().neighbours(power, bounds)

    @override
    def shows(self, command: Command, reading: Reading, bounds: Bounds) -> bool:
        return isinstance(command, SetPower) and same_number(command.power, reading, bounds.step)

    @override
    def power(self, reading: Reading) -> float | None:
        return None if isinstance(reading, str) else reading

    @override
    def restoring(self, reading: Reading) -> Command | None:
        return None if isinstance(reading, str) else SetPower(reading)


class BlindActuation(Actuation):
    """An actuator that shows nothing of what it was told: it is believed."""

    __slots__ = ()
    reads_back = False

    @override
    def shows(self, command: Command, reading: Reading, bounds: Bounds) -> bool:
        return False

    @override
    def power(self, reading: Reading) -> float | None:
        return None

    @override
    def restoring(self, reading: Reading) -> Command | None:
        return None


@dataclass(frozen=True, slots=True)
class Script(BlindActuation):
    """A script that is told the power, why, and until when."""

    @override
    def command(
        self, setpoint: Setpoint, power: float, bounds: Bounds, standing: Command | None
    ) -> Command | None:
        return RunScript(power + 0.0, setpoint.source, setpoint.until)

    @override
    def runs(self, command: Command) -> bool:
        return isinstance(command, RunScript) and bool(command.power)
