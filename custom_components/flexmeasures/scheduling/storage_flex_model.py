"""A storage's entry of a trigger's flex-model, in FlexMeasures' terms."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .grid import ceil_to_resolution, floor_to_resolution, hours
from .quantities import JSON, SensorReference, during, kilowatt_hours, percent, watts
from .reach import ROUNDING, Reach, power_limits
from .storage_state import EnergyTarget, EnergyWindow, StorageState

if TYPE_CHECKING:
    from .storage import Flow, Storage

# kWh below what can be reached: a hard limit that touches it fails the job for a digit of rounding.
_SLACK = 0.001
# What a target further away than this asks for can be charged in any case; it also bounds the work.
_LONGEST_LOOK_AHEAD = timedelta(days=7)


def storage_flex_model(
    storage: Storage, state: StorageState, *, start: datetime, end: datetime, resolution: timedelta
) -> Mapping[str, JSON]:
    """Return the entry; see `Storage.flex_model`.

    Raises:
        ValueError: the stored energy is not finite, negative, or above the capacity by more than rounding.
    """
    if not storage.can_hold(state.stored_energy):
        raise ValueError(
            f"{state.stored_energy} kWh do not fit in a storage of {storage.capacity} kWh"
        )
    reach = Reach.of(storage, state, start, end, resolution)
    model: dict[str, JSON] = {
        "sensor": storage.power_sensor,
        "soc-at-start": kilowatt_hours(state.stored_energy),
        **_band(storage, reach),
        "power-capacity": watts(max(storage.charging_power, storage.discharging_power)),
        "consumption-capacity": _capacity(reach.consumption_limits, reach),
        "production-capacity": _capacity(reach.production_limits, reach),
        **_efficiencies(storage, resolution),
    }
    targets = _targets(storage, state, reach, end)
    lists: dict[str, list[JSON]] = {
        "soc-targets": [_at(target) for target in targets if target.is_exact],
        "soc-minima": [
            *_minima(storage, state, reach, end),
            *(_at(target) for target in targets if not target.is_exact),
        ],
        "soc-maxima": _maxima(storage, state, reach, end),
        "soc-usage": [_flow(flow) for flow in storage.usage],
        "soc-gain": [_flow(flow) for flow in storage.gain],
        "operation-modes": [mode.json() for mode in storage.operation_modes],
    }
    # The server's job crashes on an empty list of targets.
    model.update({name: entries for name, entries in lists.items() if entries})
    if not storage.prefers_charging_sooner:
        model["prefer-charging-sooner"] = False
    if not storage.prefers_curtailing_later:
        model["prefer-curtailing-later"] = False
    if storage.predicted_energy_sensor is not None:
        model["state-of-charge"] = {"sensor": storage.predicted_energy_sensor}
    return model


def _band(storage: Storage, reach: Reach) -> dict[str, JSON]:
    """Return the hard limits, wide enough for where the storage is and for what no plan can prevent.

    What usage or gain from a sensor makes of a storage is not known here: it has no hard limit on that side, only the
    soft one, since a hard one that cannot be kept fails the job.
    """
    band: dict[str, JSON] = {}
    if not _is_drained(storage):
        lowest = min(reach.highest[1:], default=reach.highest[0])
        minimum = storage.minimum_energy
        minimum = min(minimum, reach.highest[0], lowest - _SLACK if lowest < minimum else minimum)
        if minimum >= 0:
            band["soc-min"] = kilowatt_hours(minimum)
    if not _is_filled(storage):
        highest = max(reach.lowest[1:], default=reach.lowest[0])
        maximum = storage.maximum_energy
        maximum = max(maximum, reach.lowest[0], highest + _SLACK if highest > maximum else maximum)
        band["soc-max"] = kilowatt_hours(maximum)
    return band


def _is_drained(storage: Storage) -> bool:
    return any(isinstance(flow, SensorReference) for flow in storage.usage)


def _is_filled(storage: Storage) -> bool:
    return any(isinstance(flow, SensorReference) for flow in storage.gain)


def _minima(storage: Storage, state: StorageState, reach: Reach, end: datetime) -> list[JSON]:
    """Return the wanted minima, and the band's lower end where that is not hard."""
    band = EnergyWindow(reach.start, end, storage.minimum_energy)
    is_soft = _is_drained(storage) or min(reach.highest) < band.energy - ROUNDING
    wanted = [
        replace(window, energy=min(window.energy, storage.maximum_energy))
        for window in state.minima
        if window.energy > band.energy
    ]
    entries: list[JSON] = []
    for window in _on_grid([band, *wanted] if is_soft else wanted, reach, end):
        reached = reach.when_above(window.energy, window.start)
        if reached is not None and reached < window.end:
            entries.append(during(reached, window.end, kilowatt_hours(window.energy)))
        elif (energy := reach.highest[reach.index(window.end)]) > reach.highest[0] + ROUNDING:
            # It cannot be reached in time: as much as can be.
            entries.append(_at(EnergyTarget(window.end, energy)))
    return entries


def _maxima(storage: Storage, state: StorageState, reach: Reach, end: datetime) -> list[JSON]:
    """Return the wanted maxima, and the band's upper end where that is not hard."""
    band = EnergyWindow(reach.start, end, storage.maximum_energy)
    is_soft = _is_filled(storage) or max(reach.lowest) > band.energy + ROUNDING
    wanted = [
        replace(window, energy=max(window.energy, storage.minimum_energy))
        for window in state.maxima
        if window.energy < band.energy
    ]
    entries: list[JSON] = []
    for window in _on_grid([band, *wanted] if is_soft else wanted, reach, end):
        reached = reach.when_below(window.energy, window.start)
        energy = window.energy
        if reached is None or reached >= window.end:
            # It cannot be reached in time, for instance by a car that only charges: at least nothing more is stored.
            reached = window.start
            energy = max(reach.lowest[reach.index(window.start) : reach.index(window.end) + 1])
        entries.append(during(reached, window.end, kilowatt_hours(energy)))
    return entries


def _on_grid(
    windows: Iterable[EnergyWindow], reach: Reach, end: datetime
) -> Iterator[EnergyWindow]:
    """Yield the planned part of each window, out to the grid: the server overlooks what falls between two boundaries."""
    for window in windows:
        start = max(reach.start, floor_to_resolution(window.start, reach.resolution))
        until = min(end, ceil_to_resolution(window.end, reach.resolution))
        if start < until:
            yield replace(window, start=start, end=until)


def _targets(
    storage: Storage, state: StorageState, reach: Reach, end: datetime
) -> list[EnergyTarget]:
    """Return what has to be stored at boundaries of the planned time.

    A target between two boundaries has to be met at the first, since the server overlooks what falls between; one after
    the end becomes what must be stored at the end to meet it at full power.
    """
    targets = []
    for target in state.targets:
        energy = max(storage.minimum_energy, min(target.energy, storage.maximum_energy))
        time = floor_to_resolution(target.time, reach.resolution)
        if time > end:
            energy -= _chargeable(storage, state, end, time, reach.resolution)
            if energy > storage.minimum_energy:
                targets.append(EnergyTarget(end, energy))
        elif time > reach.start:
            targets.append(EnergyTarget(time, energy, target.is_exact))
    return targets


def _chargeable(
    storage: Storage, state: StorageState, start: datetime, end: datetime, resolution: timedelta
) -> float:
    """Return the kWh that full power stores from start to end."""
    last = min(end, start + _LONGEST_LOOK_AHEAD)
    limits = power_limits(storage, state, start, last, resolution)
    power = sum(consumption for consumption, _ in limits)
    return power / 1000 * hours(resolution) * storage.charging_efficiency


def _at(target: EnergyTarget) -> JSON:
    return {"datetime": target.time.isoformat(), "value": kilowatt_hours(target.energy)}


def _efficiencies(storage: Storage, resolution: timedelta) -> dict[str, JSON]:
    """Return what is lost; the server takes a storage efficiency as that of one step of the power sensor."""
    efficiencies: dict[str, JSON] = {}
    charging, discharging = storage.charging_efficiency, storage.discharging_efficiency
    if charging == discharging:
        # The server takes half of it each way.
        efficiencies["roundtrip-efficiency"] = percent(charging * discharging)
    else:
        efficiencies["charging-efficiency"] = percent(charging)
        efficiencies["discharging-efficiency"] = percent(discharging)
    if storage.retention != 1:
        efficiencies["storage-efficiency"] = percent(storage.retention ** hours(resolution))
    return efficiencies


def _flow(flow: Flow) -> JSON:
    return flow.json() if isinstance(flow, SensorReference) else f"{flow:.10g} kW"


def _capacity(limits: Sequence[float], reach: Reach) -> JSON:
    """Return one power where it never changes, otherwise a power for every part of the planned time."""
    first = limits[0] if limits else 0.0
    if all(limit == first for limit in limits):
        return watts(first)
    begins = [
        index for index, limit in enumerate(limits) if index == 0 or limits[index - 1] != limit
    ]
    return [
        during(reach.boundary(begin), reach.boundary(until), watts(limits[begin]))
        for begin, until in zip(begins, [*begins[1:], len(limits)], strict=True)
    ]
