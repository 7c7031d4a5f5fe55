"""What was triggered lately: how long a schedule is, and why its job may have failed."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .errors import JobFailedError

# A day of schedules every few minutes; older jobs the server has forgotten, too.
_REMEMBERED: Final = 512
# The coarsest steps that FlexMeasures users plan in; who starts on such a quarter-hour has no problem of alignment.
_COMMON_STEP: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Triggered:
    """What was asked for in a trigger."""

    start: datetime
    duration: timedelta


class RecentTriggers:
    """Remembers the terms of recent triggers by their jobs, within a bound."""

    def __init__(self) -> None:
        """Know of none."""
        self._terms: OrderedDict[str, Triggered] = OrderedDict()

    def remember(self, job_id: str, start: datetime, duration: timedelta) -> None:
        """Keep the terms of a job."""
        self._terms[job_id] = Triggered(start, duration)
        self._terms.move_to_end(job_id)
        if len(self._terms) > _REMEMBERED:
            self._terms.popitem(last=False)

    def longest(self, job_id: str, duration: timedelta) -> timedelta:
        """Return how much of a schedule to ask for: for more than was planned, the server adds older schedules."""
        terms = self._terms.get(job_id)
        return duration if terms is None else min(duration, terms.duration)

    def explained(self, error: JobFailedError) -> JobFailedError:
        """Return the error, with the true cause where the server names another.

        From a start between two steps of the sensors it finds no prices, and says that they are unknown.
        """
        terms = self._terms.get(error.job_id)
        if terms is None or "unknown for planning window" not in str(error):
            return error
        seconds = timedelta(seconds=terms.start.timestamp())
        if not seconds % _COMMON_STEP:
            return error
        hint = f"the start, {terms.start.isoformat()}, may not be a multiple of the sensors' resolution"
        return JobFailedError(f"{error} ({hint})", job_id=error.job_id, details=error.details)
