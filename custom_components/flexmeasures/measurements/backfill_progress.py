"""How far the history of one sensor has come on its way to the outbox."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from .intervals import Interval, floor_to_grid
from .outbox_models import INSTANTANEOUS_STEP

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillProgress:
    """How far the history of one sensor has come.

    Attributes:
        start: on the sensor's grid.
        end: on the sensor's grid; not in the future.
        done_until: what is before is in the outbox, or sent.
        intervals: how many intervals with a value that were.
        first: start of the first of them; None without any.
        last: start of the last of them.
    """

    start: datetime
    end: datetime
    done_until: datetime
    intervals: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def is_done(self) -> bool:
        """True when nothing is left to read."""
        return self.done_until >= self.end

    @property
    def days(self) -> int:
        """Days to read, a part of one included."""
        return -(-(self.end - self.start) // _DAY)

    @property
    def days_done(self) -> int:
        """Days that have been read."""
        return -(-(self.done_until - self.start) // _DAY)

    @classmethod
    def of(cls, start: datetime, end: datetime, resolution: timedelta) -> Self:
        """Return what is to be done for the slots from the one around the start to the last that ended by the end.

        Raises:
            ValueError: a time is naive.
        """
        step = resolution or INSTANTANEOUS_STEP
        begin = floor_to_grid(start, step)
        return cls(start=begin, end=max(begin, floor_to_grid(end, step)), done_until=begin)

    def joined(self, other: Self) -> Self:
        """Return what remains of this one and of another that is asked for while this one is not done."""
        end = max(self.end, other.end)
        return replace(self if self.start <= other.start else other, end=end)

    def after(self, intervals: Iterable[Interval], until: datetime) -> Self:
        """Return how far it has come with these intervals, the next ones in order, up to the time."""
        starts = [interval.start for interval in intervals]
        return replace(
            self,
            done_until=until,
            intervals=self.intervals + len(starts),
            first=self.first or min(starts, default=None),
            last=max(starts, default=self.last),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "done_until": self.done_until.isoformat(),
            "intervals": self.intervals,
            "first": self.first and self.first.isoformat(),
            "last": self.last and self.last.isoformat(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what was stored."""
        first, last = stored["first"], stored["last"]
        return cls(
            start=datetime.fromisoformat(stored["start"]),
            end=datetime.fromisoformat(stored["end"]),
            done_until=datetime.fromisoformat(stored["done_until"]),
            intervals=stored["intervals"],
            first=first and datetime.fromisoformat(first),
            last=last and datetime.fromisoformat(last),
        )
