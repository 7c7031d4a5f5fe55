"""What is foreseen over time: elements of any length, replaced by newer ones, put on a regular grid."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

_NO_TIME = timedelta(0)
# A message has at most 288 elements; of what older ones said no more than this is kept.
_MOST_OLDER = 1000


@dataclass(frozen=True, slots=True)
class Piece[Value]:
    """One value that holds from ``start`` up to ``end``, and the message that said so."""

    start: datetime
    end: datetime
    value: Value
    message_id: str


class Timeline[Value]:
    """The pieces of all forecasts or profiles of one kind, in order of time and without overlap.

    A newer message replaces what older ones said from its own start on; what they said before that stays, so that a
    forecast of tomorrow does not wipe out today.
    """

    def __init__(self) -> None:
        """Begin without any piece."""
        self._pieces: tuple[Piece[Value], ...] = ()

    def __iter__(self) -> Iterator[Piece[Value]]:
        return iter(self._pieces)

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def replace_from(
        self, start: datetime, elements: Iterable[tuple[timedelta, Value]], message_id: str
    ) -> None:
        """Put the elements, one after the other from the start on, in the place of what was there."""
        kept = [
            Piece(piece.start, min(piece.end, start), piece.value, piece.message_id)
            for piece in self._pieces
            if piece.start < start
        ][-_MOST_OLDER:]
        for duration, value in elements:
            if duration > _NO_TIME:
                kept.append(Piece(start, start + duration, value, message_id))
                start += duration
        self._pieces = tuple(kept)

    def revoke(self, message_id: str) -> bool:
        """Drop what a message said; tell whether there was anything."""
        kept = tuple(piece for piece in self._pieces if piece.message_id != message_id)
        found = len(kept) < len(self._pieces)
        self._pieces = kept
        return found

    def forget_before(self, time: datetime) -> None:
        """Drop what ended at or before the time, so that the time line stays bounded."""
        self._pieces = tuple(piece for piece in self._pieces if piece.end > time)

    def at(self, time: datetime) -> Value | None:
        """Return the value that holds at the time; None where nothing is said."""
        index = bisect_right(self._pieces, time, key=_start)
        piece = self._pieces[index - 1] if index else None
        return None if piece is None or piece.end <= time else piece.value

    def next_change(self, time: datetime) -> datetime | None:
        """Return when a piece begins or ends next, strictly after the time; None when nothing follows."""
        index = bisect_right(self._pieces, time, key=_start)
        if index and self._pieces[index - 1].end > time:
            return self._pieces[index - 1].end
        return self._pieces[index].start if index < len(self._pieces) else None


def _start(piece: Piece[object]) -> datetime:
    return piece.start


@dataclass(frozen=True, slots=True)
class Grid:
    """Regular steps from a start on."""

    start: datetime
    resolution: timedelta
    count: int

    @property
    def end(self) -> datetime:
        """When the last step ends."""
        return self.start + self.count * self.resolution


def integral(timeline: Timeline[float], start: datetime, end: datetime) -> float:
    """Return the sum of value times seconds between two times; what is not said adds nothing."""
    return sum(
        piece.value * (min(piece.end, end) - max(piece.start, start)).total_seconds()
        for piece in timeline
        if piece.start < end and piece.end > start
    )


def means(timeline: Timeline[float], grid: Grid) -> tuple[float | None, ...]:
    """Return the time-weighted mean of every step, so that energy stays what it was.

    A step that is covered in part has the mean of the covered part; one that is not covered has None.
    """
    sums = [0.0] * grid.count
    covered = [0.0] * grid.count
    length = grid.resolution
    for piece in timeline:
        begin, end = max(piece.start, grid.start), min(piece.end, grid.end)
        while begin < end:
            index = (begin - grid.start) // length
            until = min(end, grid.start + (index + 1) * length)
            seconds = (until - begin).total_seconds()
            sums[index] += piece.value * seconds
            covered[index] += seconds
            begin = until
    return tuple(
        total / seconds if seconds else None for total, seconds in zip(sums, covered, strict=True)
    )
