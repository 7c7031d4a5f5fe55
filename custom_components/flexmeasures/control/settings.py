"""How one device is controlled, as its owner configured it."""

from dataclasses import dataclass, field
from math import isfinite

from .actuation import Actuation
from .commands import Reading
from .guard_rails import GuardRails
from .limits import PowerLimits


@dataclass(frozen=True, slots=True)
class LeaveAsItIs:
    """Safe is whatever stands: nothing is written when control ends."""


@dataclass(frozen=True, slots=True)
class SafePower:
    """Safe is a power.

    Attributes:
        power: W, consumption positive.

    Raises:
        ValueError: the power is not finite.
    """

    power: float = 0.0

    def __post_init__(self) -> None:
        if not isfinite(self.power):
            raise ValueError("power must be finite")


@dataclass(frozen=True, slots=True)
class SafeReading:
    """Safe is a value of the actuator itself, such as the option with which an inverter decides alone."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class ValueBefore:
    """Safe is what the actuator showed before control took it over; while nothing was taken over, as it is."""


type SafeValue = LeaveAsItIs | SafePower | SafeReading | ValueBefore


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSettings:
    """How one device is controlled.

    Attributes:
        actuation: how its actuator expresses power.
        limits: what it can take; a later `LimitsChanged` replaces them.
        safe_value: what it gets when nothing may be carried out, or control ends.
        guard_rails: what protects it.
        shadow: whether everything is computed and nothing written, at first.
    """

    actuation: Actuation
    limits: PowerLimits
    safe_value: SafeValue = field(default_factory=SafePower)
    guard_rails: GuardRails = field(default_factory=GuardRails)
    shadow: bool = False
