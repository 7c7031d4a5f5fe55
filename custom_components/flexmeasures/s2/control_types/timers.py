"""The timers that block transitions."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

_NONE: frozenset[str] = frozenset()

# By timer: when it ended before, and when it ends now.
type Started = dict[str, tuple[datetime | None, datetime]]


class Timers:
    """When each timer of one actuator ends.

    They are started here as soon as a transition is asked for, since a device that reports late would otherwise be
    asked for what it must refuse; what the RM reports counts more.
    """

    def __init__(self) -> None:
        """Begin with no timer running."""
        self._finished_at: dict[str, datetime] = {}

    def start(
        self, timer_ids: Iterable[str], durations: Mapping[str, timedelta], at: datetime
    ) -> Started:
        """Start timers, or start them anew; return what undoes it."""
        started: Started = {}
        for timer_id in timer_ids:
            end = at + durations[timer_id]
            started[timer_id] = (self._finished_at.get(timer_id), end)
            self._finished_at[timer_id] = end
        return started

    def undo(self, started: Started) -> None:
        """Take back a start, because the transition never began; what the RM has reported since stays."""
        for timer_id, (before, end) in started.items():
            if self._finished_at.get(timer_id) == end:
                del self._finished_at[timer_id]
                if before is not None:
                    self._finished_at[timer_id] = before

    def reported(self, timer_id: str, finished_at: datetime) -> None:
        """Take over what the RM says of one timer."""
        self._finished_at[timer_id] = finished_at

    def forget_ended(self, now: datetime) -> None:
        """Drop the timers that have ended, so that their number stays bounded."""
        if self._finished_at:
            self._finished_at = {
                timer_id: end for timer_id, end in self._finished_at.items() if end > now
            }

    def running(self, now: datetime) -> frozenset[str]:
        """Return the ids of the timers that have not ended."""
        if not self._finished_at:
            return _NONE
        return frozenset(timer_id for timer_id, end in self._finished_at.items() if end > now)

    def next_end(self, now: datetime) -> datetime | None:
        """Return when the next timer ends; None when none runs."""
        return min((end for end in self._finished_at.values() if end > now), default=None)
