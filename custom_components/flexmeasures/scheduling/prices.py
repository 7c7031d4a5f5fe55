"""Prices over time: which one holds when, how far they reach, and what they are on another grid."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
import math
from typing import Self

from .grid import as_utc, ceil_to_resolution, floor_to_resolution, hours


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A price that holds from start to end.

    Attributes:
        price: per kWh; may be negative; None where it is not known.
    """

    start: datetime
    end: datetime
    price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSeries:
    """Prices on a grid.

    Attributes:
        start: begin of the first interval; aware.
        resolution: length of every interval.
        prices: per kWh and interval; may be negative; None where it is not known.
        currency: such as ``EUR``.
    """

    start: datetime
    resolution: timedelta
    prices: tuple[float | None, ...]
    currency: str

    def __post_init__(self) -> None:
        """Bring the start to UTC and refuse what is no series.

        Raises:
            ValueError: the start is naive, intervals have no length, or a price is not finite.
        """
        object.__setattr__(self, "start", as_utc(self.start, "start"))
        if self.resolution <= timedelta(0):
            raise ValueError("intervals need a positive length")
        if not all(price is None or math.isfinite(price) for price in self.prices):
            raise ValueError("prices must be finite")

    @classmethod
    def from_rows(cls, rows: Iterable[PriceRow], *, resolution: timedelta, currency: str) -> Self:
        """Return irregular rows on a grid; an interval has the mean of its rows, weighted by time.

        An interval that rows do not cover wholly is not known.

        Raises:
            ValueError: there is no row, a time is naive, a row ends before it starts, or rows overlap.
        """
        ordered = sorted(
            (
                PriceRow(as_utc(row.start, "start"), as_utc(row.end, "end"), row.price)
                for row in rows
            ),
            key=lambda row: row.start,
        )
        if not ordered:
            raise ValueError("prices need at least one row")
        if any(row.start >= row.end for row in ordered):
            raise ValueError("a row must end after its start")
        if any(row.end > after.start for row, after in pairwise(ordered)):
            raise ValueError("rows must not overlap")
        start = floor_to_resolution(ordered[0].start, resolution)
        count = (ceil_to_resolution(ordered[-1].end, resolution) - start) // resolution
        return cls(
            start=start,
            resolution=resolution,
            prices=_means(ordered, start, resolution, count),
            currency=currency,
        )

    @property
    def end(self) -> datetime:
        """Return when the last interval ends, known or not."""
        return self.start + len(self.prices) * self.resolution

    def price_at(self, time: datetime) -> float | None:
        """Return the price per kWh at the time; None where it is not known."""
        index = (time - self.start) // self.resolution
        return self.prices[index] if 0 <= index < len(self.prices) else None

    def covered_until(self, time: datetime) -> datetime | None:
        """Return until when prices are known without a gap from the time on; None when it has no price itself."""
        index = (time - self.start) // self.resolution
        if self.price_at(time) is None:
            return None
        while index < len(self.prices) and self.prices[index] is not None:
            index += 1
        return self.start + index * self.resolution

    def mean(self, start: datetime, end: datetime) -> float | None:
        """Return the mean price from start to end, weighted by time; None where it is not wholly known."""
        index = (start - self.start) // self.resolution
        begin = self.start + index * self.resolution
        if index >= 0 and end <= begin + self.resolution:
            return self.prices[index] if index < len(self.prices) else None
        total = 0.0
        while begin < end:
            price = self.prices[index] if 0 <= index < len(self.prices) else None
            if price is None:
                return None
            overlap = min(end, begin + self.resolution) - max(start, begin)
            total += price * (overlap / (end - start))
            index += 1
            begin += self.resolution
        return total

    def on_steps(
        self, start: datetime, resolution: timedelta, count: int
    ) -> tuple[float | None, ...]:
        """Return the mean price of each of `count` steps from the start on; None for a step not wholly known."""
        first = as_utc(start, "start")
        return tuple(
            self.mean(first + index * resolution, first + (index + 1) * resolution)
            for index in range(count)
        )

    def resampled(self, resolution: timedelta) -> Self:
        """Return the prices on the grid of another resolution; an interval not wholly known is not known."""
        start = floor_to_resolution(self.start, resolution)
        count = (ceil_to_resolution(self.end, resolution) - start) // resolution
        return type(self)(
            start=start,
            resolution=resolution,
            prices=self.on_steps(start, resolution, count),
            currency=self.currency,
        )


def _means(
    rows: Sequence[PriceRow], start: datetime, resolution: timedelta, count: int
) -> tuple[float | None, ...]:
    """Return the mean of the ordered rows in each interval; None where they do not cover it wholly."""
    totals = [0.0] * count
    covered = [timedelta(0)] * count
    for row in rows:
        if row.price is None:
            continue
        index = (row.start - start) // resolution
        while index < count and (begin := start + index * resolution) < row.end:
            overlap = min(row.end, begin + resolution) - max(row.start, begin)
            totals[index] += row.price * (overlap / resolution)
            covered[index] += overlap
            index += 1
    return tuple(
        total if length == resolution else None
        for total, length in zip(totals, covered, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Tariff:
    """What energy costs and earns.

    Attributes:
        consumption: what consuming costs.
        production: what producing earns; None when it is the same, as FlexMeasures takes it.
    """

    consumption: PriceSeries
    production: PriceSeries | None = None

    def __post_init__(self) -> None:
        """Refuse two currencies.

        Raises:
            ValueError: they differ.
        """
        if self.production and self.production.currency != self.consumption.currency:
            raise ValueError("prices must have one currency")

    @property
    def currency(self) -> str:
        """Return the currency of all prices and costs."""
        return self.consumption.currency

    def covered_until(self, time: datetime) -> datetime | None:
        """Return until when both prices are known without a gap; None when one is not known at the time."""
        ends = [
            series.covered_until(time)
            for series in (self.consumption, self.production)
            if series is not None
        ]
        known = [end for end in ends if end is not None]
        return min(known) if len(known) == len(ends) else None

    def on_steps(self, start: datetime, resolution: timedelta, count: int) -> StepPrices:
        """Return the prices of each of `count` steps from the start on."""
        consumption = self.consumption.on_steps(start, resolution, count)
        if self.production is None:
            return StepPrices(consumption, consumption, resolution)
        production = self.production.on_steps(start, resolution, count)
        return StepPrices(consumption, production, resolution)


@dataclass(frozen=True, slots=True)
class StepPrices:
    """What energy costs and earns in each step of a plan.

    Attributes:
        consumption: per kWh and step; None where it is not known.
        production: per kWh and step; None where it is not known.
        resolution: length of a step.
    """

    consumption: tuple[float | None, ...]
    production: tuple[float | None, ...]
    resolution: timedelta

    def of(self, index: int, power: float) -> float | None:
        """Return the price per kWh that counts in a step at a power in W, consumption positive."""
        return (self.production if power < 0 else self.consumption)[index]

    def cost(self, index: int, power: float | None) -> float | None:
        """Return what a power in W costs during a step; negative for what it earns; None where it is not known."""
        if power is None:
            return None
        if power == 0:
            return 0.0
        price = self.of(index, power)
        return None if price is None else price * power / 1000 * hours(self.resolution)

    def total(self, powers: Sequence[float | None]) -> float | None:
        """Return what powers cost from the first step on; None when one of them is not known."""
        costs = [self.cost(index, power) for index, power in enumerate(powers)]
        known = [cost for cost in costs if cost is not None]
        return math.fsum(known) if len(known) == len(costs) else None
