"""A device that takes limits in FlexMeasures' terms.

What can be curtailed is production up to its forecast. What can be deferred is a storage that starts empty and has to hold
the energy of the constraint when its window ends. Consumption that would be lost is no flexibility, since the server would
always plan it away: it counts as given.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
import math

from ...scheduling.grid import ceil_to_resolution, floor_to_resolution
from .bands import allowed, merged, power_limits
from .contribution import Contribution, Finding, Notice, Sensors, SeriesKind
from .envelopes import Energy
from .forecasts import given_power, power_series
from .limits import AllowedLimits
from .quantities import FlexModel, FlexValue, during, kilowatt_hours, watts
from .spans import NOTHING, UNGUARDED, Span
from .timeline import Grid, Timeline

_JOULES_PER_KWH = 3.6e6
_LEAST_ENERGY = 1e-6  # kWh
_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeOutlook:
    """What may be limited, and what is foreseen.

    Attributes:
        limits: per quantity.
        defers: whether what is kept away is caught up later.
        energies: what has to stay possible.
        forecast: W that the device would take by itself, consumption positive.
        people_s_limits: W, consumption positive, that people let it have.
    """

    limits: tuple[AllowedLimits, ...]
    defers: bool
    energies: tuple[Energy, ...]
    forecast: Timeline[float]
    people_s_limits: Span = UNGUARDED


def contribution_of(outlook: EnvelopeOutlook, sensors: Sensors, grid: Grid) -> Contribution:
    """Return the entries of one device.

    Raises:
        ValueError: a sensor is missing that the device needs.
    """
    if not outlook.limits:
        return Contribution()
    energies = [
        energy for energy in outlook.energies if energy.end > grid.start < grid.end > energy.start
    ]
    if outlook.defers and energies:
        return _deferrable(outlook, energies[0], sensors, grid)
    return _curtailable(outlook, sensors, grid)


def _curtailable(outlook: EnvelopeOutlook, sensors: Sensors, grid: Grid) -> Contribution:
    if sum(limits.widest.lower for limits in outlook.limits) >= 0:
        return given_power(outlook.forecast, sensors, grid)
    production = SeriesKind.PRODUCTION_FORECAST
    series = power_series(outlook.forecast, grid, frozenset((production,)))
    # A forecast may lie on the sensor already, made by the server.
    if not series and production not in sensors.series:
        return Contribution()
    entry: FlexModel = {
        "sensor": sensors.power[""],
        "consumption-capacity": watts(0.0),
        "production-capacity": sensors.of(production),
    }
    most = -outlook.people_s_limits.start
    if math.isfinite(most):
        entry = {**entry, "power-capacity": watts(most)}
    consumed = (part for part in series if part.kind is SeriesKind.CONSUMPTION_FORECAST)
    return Contribution(
        flex_models=(entry,),
        inflexible_consumption=tuple(sensors.identifier(part.kind) for part in consumed),
        series=series,
    )


def _deferrable(
    outlook: EnvelopeOutlook, energy: Energy, sensors: Sensors, grid: Grid
) -> Contribution:
    """Return a storage that has to be filled by the end of its window, and has no power outside of it."""
    begin = max(grid.start, ceil_to_resolution(energy.start, grid.resolution))
    end = floor_to_resolution(energy.end, grid.resolution)
    known_end = min(end, grid.end)
    spans = allowed(merged(_power_spans(outlook.limits)), outlook.people_s_limits)
    most = max(0.0, *(span.end for span in spans))
    needed = energy.consumption / _JOULES_PER_KWH
    given = energy.production / _JOULES_PER_KWH
    # What can still be caught up after the planned time need not be taken within it.
    later = max(end - grid.end, _NO_TIME).total_seconds() * most / _JOULES_PER_KWH
    due = max(0.0, needed - later)
    possible = max(known_end - begin, _NO_TIME).total_seconds() * most / _JOULES_PER_KWH
    entry: dict[str, FlexValue] = {
        "sensor": sensors.power[""],
        "soc-at-start": kilowatt_hours(given),
        "soc-min": kilowatt_hours(0.0),
        "soc-max": kilowatt_hours(given + needed),
        **power_limits(spans),
    }
    for name in ("consumption-capacity", "production-capacity"):
        entry[name] = _only_within(str(entry[name]), begin, known_end, grid)
    if due > 0 and begin < known_end:
        entry["soc-minima"] = [
            {"datetime": known_end.isoformat(), "value": kilowatt_hours(given + due)}
        ]
    notices: tuple[Notice, ...] = ()
    if due > possible + _LEAST_ENERGY:
        notices = (
            Notice(
                finding=Finding.ENERGY_OUT_OF_REACH, at=known_end, wanted=due, possible=possible
            ),
        )
    return Contribution(flex_models=(entry,), notices=notices)


def _power_spans(limits: tuple[AllowedLimits, ...]) -> list[Span]:
    """Return the bands of power that limits can lead the device to; phases are loaded alike."""
    phases = len(limits)
    spans = [
        Span(max(0.0, band.start) * phases, band.end * phases)
        for band in limits[0].uppers
        if band.end >= 0
    ]
    spans += [
        Span(band.start * phases, min(0.0, band.end) * phases)
        for band in limits[0].lowers
        if band.start < 0
    ]
    return spans or [NOTHING]


def _only_within(capacity: str, begin: datetime, end: datetime, grid: Grid) -> FlexValue:
    """Return a capacity that holds in a part of the grid and is 0 W in the rest; the bare one where it is all of it."""
    if begin <= grid.start and end >= grid.end:
        return capacity
    parts = (
        (grid.start, min(begin, grid.end), watts(0.0)),
        (begin, end, capacity),
        (max(end, grid.start), grid.end, watts(0.0)),
    )
    return [during(start, until, value) for start, until, value in parts if start < until]
