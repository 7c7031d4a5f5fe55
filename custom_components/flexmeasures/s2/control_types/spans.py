"""Ranges that one operation mode factor runs through."""

from collections.abc import Iterable
import math
from typing import NamedTuple

from ..messages.components import NumberRange, PowerRange, total_electric_range


class Span(NamedTuple):
    """What an operation mode gives at factor 0 and at factor 1; linear between, and ``end`` may be the smaller."""

    start: float
    end: float

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.end, self.start)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.start, self.end)

    def at(self, factor: float) -> float:
        """Return the value at a factor from 0 to 1."""
        start, end = self
        return start + factor * (end - start)

    def factor_for(self, value: float) -> float:
        """Return the factor, from 0 to 1, that comes nearest to the value; 0 where the factor changes nothing."""
        start, end = self
        if start == end:
            return 0.0
        factor = (value - start) / (end - start)
        return 0.0 if factor < 0 else min(factor, 1.0)

    def clamp(self, value: float) -> float:
        """Return the value, or the end that is nearest to it."""
        low, high = self
        if low > high:
            low, high = high, low
        if value < low:
            return low
        return min(value, high)


NOTHING = Span(0.0, 0.0)
UNGUARDED = Span(-math.inf, math.inf)


def span_of(values: NumberRange) -> Span:
    """Return what a range of the standard says."""
    return Span(values.start_of_range, values.end_of_range)


def electric_span(ranges: Iterable[PowerRange]) -> Span:
    """Return the electric power in W of all phases, consumption positive; none where nothing is electric."""
    total = total_electric_range(ranges)
    return NOTHING if total is None else span_of(total)
