"""One stretch of a sensor's values, from the recent past to what is known of the future."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# How far ahead to ask: FlexMeasures plans at most 48 h, and day-ahead prices reach at most 36 h.
_HORIZON = timedelta(hours=48)
# What one request may carry: 48 h of quarter-hours five times over; the server needs 0.2 s for 10,000 values.
_MOST_VALUES = 1000
# The server returns readings without duration on a grid that we choose, drops what lies beside it, and refuses less
# than a minute; readings beside whole minutes cannot be read back at all.
_FINEST_GRID = timedelta(minutes=1)
# A reading without duration tells nothing about its age limit; sensors of this kind report at least hourly.
_INSTANTANEOUS_HOLD = timedelta(hours=1)
# Prices and forecasts may be replaced before they end; an hour is when day-ahead prices are expected at the latest.
_LOOK_AGAIN = timedelta(hours=1)
# A sensor without recent values is asked this seldom: somebody may have begun to feed it.
_SILENT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """What to ask the server for: a start on the grid, a whole number of intervals, and their length."""

    start: datetime
    duration: timedelta
    resolution: timedelta


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One interval with a known value."""

    start: datetime
    end: datetime
    value: float


def plan_window(resolution: timedelta, now: datetime) -> WindowRequest:
    """Return what to ask for a sensor: enough of the past to find what holds now, and what is known of the future.

    Args:
        resolution: the sensor's resolution; zero for an instantaneous sensor.
        now: aware time.
    """
    grid = max(resolution, _FINEST_GRID)
    lookback = max(2 * resolution, _INSTANTANEOUS_HOLD)
    start = _EPOCH + (now - lookback - _EPOCH) // grid * grid
    ahead = min(_HORIZON, max(_MOST_VALUES * grid - lookback, 2 * grid))
    count = -(-(now + ahead - start) // grid)
    return WindowRequest(start, count * grid, grid)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueWindow:
    """Values of one sensor on its grid, in the sensor's own unit and sign.

    Attributes:
        start: begin of the first interval.
        grid: length of the intervals in ``values``.
        values: one per interval; None where nothing is known.
        asked_at: when the server was asked; what it did not know then may exist since.
        is_instantaneous: True when a value holds from its moment on until the next reading.
    """

    start: datetime
    grid: timedelta
    values: tuple[float | None, ...]
    asked_at: datetime
    is_instantaneous: bool = False

    def value_at(self, time: datetime) -> float | None:
        """Return the value that holds at the time.

        That is the value of the interval around the time or, where this is not known yet, the last one before it,
        if that was not older than two intervals when the server was asked. A gap is never filled from further back.
        """
        row = self._row_for(time)
        return row.value if row else None

    def _row_for(self, time: datetime) -> ValueRow | None:
        position = min((time - self.start) // self.grid, len(self.values) - 1)
        for index in range(position, -1, -1):
            value = self.values[index]
            if value is not None:
                row = self._row(index, value)
                known_until = min(row.end, row.start + self.grid)
                return row if min(time, self.asked_at) - known_until <= self._hold else None
        return None

    @property
    def _hold(self) -> timedelta:
        return _INSTANTANEOUS_HOLD if self.is_instantaneous else 2 * self.grid

    def _row(self, index: int, value: float) -> ValueRow:
        """Return the interval; a moment's reading lasts until the next known one, but not beyond its hold."""
        begin = self.start + index * self.grid
        if not self.is_instantaneous:
            return ValueRow(begin, begin + self.grid, value)
        longest = max(_INSTANTANEOUS_HOLD // self.grid, 1)
        following = self.values[index + 1 : index + 1 + longest]
        steps = next(
            (step for step, next_value in enumerate(following, 1) if next_value is not None),
            longest,
        )
        return ValueRow(begin, begin + steps * self.grid, value)

    def rows_from(self, time: datetime) -> Iterator[ValueRow]:
        """Yield the intervals with a known value that end after the time, in order."""
        for index, value in enumerate(self.values):
            if value is not None:
                row = self._row(index, value)
                if row.end > time:
                    yield row

    def has_future(self, time: datetime) -> bool:
        """Return whether a value is known for an interval that begins after the time."""
        return any(row.start > time for row in self.rows_from(time))

    def with_values(
        self, start: datetime, values: Sequence[float | None], known_at: datetime
    ) -> Self | None:
        """Return the window with newer values on the same grid, known at the time; None if they do not fit on it.

        What lies outside the window is left out, and a missing value leaves what is there.
        """
        offset, misfit = divmod(start - self.start, self.grid)
        if misfit:
            return None
        merged = list(self.values)
        for index, value in enumerate(values, offset):
            if value is not None and 0 <= index < len(merged):
                merged[index] = value
        return replace(self, values=tuple(merged), asked_at=known_at)

    def look_again_at(self, period: timedelta) -> datetime:
        """Return when the server should be asked again.

        A window with a known future serves until that ends, and an hour at the longest, since forecasts are renewed.
        One that only tells the past is asked again when the next interval can have been measured.

        Args:
            period: the shortest time between two requests for one sensor that the budget allows.
        """
        known = [row for row in self.rows_from(self.start) if row.end > self.asked_at]
        if len(known) > 1:
            until_end = known[-1].end - self.asked_at
            return self.asked_at + max(period, min(until_end, _LOOK_AGAIN))
        fresh = self._row_for(self.asked_at) is not None
        expected = self.grid if fresh else _SILENT
        return self.asked_at + max(period, expected)
