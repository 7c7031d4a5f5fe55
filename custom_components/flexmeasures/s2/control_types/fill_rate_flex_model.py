"""A storage and its actuators in FlexMeasures' terms.

Energy counts from the lowest fill level: ``energy = (level - lowest) * kWh per unit``. The server reckons with
``s[i+1] = k s[i] + h (a c - d / b - u) (k - 1) / ln k`` (its StorageScheduler): k is the storage efficiency of one step
of h hours, a and b those of charging (c, kW) and discharging (d, kW), and u what is used (kW).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..messages.frbc import LeakageBehaviour
from .bands import power_limits
from .contribution import Contribution, Finding, Notice, Sensors, Series, SeriesKind
from .energy import efficiencies
from .leakage import leakage_of
from .modes import Actuator
from .quantities import FlexModel, FlexValue, during, kilowatt_hours, kilowatts, percent
from .shared_stock import sharing_stock
from .spans import UNGUARDED, Span
from .storage import Storage
from .timeline import Grid, Piece, Timeline, integral, means

_SECONDS_PER_HOUR = 3600
# Less is rounding of the numbers on the way.
_LEAST_ENERGY = 1e-6  # kWh


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageOutlook:
    """A storage as it is and as it is foreseen.

    Attributes:
        level: expected fill level at the begin, in the device's unit.
        usage: units taken per second; negative where the storage gains.
        targets: ranges that the fill level should be in.
        limits: W, consumption positive, that people let all actuators have together.
    """

    storage: Storage
    level: float
    leakage: LeakageBehaviour | None
    usage: Timeline[float]
    targets: Timeline[Span]
    limits: Span = UNGUARDED


def contribution_of(outlook: StorageOutlook, sensors: Sensors, grid: Grid) -> Contribution:
    """Return the flex-model entries of a storage: one for a single actuator, else one each and one for the storage.

    Raises:
        ValueError: a sensor is missing that the device needs.
    """
    storage = outlook.storage
    if storage.capacity_per_unit is None:
        return Contribution(notices=(Notice(finding=Finding.UNKNOWN_CAPACITY),))
    series = _usage_series(outlook, storage.capacity_per_unit, grid)
    stock = _stock(outlook, storage.capacity_per_unit, sensors, grid, series)
    flows = [
        _flow(actuator, storage.capacity_per_unit, sensors, outlook.limits)
        for actuator in storage.actuators
    ]
    return Contribution(
        flex_models=sharing_stock(flows, stock, sensors, outlook.limits),
        series=series,
        notices=(*_reservations(outlook), *_unreachable(outlook, grid)),
    )


def _flow(
    actuator: Actuator, capacity_per_unit: float, sensors: Sensors, limits: Span
) -> FlexModel:
    entry: dict[str, FlexValue] = {"sensor": sensors.power[actuator.id]}
    entry.update(power_limits((mode.powers for mode in actuator.normal_modes), limits))
    known = efficiencies(actuator, capacity_per_unit)
    if known.charging is not None:
        entry["charging-efficiency"] = percent(known.charging)
    if known.discharging is not None:
        entry["discharging-efficiency"] = percent(known.discharging)
    return entry


def _stock(
    outlook: StorageOutlook,
    capacity_per_unit: float,
    sensors: Sensors,
    grid: Grid,
    series: tuple[Series, ...],
) -> FlexModel:
    levels = outlook.storage.levels
    leakage = leakage_of(outlook.leakage, levels.low, outlook.level)
    stock: dict[str, FlexValue] = {
        "soc-at-start": kilowatt_hours(
            (levels.clamp(outlook.level) - levels.low) * capacity_per_unit
        ),
        "soc-min": kilowatt_hours(0.0),
        "soc-max": kilowatt_hours((levels.high - levels.low) * capacity_per_unit),
    }
    if leakage.proportional:
        stock["storage-efficiency"] = percent(leakage.storage_efficiency(grid.resolution))
    kinds = {part.kind for part in series}
    usage: list[FlexValue] = []
    if SeriesKind.USAGE_FORECAST in kinds:
        usage.append(sensors.of(SeriesKind.USAGE_FORECAST))
    if leakage.constant:
        usage.append(kilowatts(leakage.constant * _SECONDS_PER_HOUR * capacity_per_unit))
    if usage:
        stock["soc-usage"] = usage
    if SeriesKind.GAIN_FORECAST in kinds:
        stock["soc-gain"] = [sensors.of(SeriesKind.GAIN_FORECAST)]
    stock.update(_target_windows(outlook, capacity_per_unit, grid))
    return stock


def _usage_series(
    outlook: StorageOutlook, capacity_per_unit: float, grid: Grid
) -> tuple[Series, ...]:
    """Return what is taken and, if anything is, what is given, each in kW and not negative."""
    to_kilowatts = _SECONDS_PER_HOUR * capacity_per_unit
    values = [None if rate is None else rate * to_kilowatts for rate in means(outlook.usage, grid)]
    if all(value is None for value in values):
        return ()
    directions: Mapping[SeriesKind, float] = {
        SeriesKind.USAGE_FORECAST: 1.0,
        SeriesKind.GAIN_FORECAST: -1.0,
    }
    return tuple(
        Series(
            kind=kind,
            start=grid.start,
            resolution=grid.resolution,
            values=tuple(None if value is None else max(0.0, sign * value) for value in values),
        )
        for kind, sign in directions.items()
        if kind is SeriesKind.USAGE_FORECAST or any(value and value < 0 for value in values)
    )


def _target_windows(
    outlook: StorageOutlook, capacity_per_unit: float, grid: Grid
) -> dict[str, FlexValue]:
    """Return the targets as soft limits, from the end of the first full step on: nothing can be better before."""
    levels = outlook.storage.levels
    minima: list[FlexValue] = []
    maxima: list[FlexValue] = []
    for piece in _targets_ahead(outlook, grid):
        low, high = (
            kilowatt_hours((levels.clamp(level) - levels.low) * capacity_per_unit)
            for level in piece.value
        )
        if piece.value.start > levels.low:
            minima.append(during(piece.start, piece.end, low))
        if piece.value.end < levels.high:
            maxima.append(during(piece.start, piece.end, high))
    windows = {"soc-minima": minima, "soc-maxima": maxima}
    return {name: list(values) for name, values in windows.items() if values}


def _targets_ahead(outlook: StorageOutlook, grid: Grid) -> list[Piece[Span]]:
    first = grid.start + grid.resolution
    return [
        Piece(max(piece.start, first), min(piece.end, grid.end), piece.value, piece.message_id)
        for piece in outlook.targets
        if piece.end > first and piece.start < grid.end
    ]


def _reservations(outlook: StorageOutlook) -> list[Notice]:
    storage, level = outlook.storage, outlook.level
    notices = [
        Notice(finding=finding, subject=subject)
        for finding, subjects in (
            (Finding.DISCHARGE_RATE_SIGN, storage.mended),
            (Finding.OTHER_COMMODITY_NOT_PLANNED, storage.unplanned),
        )
        for subject in sorted(subjects)
    ]
    notices += [
        Notice(finding=Finding.EFFICIENCY_VARIES, subject=actuator.id)
        for actuator in storage.actuators
        if storage.capacity_per_unit and efficiencies(actuator, storage.capacity_per_unit).varies
    ]
    if level != storage.levels.clamp(level):
        possible = storage.levels.clamp(level)
        notices.append(
            Notice(finding=Finding.FILL_LEVEL_OUTSIDE_RANGE, wanted=level, possible=possible)
        )
    return notices


def _unreachable(outlook: StorageOutlook, grid: Grid) -> list[Notice]:
    """Return the targets outside of the storage, and those that even full power misses (in kWh, leakage left out)."""
    storage = outlook.storage
    fastest = _fastest(storage)
    notices: list[Notice] = []
    for piece in _targets_ahead(outlook, grid):
        notices += [
            Notice(
                finding=Finding.TARGET_OUTSIDE_RANGE,
                at=piece.start,
                wanted=level,
                possible=storage.levels.clamp(level),
            )
            for level in piece.value
            if level != storage.levels.clamp(level)
        ]
        at_best = storage.energy(_highest_level(outlook, fastest, grid.start, piece.start)) or 0.0
        needed = storage.energy(piece.value.start) or 0.0
        if needed > at_best + _LEAST_ENERGY:
            notices.append(
                Notice(
                    finding=Finding.TARGET_OUT_OF_REACH,
                    at=piece.start,
                    wanted=needed,
                    possible=at_best,
                )
            )
    return notices


def _highest_level(outlook: StorageOutlook, fastest: float, start: datetime, at: datetime) -> float:
    filled = fastest * max(at - start, timedelta(0)).total_seconds()
    return outlook.level + filled - integral(outlook.usage, start, at)


def _fastest(storage: Storage) -> float:
    """Return the units per second that all actuators fill at most."""
    return sum(
        max(
            0.0,
            *(element.rate.high for mode in actuator.normal_modes for element in mode.elements),
        )
        for actuator in storage.actuators
    )
