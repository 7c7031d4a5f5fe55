"""An electric vehicle at its charger: a battery that is sometimes away, and has to be ready when it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .battery import Battery
from .errors import FlexModelError, FlexModelProblem, check_share
from .grid import as_utc
from .quantities import JSON
from .storage import Storage
from .storage_state import EnergyTarget, EnergyWindow, PowerWindow, StorageState

# Before a departure that needs more than is usually kept: choice of cheaper times, beside the charging itself.
_EARLIER = timedelta(hours=1)
_ALWAYS_FROM = datetime(1970, 1, 1, tzinfo=UTC)
_ALWAYS_UNTIL = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """When the car has to be ready, and how full.

    Attributes:
        time: when it leaves; aware.
        state_of_charge: share of the capacity (0 to 1) to have by then; more is welcome.
        returns_at: when it is plugged in again; aware; None when it is not known to stay away.
    """

    time: datetime
    state_of_charge: float
    returns_at: datetime | None = None

    def __post_init__(self) -> None:
        """Bring the times to UTC and refuse what is no departure.

        Raises:
            FlexModelError: names the field and the reason.
            ValueError: a time is naive.
        """
        check_share(state_of_charge=self.state_of_charge)
        object.__setattr__(self, "time", as_utc(self.time, "time"))
        if self.returns_at is None:
            return
        object.__setattr__(self, "returns_at", as_utc(self.returns_at, "returns_at"))
        if self.returns_at <= self.time:
            raise FlexModelError("returns_at", FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleState:
    """How a car is at the start of a plan, and what is wanted of it.

    Attributes:
        stored_energy: kWh.
        is_plugged_in: whether it can be charged now.
        plugged_in_from: when a car that is away is expected; aware; in the past for one that is late. None when it is
            not known: then nothing is planned for it, and nothing is asked of it that it cannot do.
        departures: when it has to be ready.
        keep_at_least: share of the capacity (0 to 1) to have at all times, as soon as it can be charged.
        keep_at_most: share of the capacity (0 to 1) not to exceed, unless a departure asks for more.
    """

    stored_energy: float
    is_plugged_in: bool
    plugged_in_from: datetime | None = None
    departures: tuple[Departure, ...] = ()
    keep_at_least: float = 0.0
    keep_at_most: float = 1.0

    def __post_init__(self) -> None:
        """Bring the time to UTC and refuse what cannot be wanted.

        Raises:
            FlexModelError: names the field and the reason.
            ValueError: the time is naive.
        """
        check_share(keep_at_least=self.keep_at_least, keep_at_most=self.keep_at_most)
        if self.keep_at_least >= self.keep_at_most:
            raise FlexModelError("keep_at_least", FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM)
        if self.plugged_in_from is not None:
            object.__setattr__(
                self, "plugged_in_from", as_utc(self.plugged_in_from, "plugged_in_from")
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricVehicle:
    """What a car at its charger can do.

    Attributes:
        battery: the car's battery behind its charger; its discharging power is 0 at a charger that works one way.
    """

    battery: Battery

    @property
    def power_sensor(self) -> int:
        """Return the id of the FlexMeasures sensor that its power is planned on."""
        return self.battery.power_sensor

    @property
    def storage(self) -> Storage:
        """Return the car as a storage."""
        return self.battery.storage

    def storage_state(self, state: VehicleState) -> StorageState:
        """Return what a car's state means for its battery."""
        is_away_for_good = not state.is_plugged_in and state.plugged_in_from is None
        if is_away_for_good:
            return StorageState(
                stored_energy=state.stored_energy,
                power_windows=(PowerWindow(_ALWAYS_FROM, _ALWAYS_UNTIL),),
            )
        capacity = self.battery.capacity
        return StorageState(
            stored_energy=state.stored_energy,
            targets=tuple(
                EnergyTarget(departure.time, departure.state_of_charge * capacity)
                for departure in state.departures
            ),
            minima=_kept_at_least(state, capacity),
            maxima=_kept_at_most(state, self.battery),
            power_windows=_away(state),
        )

    def flex_model(
        self, state: VehicleState, *, start: datetime, end: datetime, resolution: timedelta
    ) -> Mapping[str, JSON]:
        """Return the car's entry of a trigger's flex-model; see `Storage.flex_model`.

        Raises:
            ValueError: the stored energy is not finite, negative, or above the capacity by more than rounding.
        """
        return self.storage.flex_model(
            self.storage_state(state), start=start, end=end, resolution=resolution
        )


def _kept_at_least(state: VehicleState, capacity: float) -> tuple[EnergyWindow, ...]:
    if state.keep_at_least == 0:
        return ()
    return (EnergyWindow(_ALWAYS_FROM, _ALWAYS_UNTIL, state.keep_at_least * capacity),)


def _kept_at_most(state: VehicleState, battery: Battery) -> tuple[EnergyWindow, ...]:
    """Return the limit, open before each departure that asks for more for as long as the charging takes."""
    if state.keep_at_most >= battery.maximum_state_of_charge:
        return ()
    limit = state.keep_at_most * battery.capacity
    power = battery.charging_power * battery.storage.charging_efficiency / 1000
    windows = []
    begin = _ALWAYS_FROM
    for departure in sorted(state.departures, key=lambda each: each.time):
        above = departure.state_of_charge * battery.capacity - limit
        if above <= 0 or power <= 0:
            continue
        opens = departure.time - timedelta(hours=above / power) - _EARLIER
        if begin < opens:
            windows.append(EnergyWindow(begin, opens, limit))
        begin = max(begin, departure.returns_at or departure.time)
    return (*windows, EnergyWindow(begin, _ALWAYS_UNTIL, limit))


def _away(state: VehicleState) -> tuple[PowerWindow, ...]:
    windows = [
        PowerWindow(departure.time, departure.returns_at)
        for departure in state.departures
        if departure.returns_at is not None
    ]
    if not state.is_plugged_in and state.plugged_in_from is not None:
        windows.append(PowerWindow(_ALWAYS_FROM, state.plugged_in_from))
    return tuple(windows)
