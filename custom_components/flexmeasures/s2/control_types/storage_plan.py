"""The storage of a fill rate based device as the scheduling room knows storages, and what a plan makes of its energy."""

from collections.abc import Mapping
from datetime import datetime, timedelta
import math

from ... import scheduling
from ...scheduling import Schedule
from .contribution import Sensors, Series, SeriesKind
from .energy import efficiencies
from .fill_rate_flex_model import StorageOutlook
from .leakage import leakage_of
from .spans import Span

_SECONDS_PER_HOUR = 3600
_HOUR = timedelta(hours=1)
_WATTS_PER_KILOWATT = 1000


def planned_storage(outlook: StorageOutlook, sensors: Sensors) -> scheduling.Storage | None:
    """Return all actuators of a storage as one, by which it is seen what can be reached; None while its kWh are unknown.

    With several actuators it is as good as the best of them: what that cannot reach, none can.

    Raises:
        ValueError: the description is that of no storage.
    """
    storage = outlook.storage
    if storage.capacity_per_unit is None:
        return None
    spans = [actuator.powers(abnormal=False) for actuator in storage.actuators]
    total = _within(outlook.limits, spans)
    known = [efficiencies(actuator, storage.capacity_per_unit) for actuator in storage.actuators]
    leakage = leakage_of(outlook.leakage, storage.levels.low, outlook.level)
    return scheduling.Storage(
        power_sensor=next(iter(sensors.power.values())),
        capacity=(storage.levels.high - storage.levels.low) * storage.capacity_per_unit,
        charging_power=max(0.0, total.end),
        discharging_power=max(0.0, -total.start),
        charging_efficiency=max((each.charging or 0.0 for each in known), default=0.0) or 1.0,
        discharging_efficiency=min(1.0, max(each.discharging or 0.0 for each in known) or 1.0),
        retention=leakage.storage_efficiency(_HOUR),
    )


def _within(limits: Span, spans: list[Span]) -> Span:
    return Span(
        limits.clamp(sum(span.start for span in spans)),
        limits.clamp(sum(span.end for span in spans)),
    )


def expected_energies(
    outlook: StorageOutlook, series: tuple[Series, ...], schedules: Mapping[str, Schedule]
) -> tuple[float | None, ...]:
    """Return the kWh above empty at each border of the schedules' steps, the first at their start.

    As the server reckons, see `fill_rate_flex_model`; None from the first step on in which an actuator has no power.

    Args:
        outlook: at the start of the schedules.
        series: what is used and gained, in kW.
        schedules: of all actuators, with the same steps.
    """
    storage = outlook.storage
    energy, capacity = storage.energy(outlook.level), storage.energy(storage.levels.high)
    if energy is None or capacity is None or storage.capacity_per_unit is None or not schedules:
        return ()
    known = {
        actuator.id: efficiencies(actuator, storage.capacity_per_unit)
        for actuator in storage.actuators
    }
    leakage = leakage_of(outlook.leakage, storage.levels.low, outlook.level)
    first = next(iter(schedules.values()))
    hours, retention = first.resolution / _HOUR, leakage.storage_efficiency(first.resolution)
    # Energy that comes in during a step is lost, too, from then on: the mean of all that is left of it.
    gained = hours if retention == 1 else hours * (retention - 1) / math.log(retention)
    lost = leakage.constant * _SECONDS_PER_HOUR * storage.capacity_per_unit
    energies: list[float | None] = [energy]
    for index in range(len(first.powers)):
        flow = 0.0
        for actuator_id, schedule in schedules.items():
            power = schedule.powers[index] if index < len(schedule.powers) else None
            if power is None or actuator_id not in known:
                return (*energies, *[None] * (len(first.powers) - index))
            into, out = known[actuator_id].charging or 1.0, known[actuator_id].discharging or 1.0
            flow += (power * into if power > 0 else power / out) / _WATTS_PER_KILOWATT
        flow += _given(series, first.start + index * first.resolution) - lost
        energy = min(capacity, max(0.0, energy * retention + flow * gained))
        energies.append(energy)
    return tuple(energies)


def _given(series: tuple[Series, ...], time: datetime) -> float:
    """Return the kW that a storage gains less what is used of it; what is not foreseen is 0, as the server has it."""
    signs = {SeriesKind.GAIN_FORECAST: 1, SeriesKind.USAGE_FORECAST: -1}
    given = 0.0
    for each in series:
        step = (time - each.start) // each.resolution
        if each.kind in signs and 0 <= step < len(each.values):
            given += signs[each.kind] * (each.values[step] or 0.0)
    return given
