"""The cheapest way to run a programme: which sequence of every part, and when each begins.

An exact dynamic program over a grid of starts, from the last part to the first:
``V_k(t) = min over s in part k, t' >= t of c(s, t') + V_{k+1}(t' + duration of s)``, where ``c`` is the cost of the
sequence at the prices that hold while it runs.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import math
from typing import NamedTuple

from ..messages.components import Identifier
from .timeline import Grid, Timeline

# Finer is not worth reckoning: prices change by the quarter-hour.
COARSEST_STEP = timedelta(minutes=1)
# Loads reckoned with, over all starts: beyond it the search would be felt, and starts lie further apart.
_MOST_WORK = 60_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST_DIFFERENCE = 1e-12
_KILOWATT_SECONDS_PER_KWH = 3.6e6


class Load(NamedTuple):
    """The W that a sequence takes for a while, consumption positive."""

    seconds: float
    power: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """One sequence of a part.

    Attributes:
        longest_pause: how long after the part before it may begin; None for any time.
    """

    id: Identifier
    loads: tuple[Load, ...]
    longest_pause: timedelta | None = None

    @property
    def duration(self) -> timedelta:
        """How long it runs."""
        return timedelta(seconds=sum(load.seconds for load in self.loads))


@dataclass(frozen=True, slots=True)
class Placement:
    """When which sequence of a part runs."""

    part: Identifier
    alternative: Alternative
    start: datetime

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + self.alternative.duration


class Bill(NamedTuple):
    """What placements take in kWh, and what that costs in the currency of the prices."""

    energy: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is to be placed.

    Attributes:
        parts: alternatives by part, in the order in which the parts run.
        earliest: no part begins before.
        latest_end: no part ends after.
        previous_end: when the part before the first one ended or will; None without one.
    """

    parts: Sequence[tuple[Identifier, Sequence[Alternative]]]
    earliest: datetime
    latest_end: datetime
    previous_end: datetime | None = None


class PriceLine:
    """Prices of a kWh over time, summed up so that any span costs one look-up."""

    def __init__(self, prices: Timeline[float]) -> None:
        """Take prices of a kWh; in gaps and after the last the earlier one holds on, before the first that one.

        Without any a kWh costs 1 at all times, so that what uses least comes first.
        """
        self._borders = [_seconds(piece.start) for piece in prices] or [0.0]
        self._prices = [piece.value for piece in prices] or [1.0]
        self._sums = [0.0]
        for index in range(1, len(self._borders)):
            width = self._borders[index] - self._borders[index - 1]
            self._sums.append(self._sums[-1] + width * self._prices[index - 1])

    @property
    def last_change(self) -> datetime:
        """From when on the price stays the same."""
        return _EPOCH + timedelta(seconds=self._borders[-1])

    def until(self, seconds: float) -> float:
        """Return the integral of the price, in price times seconds, up to a time since 1970."""
        index = max(0, bisect_right(self._borders, seconds) - 1)
        return self._sums[index] + (seconds - self._borders[index]) * self._prices[index]

    def cost(self, alternative: Alternative, start: datetime) -> float:
        """Return what a sequence costs, in the currency of the prices, when it begins then."""
        return self.cost_of(alternative.loads, _seconds(start))

    def bill(self, placements: Sequence[Placement]) -> Bill:
        """Return what placements take and cost."""
        loads = [load for placement in placements for load in placement.alternative.loads]
        return Bill(
            sum(load.seconds * load.power for load in loads) / _KILOWATT_SECONDS_PER_KWH,
            sum(self.cost(placement.alternative, placement.start) for placement in placements),
        )

    def cost_of(self, loads: tuple[Load, ...], begin: float) -> float:
        """Return what loads cost, one after the other, when they begin at a time in seconds since 1970."""
        total = 0.0
        before = self.until(begin)
        for load in loads:
            begin += load.seconds
            after = self.until(begin)
            total += load.power * (after - before)
            before = after
        return total / _KILOWATT_SECONDS_PER_KWH


def cheapest(
    search: Search, prices: PriceLine, programmes: int = 1
) -> tuple[Placement, ...] | None:
    """Return the cheapest placement of all parts, the earliest of equal ones; None when they do not fit.

    Exact on the grid of starts: whole minutes, finer where the durations need it, coarser where that were too much work.
    On a coarser grid parts take up whole steps, so what would only just fit in time may not be found to.

    Args:
        search: what is to be placed.
        prices: of a kWh.
        programmes: among how many the work that can be afforded is divided.
    """
    if not search.parts:
        return ()
    # After the last change of the price nothing is gained by waiting.
    longest = sum((_longest(alternatives) for _, alternatives in search.parts), timedelta(0))
    last = max(search.earliest, prices.last_change) - search.earliest
    step = _step_of(search, last + longest, _MOST_WORK // programmes)
    # What follows a running part keeps to its end, so that a pause of none stays possible.
    origin = search.earliest if search.previous_end else _ceil(search.earliest, step)
    slots = (search.latest_end - origin) // step
    if slots < 0:
        return None
    widths = sum(-(-_longest(alternatives) // step) for _, alternatives in search.parts)
    slots = min(slots, max(0, -(-(prices.last_change - origin) // step)) + widths)
    table = _Table(search, prices, origin, step, slots)
    return table.placements()


def soonest(search: Search) -> tuple[Placement, ...]:
    """Return every part at once, one after the other, each by its shortest sequence; also where they do not fit."""
    placements = []
    start = search.earliest
    for part, alternatives in search.parts:
        shortest = min(alternatives, key=lambda alternative: alternative.duration)
        placements.append(Placement(part, shortest, start))
        start = placements[-1].end
    return tuple(placements)


class _Table:
    """The least costs from each part and slot on, and the choice that leads to them."""

    def __init__(
        self, search: Search, prices: PriceLine, origin: datetime, step: timedelta, slots: int
    ) -> None:
        self._search = search
        self._prices = prices
        self._origin = origin
        self._step = step
        self._slots = slots
        self._costs = [0.0] * (slots + 1)
        # For each part, each slot at which the one before ended: where it begins best, and by which alternative.
        self._choices: list[list[tuple[int, Alternative] | None]] = []
        for index in range(len(search.parts) - 1, -1, -1):
            self._add(search.parts[index][1], bounded=index > 0 or search.previous_end is not None)
        self._choices.reverse()

    def placements(self) -> tuple[Placement, ...] | None:
        placements: list[Placement] = []
        slot = 0
        start = self._origin
        for (part, _), choices in zip(self._search.parts, self._choices, strict=True):
            choice = choices[slot]
            if choice is None:
                return None
            begin, alternative = choice
            start += (begin - slot) * self._step
            placements.append(Placement(part, alternative, start))
            start += alternative.duration
            slot = begin + self._width(alternative)
        return tuple(placements)

    def _width(self, alternative: Alternative) -> int:
        return -(-alternative.duration // self._step)

    def _add(self, alternatives: Sequence[Alternative], *, bounded: bool) -> None:
        costs = [math.inf] * (self._slots + 1)
        choices: list[tuple[int, Alternative] | None] = [None] * (self._slots + 1)
        for alternative in alternatives:
            begin = self._from_each_slot(alternative)
            longest = self._longest(alternative) if bounded else None
            for slot, best in enumerate(_sliding_minima(begin, longest)):
                if best is not None and begin[best] < costs[slot] - _LEAST_DIFFERENCE:
                    costs[slot] = begin[best]
                    choices[slot] = (best, alternative)
        self._costs = costs
        self._choices.append(choices)

    def _from_each_slot(self, alternative: Alternative) -> list[float]:
        """Return what it costs to begin the alternative at each slot, with all that follows."""
        width = self._width(alternative)
        begin, seconds = _seconds(self._origin), self._step.total_seconds()
        costs = [
            self._prices.cost_of(alternative.loads, begin + slot * seconds)
            + self._costs[slot + width]
            for slot in range(self._slots + 1 - width)
        ]
        return costs + [math.inf] * (self._slots + 1 - len(costs))

    def _longest(self, alternative: Alternative) -> int | None:
        """Return the most slots to wait; what passed before the first slot counts for the first part."""
        if alternative.longest_pause is None:
            return None
        pause = alternative.longest_pause
        if len(self._choices) == len(self._search.parts) - 1 and self._search.previous_end:
            pause -= self._origin - self._search.previous_end
        # The pause may be over already: then at once is the best that is left.
        return max(0, pause // self._step)


def _sliding_minima(values: list[float], window: int | None) -> list[int | None]:
    """Return for each index the first index of the least value among it and the window after it; None for none."""
    found: list[int | None] = [None] * len(values)
    queue: list[int] = []
    head = 0
    for index in range(len(values) - 1, -1, -1):
        # Equal costs: the earlier start wins, so it takes the place of the later one.
        while len(queue) > head and values[queue[-1]] >= values[index] - _LEAST_DIFFERENCE:
            queue.pop()
        queue.append(index)
        while window is not None and queue[head] > index + window:
            head += 1
        found[index] = queue[head] if values[queue[head]] < math.inf else None
    return found


def _longest(alternatives: Sequence[Alternative]) -> timedelta:
    return max(alternative.duration for alternative in alternatives)


def _step_of(search: Search, ahead: timedelta, most_work: int) -> timedelta:
    """Return the step of the grid: a minute, or the greatest that all durations and pauses are multiples of.

    Where that is too much work it is a minute, or as many minutes as it takes.

    Args:
        search: what is to be placed.
        ahead: the time from its begin on in which waiting may be worth something.
        most_work: loads to reckon with, over all starts.
    """
    seconds = int(COARSEST_STEP.total_seconds())
    loads = 0
    for _, alternatives in search.parts:
        for alternative in alternatives:
            loads += 1 + len(alternative.loads)
            seconds = math.gcd(seconds, math.ceil(alternative.duration.total_seconds()))
            if alternative.longest_pause is not None:
                seconds = math.gcd(seconds, int(alternative.longest_pause.total_seconds()))
    step = timedelta(seconds=seconds)
    reach = max(timedelta(0), min(ahead, search.latest_end - search.earliest))
    if reach // step * loads <= most_work:
        return step
    return COARSEST_STEP * max(1, -(-(reach * loads) // (COARSEST_STEP * most_work)))


def _ceil(time: datetime, step: timedelta) -> datetime:
    return time + -(time - _EPOCH) % step


def _seconds(time: datetime) -> float:
    return (time - _EPOCH).total_seconds()


def total_load(placements: tuple[Placement, ...], grid: Grid) -> Timeline[float]:
    """Return the W of all programmes together over the grid."""
    changes: dict[datetime, float] = {grid.start: 0.0, grid.end: 0.0}
    for placement in placements:
        time = placement.start
        for load in placement.alternative.loads:
            end = time + timedelta(seconds=load.seconds)
            changes[time] = changes.get(time, 0.0) + load.power
            changes[end] = changes.get(end, 0.0) - load.power
            time = end
    borders = sorted(changes)
    power = 0.0
    elements = []
    for border, following in pairwise(borders):
        power += changes[border]
        elements.append((following - border, power))
    total: Timeline[float] = Timeline()
    total.replace_from(borders[0], elements, "")
    return total
