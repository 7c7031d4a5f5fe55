"""Which sensor to ask next, so that all are served within the server's budget."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
import heapq

# 150 requests an hour for 100 sensors leaves a quarter of the promised 200 for the inventory and for retries.
_REQUESTS_SPACING = timedelta(seconds=24)
# Above 100 sensors the period stays: 1,000 sensors then cost 25 of the 500 requests a minute that a user has.
_LONGEST_PERIOD = timedelta(minutes=40)
_GOLDEN_RATIO = 0.618034


def refresh_period(sensor_count: int) -> timedelta:
    """Return the shortest time between two requests for one sensor, when so many sensors are followed."""
    return min(sensor_count * _REQUESTS_SPACING, _LONGEST_PERIOD)


def first_due(sensor_id: int, asked_at: datetime, due: datetime) -> datetime:
    """Return when to ask a sensor for the second time: between the first time and the one due.

    All sensors are asked for the first time together; without spreading they would stay in step, and an hour could
    hold one round more than its share. Multiples of the golden ratio fall evenly for any run of ids.
    """
    return asked_at + (due - asked_at) * (sensor_id * _GOLDEN_RATIO % 1)


@dataclass(slots=True)
class PollPlan:
    """The times at which sensors are due, earliest first; one entry per sensor, the latest call counts."""

    _due: dict[int, datetime] = field(default_factory=dict)
    _heap: list[tuple[datetime, int]] = field(default_factory=list)

    def __len__(self) -> int:
        """Return how many sensors are followed."""
        return len(self._due)

    def __contains__(self, sensor_id: int) -> bool:
        """Return whether the sensor is followed."""
        return sensor_id in self._due

    def set(self, sensor_id: int, due: datetime) -> None:
        """Follow the sensor, and make it due at the time."""
        self._due[sensor_id] = due
        heapq.heappush(self._heap, (due, sensor_id))

    def remove(self, sensor_id: int) -> None:
        """Stop following the sensor."""
        self._due.pop(sensor_id, None)

    def next(self) -> tuple[datetime, int] | None:
        """Return when the next sensor is due and its id; None when nothing is followed."""
        while self._heap:
            due, sensor_id = self._heap[0]
            if self._due.get(sensor_id) == due:
                return due, sensor_id
            heapq.heappop(self._heap)
        return None
