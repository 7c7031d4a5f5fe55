"""Readings that hold until the next one, cut at the borders of a sensor's grid."""

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import override

from .intervals import Interval, as_utc, floor_to_grid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Times are counted in whole microseconds, the finest that a datetime holds: sums and comparisons are then exact.
_MICROSECOND = timedelta(microseconds=1)
_FOREVER = 2**62
# Readings overtake each other by milliseconds, and a clock that is kept by a time server is corrected by less than
# this. A reading that is earlier by more was taken after the clock had been set back.
CLOCK_SET_BACK = timedelta(minutes=1)
# One silence never becomes more slots than this (35 days of five minutes): a clock that leaps by years would
# otherwise fill the memory with a value that nobody saw.
_MOST_SLOTS = 10_000


class Accumulator(ABC):
    """What one feed's readings become: one value for each slot of a sensor's grid.

    When this fails, the user's data on the server are wrong or have holes.
    """

    __slots__ = ()

    @abstractmethod
    def add(self, time: datetime, value: float | None) -> None:
        """Take over that from the time on the entity shows the value.

        Seed with the moment at which listening begins and the value that the entity shows then: coverage counts from
        the first reading on. Readings count in the order in which they come. One that is at most a minute earlier
        than the newest counts from the newest on. One that is earlier by more says that the clock has been set back:
        measuring begins anew at its time, and slots that were already returned are returned again.

        Args:
            time: aware, in any zone.
            value: None or not finite: missing from this time on. It ends what is known; nothing is held.

        Raises:
            ValueError: the time is naive.
        """

    @abstractmethod
    def alive(self, time: datetime) -> None:
        """Take over that the entity reported the same value again; an earlier time than known is harmless."""

    @abstractmethod
    def close(self, until: datetime) -> list[Interval]:
        """Return the slots that end at or before the time and were not returned yet, oldest first.

        Slots without value are among them from the first reading on.
        """


class HoldingAccumulator(Accumulator):
    """Holds every reading until the next one, and accounts for it slot by slot.

    What happens to a held value in a slot is the subclass's business: ``_weigh`` is told each stretch, ``_summary``
    makes the slot's value of them, ``_clear`` begins the next slot.
    """

    __slots__ = (
        "_covered",
        "_elapsed",
        "_finished",
        "_finished_until",
        "_hold_end",
        "_known_since",
        "_length",
        "_limit",
        "_max_hold",
        "_minimum_coverage",
        "_resolution",
        "_seen",
        "_silent",
        "_start",
        "_value",
    )

    def __init__(
        self,
        resolution: timedelta,
        *,
        minimum_coverage: float = 0.5,
        max_hold: timedelta | None = None,
    ) -> None:
        """Begin without any reading.

        Args:
            resolution: length of the slots.
            minimum_coverage: share of a slot that must be known; with less the slot's value is None.
            max_hold: how long a value holds without a sign of life; None for as long as the entity shows it.

        Raises:
            ValueError: the resolution or the maximum hold is not positive, or the coverage is not within 0 and 1.
        """
        self._resolution = resolution
        self._length = resolution // _MICROSECOND
        self._max_hold = _FOREVER if max_hold is None else max_hold // _MICROSECOND
        if self._length <= 0 or self._max_hold <= 0:
            raise ValueError("resolution and maximum hold must be positive")
        if not 0 <= minimum_coverage <= 1:
            raise ValueError("minimum coverage must lie within 0 and 1")
        self._minimum_coverage = minimum_coverage
        self._finished: list[Interval] = []
        self._finished_until = _EPOCH
        self._seen = False
        self._open(_EPOCH, 0)

    def _open(self, start: datetime, elapsed: int) -> None:
        """Begin anew in the slot, with nothing known.

        Offsets are microseconds since the start of the open slot: ``_elapsed`` is how far is accounted for, the held
        value is known since ``_known_since`` and holds at most until ``_hold_end``; ``_limit`` is where a reading no
        longer simply follows the one before it.
        """
        self._start = start
        self._elapsed = elapsed
        self._value: float | None = None
        self._silent: float | None = None
        self._known_since = self._covered = 0
        self._hold_end = _FOREVER
        self._limit = self._length
        self._clear()

    @abstractmethod
    def _weigh(self, value: float, duration: int) -> None:
        """Account for a value that held for so many microseconds of the open slot."""

    @abstractmethod
    def _summary(self, covered: int) -> float | None:
        """Return the value of the slot that ends now, of which so many microseconds, at least one, are known."""

    @abstractmethod
    def _clear(self) -> None:
        """Forget what was weighed."""

    @override
    def add(self, time: datetime, value: float | None) -> None:
        # Runs for every reading of every feed in the event loop.
        try:
            offset = (time - self._start) // _MICROSECOND
        except TypeError as error:
            raise ValueError("the time needs a time zone") from error
        if not self._elapsed <= offset < self._limit:
            offset = self._reach(time, offset)
        held = self._value
        if held is not None and offset > self._elapsed:
            self._weigh(held, offset - self._elapsed)
        self._elapsed = offset
        if value is not None and isfinite(value):
            if held is None:
                self._known_since = offset
                self._seen = True
            self._value = value
            if self._max_hold is not _FOREVER:
                self._hold_until(offset + self._max_hold)
        else:
            if held is not None:
                self._covered += offset - self._known_since
            self._value = self._silent = None

    def _hold_until(self, hold_end: int) -> None:
        self._hold_end = hold_end
        self._limit = min(self._length, hold_end)

    def _reach(self, time: datetime, offset: int) -> int:
        """Come to a time that does not simply follow, and return its offset in the slot that is open then."""
        if offset < self._elapsed:
            if (self._elapsed - offset) * _MICROSECOND > CLOCK_SET_BACK:
                self._begin(time)
            return self._elapsed
        slots, offset = divmod(offset, self._length)
        if slots > _MOST_SLOTS:
            self._begin(time)
        else:
            self._finish(slots)
            self._account(offset)
        return self._elapsed

    def _begin(self, time: datetime) -> None:
        """Know nothing before the time; what is left of a slot that was finished before does not replace it."""
        start = floor_to_grid(time, self._resolution)
        elapsed = (time - start) // _MICROSECOND
        if elapsed and start < self._finished_until:
            start, elapsed = start + self._resolution, 0
        self._open(start, elapsed)

    @override
    def alive(self, time: datetime) -> None:
        shown = self._silent if self._value is None else self._value
        if self._max_hold is _FOREVER or shown is None:
            return
        offset = (as_utc(time) - self._start) // _MICROSECOND
        if offset > self._elapsed:
            self.add(time, shown)
        elif (hold_end := offset + self._max_hold) > max(self._hold_end, self._elapsed):
            if self._value is None:
                self._value, self._known_since = shown, self._elapsed
            self._hold_until(hold_end)

    @override
    def close(self, until: datetime) -> list[Interval]:
        slots = (as_utc(until) - self._start) // self._resolution
        if 0 < slots <= _MOST_SLOTS:
            self._finish(slots)
        finished, self._finished = self._finished, []
        return finished

    def _finish(self, slots: int) -> None:
        """Finish so many slots, the open one first."""
        for _ in range(slots):
            self._account(self._length)
            if self._value is not None:
                self._covered += self._length - self._known_since
            if self._seen and (interval := self._interval()):
                self._finished.append(interval)
                self._finished_until = max(self._finished_until, self._start + self._resolution)
            self._start += self._resolution
            self._elapsed = self._known_since = self._covered = 0
            if self._max_hold is not _FOREVER:
                self._hold_until(self._hold_end - self._length)
            self._clear()

    def _account(self, offset: int) -> None:
        """Account for the held value up to the offset, or up to the end of its hold."""
        held = self._value
        if held is not None:
            end = min(offset, self._hold_end)
            if end > self._elapsed:
                self._weigh(held, end - self._elapsed)
            if end < offset:
                self._covered += end - self._known_since
                self._silent, self._value = held, None
        self._elapsed = offset

    def _interval(self) -> Interval | None:
        """Return the slot that ends now; None when there is nothing to tell."""
        coverage = self._covered / self._length
        value = None
        if self._covered and coverage >= self._minimum_coverage:
            value = self._summary(self._covered)
            if value is not None and not isfinite(
                value
            ):  # The sum of what a sensor can show has left the range of numbers.
                value = None
        return Interval(start=self._start, value=value, coverage=coverage)
