"""The past, let through an accumulator once more: in stretches, and with gaps where nobody was recording."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .intervals import floor_to_grid
from .outbox_models import INSTANTANEOUS_STEP

# A day of a meter that reports every 5 s is 17,280 readings: half a second of work and 10 MB. Counted in hours, not in local
# days: these have 23 or 25 twice a year.
_DAY = timedelta(days=1)
# Readings of the last moments of a slot still come in when it ends.
LATE_READINGS = timedelta(seconds=1)


class HistoryError(Exception):
    """The past could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Nobody was recording from the start on until the end: what was shown before does not hold in it."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class History[T]:
    """A stretch of the past.

    Attributes:
        readings: with the time from which each holds, oldest first, within the stretch.
        pauses: those that reach into the stretch.
    """

    start: datetime
    end: datetime
    readings: list[tuple[datetime, T]]
    pauses: list[Pause]

    def with_gaps(self) -> Iterator[tuple[datetime, T | None]]:
        """Yield the readings in order, and None where a pause begins.

        A reading from before the stretch stands at its start; a pause that has begun by then overrules it.
        """
        begins = sorted({max(self.start, min(pause.start, pause.end)) for pause in self.pauses})
        position = 0
        for begin in begins:
            while position < len(self.readings) and self.readings[position][0] <= begin:
                yield self.readings[position]
                position += 1
            if begin < self.end:
                yield begin, None
        yield from self.readings[position:]


def replay[T, R](
    readings: Iterable[tuple[datetime, T | None]],
    *,
    resolution: timedelta,
    take: Callable[[T | None, datetime], None],
    close: Callable[[datetime], list[R]],
) -> list[R]:
    """Let readings come as they came, and slots end as they ended; return what the slots became.

    The slot of the last reading stays open, since the next stretch may go on with it.

    Args:
        readings: with their times, oldest first; None where nothing is known from the time on.
        resolution: of the slots; zero for instantaneous values.
        take: adds a reading.
        close: returns the slots that ended by the time.
    """
    step = resolution or INSTANTANEOUS_STEP
    closed: list[R] = []
    boundary: datetime | None = None
    for time, reading in readings:
        if boundary is None or time >= boundary + LATE_READINGS:
            ended = floor_to_grid(time - LATE_READINGS, step)
            closed += close(ended)
            boundary = ended + step
        take(reading, time)
    return closed


def stretches(
    start: datetime, end: datetime, resolution: timedelta = timedelta(0)
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the parts in which a long time is read: a day each, or more where a slot is longer than a day.

    Raises:
        ValueError: a time is naive.
    """
    slots = -(-_DAY // resolution) if resolution else 1
    length = slots * (resolution or _DAY)
    begin = floor_to_grid(start, timedelta(0))
    while begin < end:
        following = min(begin + length, end)
        yield begin, following
        begin = following
