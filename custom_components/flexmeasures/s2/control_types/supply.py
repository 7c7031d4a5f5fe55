"""Sharing a demand among actuators: what each supplies, and what that takes in power."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
import math
from operator import itemgetter
from typing import NamedTuple

from .spans import UNGUARDED, Span

# Of a demand, what is rounding and no shortfall.
_ROUNDING = 1e-9
# Four actuators with six modes each. A device may describe ten with a hundred each, which nobody could go through.
_MOST_COMBINATIONS = 1500


@dataclass(frozen=True, slots=True)
class Way:
    """One mode in which an actuator may run.

    Attributes:
        power: W at factor 0 and 1, consumption positive.
        supply: in the unit of the demand, at factor 0 and 1.
        running_costs: per second.
        costs: of the transition that leads there.
        order: what comes first among equals; the present mode has the lowest.
    """

    mode_id: str
    power: Span
    supply: Span
    running_costs: float
    costs: float
    order: int
    abnormal: bool


class Share(NamedTuple):
    """What one actuator should do."""

    way: Way
    factor: float


def share_demand(
    ways: Sequence[Sequence[Way]], demand: float, power: float | None, limits: Span = UNGUARDED
) -> tuple[Share, ...]:
    """Return a mode and a factor for each actuator.

    Of all combinations the one wins that people allow (to 1 W), then that comes nearest to the demand, then nearest to the
    power (to 1 W), then the one with the lowest running costs, then with the lowest transition costs, then the one that
    changes least.

    Beyond 1500 combinations not all are looked at. Then the present modes are bettered one actuator at a time as long as
    that helps, so a better combination may be missed that two actuators would have to change for at once.

    Args:
        ways: for each actuator the modes that it may run in; at least one each.
        demand: what has to be supplied.
        power: W that is planned for all actuators together; None when nothing is planned.
        limits: W, consumption positive, that people let all actuators have together.
    """

    def judge(combination: Sequence[Way]) -> _Judged:
        return _judged(combination, demand, power, limits)

    if math.prod(map(len, ways)) <= _MOST_COMBINATIONS:
        return min(map(judge, product(*ways)), key=itemgetter(0)).shares
    return _bettered(ways, judge).shares


class _Judged(NamedTuple):
    """A combination of modes at its best factors; the least key is the best one."""

    key: tuple[float, ...]
    shares: tuple[Share, ...]


def _judged(
    combination: Sequence[Way], demand: float, power: float | None, limits: Span
) -> _Judged:
    factors = _factors(combination, demand, power, limits)
    shares = tuple(map(Share, combination, factors, strict=True))
    supplied = sum(share.way.supply.at(share.factor) for share in shares)
    taken = sum(share.way.power.at(share.factor) for share in shares)
    missed = abs(demand - supplied)
    key = (
        round(abs(taken - limits.clamp(taken))),
        0.0 if missed <= _ROUNDING * max(1.0, abs(demand)) else missed,
        0 if power is None else round(abs(taken - power)),
        sum(way.running_costs for way in combination),
        sum(way.costs for way in combination),
        sum(way.order for way in combination),
    )
    return _Judged(key, shares)


def _bettered(ways: Sequence[Sequence[Way]], judge: Callable[[Sequence[Way]], _Judged]) -> _Judged:
    """Return what the present modes become by changing one actuator after the other, as long as that helps."""
    chosen = [min(modes, key=lambda way: way.order) for modes in ways]
    best = judge(chosen)
    left = _MOST_COMBINATIONS
    index = unchanged = 0
    while unchanged < len(ways) and left >= len(ways[index]):
        left -= len(ways[index])
        unchanged += 1
        for way in ways[index]:
            candidate = judge([*chosen[:index], way, *chosen[index + 1 :]])
            if candidate.key < best.key:
                best, unchanged = candidate, 0
        chosen = [share.way for share in best.shares]
        index = (index + 1) % len(ways)
    return best


def _factors(
    combination: Sequence[Way], demand: float, power: float | None, limits: Span
) -> tuple[float, ...]:
    """Return factors that meet the demand as far as limits let them, and among those come nearest to the power.

    The factors that meet a demand form a convex set; its ends in power are found by filling up the demand from the
    actuators that take the least, and the most, power for it. Every power between lies on the line between both. Where
    all of it lies beyond the limits, the nearest end supplies less until its power lies within.
    """
    least = _filled(combination, demand, 1)
    low = _taken(combination, least)
    if low > limits.end:
        return _reduced(combination, least, low - limits.end, 1)
    if power is None and low >= limits.start:
        return least
    most = _filled(combination, demand, -1)
    high = _taken(combination, most)
    if high < limits.start:
        return _reduced(combination, most, limits.start - high, -1)
    part = Span(low, high).factor_for(limits.clamp(low if power is None else power))
    return tuple(a + part * (b - a) for a, b in zip(least, most, strict=True))


def _taken(combination: Sequence[Way], factors: Sequence[float]) -> float:
    return sum(way.power.at(factor) for way, factor in zip(combination, factors, strict=True))


def _filled(combination: Sequence[Way], demand: float, sign: int) -> tuple[float, ...]:
    """Return the factors that supply the demand with the least (1) or the most (-1) power."""
    factors = []
    for way in combination:
        if way.supply.start == way.supply.end:
            # Its factor changes the power only.
            factors.append(float(sign * way.power.end < sign * way.power.start))
        else:
            factors.append(float(way.supply.end < way.supply.start))
    rest = demand - sum(way.supply.low for way in combination)
    by_power = sorted(
        _adjustable(combination), key=lambda index: sign * _power_per_supply(combination[index])
    )
    for index in by_power:
        supply = combination[index].supply
        taken = min(max(rest, 0.0), supply.high - supply.low)
        factors[index] = supply.factor_for(supply.low + taken)
        rest -= taken
    return tuple(factors)


def _reduced(
    combination: Sequence[Way], factors: Sequence[float], excess: float, sign: int
) -> tuple[float, ...]:
    """Return factors that take so many W less (1), or more (-1), and miss as little of the demand for it as can be.

    What takes less the more it supplies has room left only where everything else supplies its least already.
    """
    reduced = list(factors)
    powers = {index: _power_per_supply(combination[index]) for index in _adjustable(combination)}
    for index in sorted(powers, key=lambda index: -abs(powers[index])):
        supply, power = combination[index].supply, sign * powers[index]
        if power == 0:
            break
        supplied = supply.at(reduced[index])
        end = supply.low if power > 0 else supply.high
        moved = min(abs(supplied - end), excess / abs(power))
        reduced[index] = supply.factor_for(supplied + math.copysign(moved, end - supplied))
        excess -= moved * abs(power)
    return tuple(reduced)


def _adjustable(combination: Sequence[Way]) -> list[int]:
    return [index for index, way in enumerate(combination) if way.supply.start != way.supply.end]


def _power_per_supply(way: Way) -> float:
    return (way.power.end - way.power.start) / (way.supply.end - way.supply.start)
