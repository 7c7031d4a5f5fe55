"""What a plan that has been computed will not do, though it was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
import math
import re

from .grid import as_utc, floor_to_resolution
from .quantities import JSON
from .storage import Storage
from .storage_state import StorageState

# kWh that the server's own rounding leaves open.
_TOLERANCE = 0.005
# A plan that misses less than this of the capacity is what was asked for.
_TOLERANCE_SHARE = 0.001
_VIOLATION = re.compile(r"^(\d+(?:\.\d*)?(?:e[-+]?\d+)?) kWh$")


class MissedLimit(StrEnum):
    """What is not kept, under the server's names."""

    TARGET = "soc-targets"
    MINIMUM = "soc-minima"
    MAXIMUM = "soc-maxima"


@dataclass(frozen=True, slots=True)
class Missed:
    """A wanted energy that the plan does not reach, or exceeds.

    Attributes:
        limit: what was asked for.
        time: the first moment at which it is missed.
        wanted: kWh; None when only the server told.
        expected: kWh; None when only the server told.
        difference: kWh that are missing or too much, positive.
        share: the difference as a share of the capacity: "the target will be missed by 4 %".
    """

    limit: MissedLimit
    time: datetime
    wanted: float | None
    expected: float | None
    difference: float
    share: float


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that the plan breaks because nothing else is possible; the server made it pay for that.

    Attributes:
        name: the server's own name, such as ``any consumption breach``.
        cost: in the prices' currency; made up, and only good to compare.
    """

    name: str
    cost: float


def missed_by_expectation(
    storage: Storage,
    state: StorageState,
    energies: Sequence[float | None],
    *,
    start: datetime,
    resolution: timedelta,
) -> tuple[Missed, ...]:
    """Return the targets, minima and maxima that the expected energies do not keep, in order of time.

    The server lists not all of them, and none for some devices, so they are looked at here.

    Args:
        storage: whose plan it is.
        state: what was asked for.
        energies: kWh at each boundary of steps, as of `expected_energies`; None where nothing is expected.
        start: the first boundary.
        resolution: length of a step.
    """
    missed: list[Missed] = []

    def compare(limit: MissedLimit, index: int, wanted: float) -> bool:
        expected = energies[index]
        if expected is None:
            return False
        difference = expected - wanted
        is_too_much = limit is MissedLimit.MAXIMUM and difference > 0
        is_off = is_too_much or (limit is not MissedLimit.MAXIMUM and difference < 0)
        if is_off and abs(difference) > _tolerance(storage):
            time = start + index * resolution
            share = abs(difference) / storage.capacity
            missed.append(Missed(limit, time, wanted, expected, abs(difference), share))
            return True
        return False

    for target in state.targets:
        index = (floor_to_resolution(target.time, resolution) - start) // resolution
        if 0 < index < len(energies):
            compare(MissedLimit.TARGET, index, target.energy)
    for limit, windows in (
        (MissedLimit.MINIMUM, state.minima),
        (MissedLimit.MAXIMUM, state.maxima),
    ):
        for window in windows:
            first = max(1, -((start - window.start) // resolution))
            last = min(len(energies) - 1, (window.end - start) // resolution)
            any(compare(limit, index, window.energy) for index in range(first, last + 1))
    return tuple(sorted(missed, key=lambda each: each.time))


def missed_by_server(
    unresolved: Sequence[Mapping[str, JSON]], *, asset_id: int, capacity: float
) -> tuple[Missed, ...]:
    """Return what the server's job says that it could not keep for one asset; what is not understood is left out.

    Args:
        unresolved: of the job: ``[{"asset": 16, "soc-minima": [{"datetime": ..., "violation": "28.0 kWh"}]}]``.
        asset_id: of the asset that the power sensor belongs to.
        capacity: kWh.
    """
    missed = []
    for entry in unresolved:
        if entry.get("asset") != asset_id:
            continue
        for limit in MissedLimit:
            violations = entry.get(limit.value)
            found = [
                each
                for violation in (violations if isinstance(violations, list) else ())
                if (each := _violation(limit, violation, capacity))
                and each.difference > max(_TOLERANCE, _TOLERANCE_SHARE * capacity)
            ]
            if found:
                missed.append(min(found, key=lambda each: each.time))
    return tuple(sorted(missed, key=lambda each: each.time))


def _tolerance(storage: Storage) -> float:
    return max(_TOLERANCE, _TOLERANCE_SHARE * storage.capacity)


def _violation(limit: MissedLimit, violation: JSON, capacity: float) -> Missed | None:
    if not isinstance(violation, Mapping):
        return None
    time, difference = violation.get("datetime"), violation.get("violation")
    matched = _VIOLATION.match(difference) if isinstance(difference, str) else None
    if matched is None or not isinstance(time, str):
        return None
    energy = float(matched[1])
    try:
        moment = as_utc(datetime.fromisoformat(time), "datetime")
    except ValueError:
        return None
    return Missed(limit, moment, None, None, energy, energy / capacity)


def breaches(commitment_costs: Mapping[str, float]) -> tuple[Breach, ...]:
    """Return the limits that were broken, dearest first, of the costs that the server tells.

    The cost of energy itself and of the preference for charging sooner are no breaches.
    """
    found = [
        Breach(name, cost)
        for name, cost in commitment_costs.items()
        if math.isfinite(cost) and cost > _FREE and _is_limit(name)
    ]
    return tuple(sorted(found, key=lambda breach: -breach.cost))


# In the prices' currency; what the solver's rounding leaves of a limit that is kept.
_FREE = 0.01


def _is_limit(name: str) -> bool:
    return any(word in name for word in ("breach", "soc target", "soc minima", "soc maxima"))
