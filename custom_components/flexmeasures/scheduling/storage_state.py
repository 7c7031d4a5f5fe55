"""How a storage is now, and what is wanted of it."""

from dataclasses import dataclass
from datetime import datetime

from .errors import FlexModelError, FlexModelProblem, check_not_negative
from .grid import as_utc


@dataclass(frozen=True, slots=True)
class EnergyTarget:
    """Energy to have at a moment.

    Attributes:
        time: when; aware.
        energy: kWh.
        is_exact: whether more would be wrong too; otherwise more is welcome, for instance at a negative price.
    """

    time: datetime
    energy: float
    is_exact: bool = False

    def __post_init__(self) -> None:
        """Bring the time to UTC.

        Raises:
            FlexModelError: the energy is not finite or negative.
            ValueError: the time is naive.
        """
        check_not_negative(targets=self.energy)
        object.__setattr__(self, "time", as_utc(self.time, "time"))


@dataclass(frozen=True, slots=True)
class EnergyWindow:
    """A limit of the stored energy from start to end, both aware.

    Attributes:
        energy: kWh.
    """

    start: datetime
    end: datetime
    energy: float

    def __post_init__(self) -> None:
        """Bring the times to UTC.

        Raises:
            FlexModelError: the energy is not finite or negative, or the window does not end after its start.
            ValueError: a time is naive.
        """
        check_not_negative(energy=self.energy)
        _check_window(self)


@dataclass(frozen=True, slots=True)
class PowerWindow:
    """Limits of the power from start to end, both aware; lower than the device's own.

    Attributes:
        consumption: W, at most.
        production: W, at most; positive.
    """

    start: datetime
    end: datetime
    consumption: float = 0.0
    production: float = 0.0

    def __post_init__(self) -> None:
        """Bring the times to UTC.

        Raises:
            FlexModelError: a power is not finite or negative, or the window does not end after its start.
            ValueError: a time is naive.
        """
        check_not_negative(consumption=self.consumption, production=self.production)
        _check_window(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageState:
    """How a storage is at the start of a plan, and what is wanted of it.

    Attributes:
        stored_energy: kWh at the start. Always known: without it the server plans an unbounded storage.
        targets: energy to have at moments; those in the past are left out.
        minima: energy to keep above.
        maxima: energy to keep below.
        power_windows: when less power is possible than usual, such as 0 W while a car is away.
    """

    stored_energy: float
    targets: tuple[EnergyTarget, ...] = ()
    minima: tuple[EnergyWindow, ...] = ()
    maxima: tuple[EnergyWindow, ...] = ()
    power_windows: tuple[PowerWindow, ...] = ()


def _check_window(window: EnergyWindow | PowerWindow) -> None:
    for name in ("start", "end"):
        object.__setattr__(window, name, as_utc(getattr(window, name), name))
    if window.start >= window.end:
        raise FlexModelError("start", FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM)
