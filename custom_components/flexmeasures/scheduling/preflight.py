"""What is wrong with a plan before it is asked for, in numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .grid import ceil_to_resolution, floor_to_resolution, hours
from .prices import PriceSeries, Tariff
from .process import ProcessWindow, ShiftableProcess
from .reach import ROUNDING, Reach
from .storage import Storage
from .storage_state import EnergyTarget, StorageState


class FindingCode(StrEnum):
    """What was found."""

    STATE_OF_CHARGE_STALE = "state_of_charge_stale"
    STATE_OF_CHARGE_ZERO = "state_of_charge_zero"
    STATE_OF_CHARGE_BELOW_BAND = "state_of_charge_below_band"
    STATE_OF_CHARGE_ABOVE_BAND = "state_of_charge_above_band"
    STATE_OF_CHARGE_IMPOSSIBLE = "state_of_charge_impossible"
    MINIMUM_ABOVE_MAXIMUM = "minimum_above_maximum"
    MINIMUM_UNREACHABLE = "minimum_unreachable"
    TARGET_UNREACHABLE = "target_unreachable"
    TARGET_BEYOND_BAND = "target_beyond_band"
    TARGET_BEYOND_CAPACITY = "target_beyond_capacity"
    TARGET_IN_THE_PAST = "target_in_the_past"
    TARGET_AFTER_HORIZON = "target_after_horizon"
    NO_PRICES = "no_prices"
    PRICES_END_EARLY = "prices_end_early"
    WINDOW_TOO_SHORT = "window_too_short"
    WINDOW_OVER = "window_over"
    # Only devices that describe themselves let these be found.
    DEMAND_BEYOND_SUPPLY = "demand_beyond_supply"
    DEVICE_TARGET_OUTSIDE_RANGE = "device_target_outside_range"
    DEVICE_TARGET_UNREACHABLE = "device_target_unreachable"
    DISCHARGE_RATE_SIGN = "discharge_rate_sign"
    EFFICIENCY_VARIES = "efficiency_varies"
    ENERGY_UNREACHABLE = "energy_unreachable"
    FILL_LEVEL_OUTSIDE_RANGE = "fill_level_outside_range"
    OTHER_COMMODITY_NOT_PLANNED = "other_commodity_not_planned"
    PROGRAMME_DOES_NOT_FIT = "programme_does_not_fit"


class Severity(StrEnum):
    """What follows from a finding."""

    # A plan would be wrong or refused: do not ask for one.
    BLOCKING = "blocking"
    # There will be a plan, and it will not do all that is wanted.
    WARNING = "warning"
    # Worth showing; the plan takes care of it.
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        numbers: what a sentence about it needs; energies in kWh, powers in kW, shares in %, fill levels in the
            device's own unit, times aware ISO 8601.
    """

    code: FindingCode
    severity: Severity
    numbers: Mapping[str, float | str]


# A drop to exactly 0 from above this share of the capacity is a device that does not know, not one that is empty.
_SUDDENLY_EMPTY = 0.05


def check_storage(
    storage: Storage,
    state: StorageState,
    *,
    start: datetime,
    end: datetime,
    resolution: timedelta,
    age: timedelta = timedelta(0),
    longest_age: timedelta | None = None,
    last_energy: float | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with planning a storage, in the order in which a person should read it.

    Args:
        storage: what it can do.
        state: how it is, and what is wanted of it.
        start: begin of the planned time, on the grid.
        end: end of the planned time.
        resolution: length of a step.
        age: how old the stored energy is.
        longest_age: how old it may be; None for any age.
        last_energy: kWh known before; a drop to 0 that power cannot explain is a mistake. None when nothing was known.
    """
    findings = list(_check_energy(storage, state, age, longest_age, last_energy))
    if any(finding.severity is Severity.BLOCKING for finding in findings):
        return tuple(findings)
    reach = Reach.of(storage, state, start, end, resolution)
    findings += _check_limits(storage, state, reach)
    for target in sorted(state.targets, key=lambda each: each.time):
        findings += _check_target(storage, state, target, reach, end)
    return tuple(findings)


def _check_energy(
    storage: Storage,
    state: StorageState,
    age: timedelta,
    longest_age: timedelta | None,
    last_energy: float | None,
) -> Iterator[Finding]:
    energy = state.stored_energy
    if longest_age is not None and age > longest_age:
        yield Finding(
            FindingCode.STATE_OF_CHARGE_STALE,
            Severity.BLOCKING,
            {
                "minutes": age / timedelta(minutes=1),
                "longest_minutes": longest_age / timedelta(minutes=1),
            },
        )
    numbers: dict[str, float | str] = {
        "energy": energy,
        "capacity": storage.capacity,
        "minimum": storage.minimum_energy,
        "maximum": storage.maximum_energy,
    }
    if not storage.can_hold(energy):
        yield Finding(FindingCode.STATE_OF_CHARGE_IMPOSSIBLE, Severity.BLOCKING, numbers)
    elif energy == 0 and (last_energy or 0) > _SUDDENLY_EMPTY * storage.capacity:
        numbers["last_energy"] = last_energy or 0.0
        yield Finding(FindingCode.STATE_OF_CHARGE_ZERO, Severity.BLOCKING, numbers)
    elif energy == 0 and last_energy is None and storage.minimum_energy > 0:
        yield Finding(FindingCode.STATE_OF_CHARGE_ZERO, Severity.WARNING, numbers)
    elif energy < storage.minimum_energy - ROUNDING:
        yield Finding(FindingCode.STATE_OF_CHARGE_BELOW_BAND, Severity.NOTICE, numbers)
    elif energy > storage.maximum_energy + ROUNDING:
        yield Finding(FindingCode.STATE_OF_CHARGE_ABOVE_BAND, Severity.NOTICE, numbers)


def _check_limits(storage: Storage, state: StorageState, reach: Reach) -> Iterator[Finding]:
    for low in state.minima:
        for high in state.maxima:
            if low.energy > high.energy and low.start < high.end and high.start < low.end:
                yield Finding(
                    FindingCode.MINIMUM_ABOVE_MAXIMUM,
                    Severity.WARNING,
                    {
                        "minimum": low.energy,
                        "maximum": high.energy,
                        "start": max(low.start, high.start).isoformat(),
                        "end": min(low.end, high.end).isoformat(),
                    },
                )
    planned_until = reach.boundary(len(reach.consumption_limits))
    for window in state.minima:
        start = max(window.start, reach.start)
        energy = min(window.energy, storage.maximum_energy)
        until = min(window.end, planned_until)
        if start >= until:
            continue
        reached = reach.when_above(energy, start)
        if reached is None or reached >= until:
            yield Finding(
                FindingCode.MINIMUM_UNREACHABLE,
                Severity.WARNING,
                {
                    "minimum": energy,
                    "start": start.isoformat(),
                    "end": until.isoformat(),
                    "reachable": max(reach.highest[reach.index(start) : reach.index(until) + 1]),
                },
            )


def _check_target(
    storage: Storage, state: StorageState, target: EnergyTarget, reach: Reach, end: datetime
) -> Iterator[Finding]:
    numbers: dict[str, float | str] = {
        "target": target.energy,
        "target_share": 100 * target.energy / storage.capacity,
        "time": target.time.isoformat(),
    }
    time = floor_to_resolution(target.time, reach.resolution)
    if time <= reach.start:
        yield Finding(FindingCode.TARGET_IN_THE_PAST, Severity.NOTICE, numbers)
        return
    if target.energy > storage.capacity + ROUNDING:
        numbers["capacity"] = storage.capacity
        yield Finding(FindingCode.TARGET_BEYOND_CAPACITY, Severity.WARNING, numbers)
    elif target.energy > storage.maximum_energy + ROUNDING:
        numbers["maximum"] = storage.maximum_energy
        yield Finding(FindingCode.TARGET_BEYOND_BAND, Severity.WARNING, numbers)
    if time > end:
        numbers["end"] = end.isoformat()
        yield Finding(FindingCode.TARGET_AFTER_HORIZON, Severity.NOTICE, numbers)
        return
    index = reach.index(time)
    wanted = max(storage.minimum_energy, min(target.energy, storage.maximum_energy))
    reachable = reach.highest[index]
    if reachable < wanted - ROUNDING:
        limits = reach.consumption_limits[:index]
        charging = [limit for limit in limits if limit > 0]
        yield Finding(
            FindingCode.TARGET_UNREACHABLE,
            Severity.WARNING,
            {
                **numbers,
                "needed": wanted - state.stored_energy,
                "reachable": reachable - state.stored_energy,
                "missing": wanted - reachable,
                "missing_share": 100 * (wanted - reachable) / storage.capacity,
                "hours": len(charging) * hours(reach.resolution),
                "power": sum(charging) / len(charging) / 1000 if charging else 0.0,
            },
        )


def check_prices(
    prices: Tariff | PriceSeries | None, *, start: datetime, end: datetime
) -> tuple[Finding, ...]:
    """Return whether prices are missing for the planned time: the server fills gaps, or fails without any.

    Args:
        prices: what is known; None when nothing is.
        start: begin of the planned time.
        end: end of the planned time.
    """
    until = prices.covered_until(start) if prices else None
    if until is None:
        numbers: dict[str, float | str] = {"start": start.isoformat()}
        return (Finding(FindingCode.NO_PRICES, Severity.BLOCKING, numbers),)
    if until >= end:
        return ()
    numbers = {
        "until": until.isoformat(),
        "end": end.isoformat(),
        "hours": hours(until - start),
        "missing_hours": hours(end - until),
    }
    return (Finding(FindingCode.PRICES_END_EARLY, Severity.NOTICE, numbers),)


def covered_end(
    prices: Tariff | PriceSeries | None,
    *,
    start: datetime,
    end: datetime,
    resolution: timedelta,
    shortest: timedelta,
) -> datetime | None:
    """Return the end of the plan that prices cover, on the grid, and not after the wanted end.

    Args:
        prices: what is known; None when nothing is.
        start: begin of the planned time, on the grid.
        end: the wanted end.
        resolution: length of a step.
        shortest: a plan shorter than this is not worth asking for.

    Returns:
        None when prices do not cover the shortest plan.
    """
    until = prices.covered_until(start) if prices else None
    if until is None:
        return None
    covered = floor_to_resolution(min(until, end), resolution)
    return covered if covered - start >= shortest else None


def check_process(
    process: ShiftableProcess,
    *,
    earliest: datetime,
    latest_end: datetime,
    now: datetime,
    resolution: timedelta,
) -> tuple[Finding, ...]:
    """Return whether a process still fits into its window; all times aware."""
    return _check_window(process.duration, earliest, latest_end, now, resolution)


def check_breakable_process(
    window: ProcessWindow, *, now: datetime, resolution: timedelta
) -> tuple[Finding, ...]:
    """Return whether what remains of a process still fits into its window."""
    return _check_window(window.remaining, window.earliest, window.latest_end, now, resolution)


def _check_window(
    duration: timedelta,
    earliest: datetime,
    latest_end: datetime,
    now: datetime,
    resolution: timedelta,
) -> tuple[Finding, ...]:
    # A step that has begun may still be used, since plans begin with it.
    begin = ceil_to_resolution(max(earliest, floor_to_resolution(now, resolution)), resolution)
    available = hours(latest_end - begin)
    numbers: dict[str, float | str] = {
        "needed_hours": hours(duration),
        "available_hours": max(0.0, available),
        "start": begin.isoformat(),
        "end": latest_end.isoformat(),
    }
    if latest_end <= now:
        return (Finding(FindingCode.WINDOW_OVER, Severity.BLOCKING, numbers),)
    if available < hours(duration):
        return (Finding(FindingCode.WINDOW_TOO_SHORT, Severity.BLOCKING, numbers),)
    return ()
