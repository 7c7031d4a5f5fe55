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
from .storage_state import EnergyWindow, StorageState

# kWh that the server's own rounding leaves open.
_TOLERANCE = 0.005
# A plan that misses less than this of the capacity is what was asked for.
_TOLERANCE_SHARE = 0.001
# In the prices' currency; what the solver's rounding leaves of a limit that is kept.
_FREE = 0.01
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
    boundaries = _Boundaries(storage, energies, start, resolution)
    found = [
        boundaries.compare(
            MissedLimit.TARGET,
            (floor_to_resolution(target.time, resolution) - start) // resolution,
            target.energy,
            too_little=True,
            too_much=target.is_exact,
        )
        for target in state.targets
    ]
    found += [boundaries.first(MissedLimit.MINIMUM, window) for window in state.minima]
    found += [boundaries.first(MissedLimit.MAXIMUM, window) for window in state.maxima]
    missed = [each for each in found if each is not None]
    return tuple(sorted(missed, key=lambda each: each.time))


def all_missed(by_expectation: Sequence[Missed], by_server: Sequence[Missed]) -> tuple[Missed, ...]:
    """Return what is missed by either account, in order of time; at one moment the expectation says more.

    The server calls a target of which more is welcome a minimum, so the kinds may differ where the times do not.
    """
    expected = {missed.time for missed in by_expectation}
    told = (missed for missed in by_server if missed.time not in expected)
    return tuple(sorted((*by_expectation, *told), key=lambda each: each.time))


@dataclass(frozen=True, slots=True)
class _Boundaries:
    """The expected energies of a plan, to compare with what was asked for."""

    storage: Storage
    energies: Sequence[float | None]
    start: datetime
    resolution: timedelta

    def first(self, limit: MissedLimit, window: EnergyWindow) -> Missed | None:
        """Return the first boundary in a window at which its limit is missed."""
        first = -((self.start - window.start) // self.resolution)
        last = (window.end - self.start) // self.resolution
        is_maximum = limit is MissedLimit.MAXIMUM
        for index in range(max(1, first), min(len(self.energies), last + 1)):
            missed = self.compare(
                limit, index, window.energy, too_little=not is_maximum, too_much=is_maximum
            )
            if missed:
                return missed
        return None

    def compare(
        self, limit: MissedLimit, index: int, wanted: float, *, too_little: bool, too_much: bool
    ) -> Missed | None:
        """Return what is missed at a boundary; None at the start, which no plan can change, and after the end."""
        expected = self.energies[index] if 0 < index < len(self.energies) else None
        if expected is None:
            return None
        difference = expected - wanted
        capacity = self.storage.capacity
        is_wrong = too_much if difference > 0 else too_little
        if not is_wrong or abs(difference) <= _tolerance(capacity):
            return None
        time = self.start + index * self.resolution
        share = abs(difference) / capacity
        return Missed(limit, time, wanted, expected, abs(difference), share)


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
                and each.difference > _tolerance(capacity)
            ]
            if found:
                missed.append(min(found, key=lambda each: each.time))
    return tuple(sorted(missed, key=lambda each: each.time))


def _tolerance(capacity: float) -> float:
    return max(_TOLERANCE, _TOLERANCE_SHARE * capacity)


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


def _is_limit(name: str) -> bool:
    return any(word in name for word in ("breach", "soc target", "soc minima", "soc maxima"))
