"""Processes that run once within a window: a dishwasher with its own profile, or anything that may pause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import FlexModelError, FlexModelProblem, check_not_negative, check_positive
from .grid import as_utc, ceil_to_resolution, hours, step_starts
from .prices import PriceSeries
from .quantities import JSON, during, kilowatt_hours, watts

# In the prices' currency: costs that differ by less are equal but for rounding, and then the earlier start is better.
_EQUAL_COST = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftableProcess:
    """A process whose power over time is fixed and whose start can be chosen.

    FlexMeasures 1.0.1 has a scheduler for processes that its API cannot trigger. So the start is chosen here
    (`cheapest_start`), and the process goes into the site's plan as a storage that can do nothing else than the profile.

    Attributes:
        power_sensor: id of the FlexMeasures sensor that its power is planned on.
        powers: W in each part of the profile; not negative.
        part: how long each part lasts.
    """

    power_sensor: int
    powers: tuple[float, ...]
    part: timedelta

    def __post_init__(self) -> None:
        """Refuse what is no process.

        Raises:
            FlexModelError: names the field and the reason.
        """
        if not self.powers:
            raise FlexModelError("powers", FlexModelProblem.EMPTY)
        for power in self.powers:
            check_not_negative(powers=power)
        check_positive(powers=sum(self.powers), part=self.part.total_seconds())

    @property
    def duration(self) -> timedelta:
        """Return how long it runs."""
        return len(self.powers) * self.part

    @property
    def energy(self) -> float:
        """Return the kWh that it consumes."""
        return sum(self.powers) * hours(self.part) / 1000

    def power_between(self, begin: timedelta, end: timedelta) -> float:
        """Return the mean W between two times since its start; 0 before and after."""
        total = 0.0
        first = max(0, begin // self.part)
        for index in range(first, len(self.powers)):
            part_begin = index * self.part
            if part_begin >= end:
                break
            overlap = min(end, part_begin + self.part) - max(begin, part_begin)
            total += self.powers[index] * (overlap / (end - begin))
        return total

    def flex_model(
        self, state: datetime | None, *, start: datetime, end: datetime, resolution: timedelta
    ) -> Mapping[str, JSON]:
        """Return the entry of a trigger's flex-model: the server can only answer with the profile.

        Args:
            state: when it starts or has started; None when it does not run.
            start: begin of the planned time, on the grid.
            end: end of the planned time.
            resolution: length of a step; shorter parts of the profile become the mean of their step.

        Raises:
            ValueError: the start of the process is naive.
        """
        begins = list(step_starts(start, end, resolution))
        powers = [0.0] * len(begins)
        if state is not None:
            run = as_utc(state, "state")
            powers = [self.power_between(begin - run, begin - run + resolution) for begin in begins]
        return _forced(self.power_sensor, begins, powers, resolution)


def _forced(
    power_sensor: int, begins: list[datetime], powers: list[float], resolution: timedelta
) -> Mapping[str, JSON]:
    """Return a storage that is filled by exactly these powers: each is the limit of its step, and all are needed."""
    energy = sum(powers) * hours(resolution) / 1000
    model = _consumer(power_sensor, energy, max(powers, default=0.0))
    if energy == 0:
        return {**model, "consumption-capacity": watts(0)}
    return {
        **model,
        "consumption-capacity": [
            during(begin, begin + resolution, watts(power))
            for begin, power in zip(begins, powers, strict=True)
        ],
        "soc-targets": [
            {
                "datetime": (begins[-1] + resolution).isoformat(),
                "value": kilowatt_hours(energy),
            }
        ],
    }


def _consumer(power_sensor: int, energy: float, power: float) -> dict[str, JSON]:
    """Return a storage that begins empty, takes the energy (kWh) and gives nothing back."""
    return {
        "sensor": power_sensor,
        "soc-at-start": kilowatt_hours(0),
        "soc-min": kilowatt_hours(0),
        "soc-max": kilowatt_hours(energy),
        "power-capacity": watts(power),
        "production-capacity": watts(0),
    }


@dataclass(frozen=True, slots=True)
class ProcessStart:
    """The start that was chosen.

    Attributes:
        time: when to start.
        cost: of the whole run, in the prices' currency.
    """

    time: datetime
    cost: float


def cheapest_start(
    process: ShiftableProcess,
    prices: PriceSeries,
    *,
    earliest: datetime,
    latest_end: datetime,
    resolution: timedelta,
) -> ProcessStart | None:
    """Return the cheapest start on the grid within the window; the earliest of equally cheap ones.

    Exact: every start is looked at. Starts whose run is not wholly priced are left out.

    Args:
        process: what has to run.
        prices: of consumption.
        earliest: it starts at or after this; aware.
        latest_end: it ends at or before this; aware.
        resolution: of the grid on which it may start.

    Returns:
        None when the window is too short, or nowhere priced long enough.

    Raises:
        ValueError: a time is naive.
    """
    first = ceil_to_resolution(earliest, resolution)
    last = as_utc(latest_end, "latest_end") - process.duration
    starts = step_starts(first, last + timedelta(microseconds=1), resolution)
    best: ProcessStart | None = None
    for start in starts if first <= last else ():
        cost = run_cost(process, prices, start)
        if cost is not None and (best is None or cost < best.cost - _EQUAL_COST):
            best = ProcessStart(start, cost)
    return best


def run_cost(process: ShiftableProcess, prices: PriceSeries, start: datetime) -> float | None:
    """Return what a run from the start on costs, in the prices' currency; None where it is not wholly priced."""
    cost = 0.0
    for index, power in enumerate(process.powers):
        begin = start + index * process.part
        price = prices.mean(begin, begin + process.part)
        if price is None:
            return None
        cost += price * power / 1000 * hours(process.part)
    return cost


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessWindow:
    """When a process that may pause has to run.

    Attributes:
        earliest: not before this; aware.
        latest_end: done by this; aware.
        remaining: how long it still has to run.
    """

    earliest: datetime
    latest_end: datetime
    remaining: timedelta

    def __post_init__(self) -> None:
        """Bring the times to UTC and refuse what is no window.

        Raises:
            FlexModelError: names the field and the reason.
            ValueError: a time is naive.
        """
        for name in ("earliest", "latest_end"):
            object.__setattr__(self, name, as_utc(getattr(self, name), name))
        if self.earliest >= self.latest_end:
            raise FlexModelError("earliest", FlexModelProblem.MINIMUM_NOT_BELOW_MAXIMUM)
        check_not_negative(remaining=self.remaining.total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakableProcess:
    """A process that runs at one power and may pause; the server chooses when.

    Attributes:
        power_sensor: id of the FlexMeasures sensor that its power is planned on.
        power: W while it runs.
    """

    power_sensor: int
    power: float

    def __post_init__(self) -> None:
        """Refuse what is no process.

        Raises:
            FlexModelError: names the field and the reason.
        """
        check_positive(power=self.power)

    def flex_model(
        self,
        state: ProcessWindow | None,
        *,
        start: datetime,
        end: datetime,
        resolution: timedelta,
    ) -> Mapping[str, JSON]:
        """Return the entry of a trigger's flex-model: a storage that is filled at this power or not at all.

        What remains is rounded up to whole steps. As much of it as the window leaves time for is asked for; for a window
        that ends after the planned time, as much as has to be done before.

        Args:
            state: when it has to run; None when it does not.
            start: begin of the planned time, on the grid.
            end: end of the planned time.
            resolution: length of a step.
        """
        begins = list(step_starts(start, end, resolution))
        possible = [] if state is None else _steps_within(begins, state, resolution)
        count = 0
        later = 0
        if state is not None:
            count = -(-state.remaining // resolution)
            later = max(timedelta(0), state.latest_end - end) // resolution
        needed = min(len(possible), max(0, count - later))
        energy = min(count, len(possible)) * self.power / 1000 * hours(resolution)
        model = _consumer(self.power_sensor, energy, self.power)
        if energy == 0:
            return {**model, "consumption-capacity": watts(0)}
        model["consumption-capacity"] = [
            during(begin, begin + resolution, watts(self.power if begin in possible else 0))
            for begin in begins
        ]
        model["operation-modes"] = [
            {"consumption-range": [watts(power), watts(power)]} for power in (0, self.power)
        ]
        if needed:
            value = kilowatt_hours(needed * self.power / 1000 * hours(resolution))
            by = (possible[-1] + resolution).isoformat()
            model["soc-minima"] = [{"datetime": by, "value": value}]
        return model


def _steps_within(
    begins: Iterable[datetime], window: ProcessWindow, resolution: timedelta
) -> list[datetime]:
    return [
        begin
        for begin in begins
        if window.earliest <= begin and begin + resolution <= window.latest_end
    ]
