"""What goes into the outbox, comes out of it, and can go wrong with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

# The distance at which an instantaneous sensor's readings may lie: the server reads them back on whole minutes only.
INSTANTANEOUS_STEP = timedelta(minutes=1)


class Priority(IntEnum):
    """What is sent first, and dropped last; the values are kept in the file."""

    LIVE = 0
    BACKFILL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One sensor's unsent intervals, for one request.

    Attributes:
        start: UTC; begin of the first interval.
        resolution: of the sensor when the intervals were measured; zero for an instantaneous sensor.
        values: one per step from ``start`` on, in the sensor's unit and sign; the first and the last are numbers. None
            stands where nothing is unsent, and means nothing to the server, which stores no gaps.
        unit: of the values; None when it was not known when they were recorded.
    """

    sensor_id: int
    start: datetime
    resolution: timedelta
    priority: Priority
    values: tuple[float | None, ...]
    unit: str | None = None

    @property
    def step(self) -> timedelta:
        """Return the distance between two values."""
        return self.resolution or INSTANTANEOUS_STEP

    @property
    def duration(self) -> timedelta:
        """Return what the values span together; also for an instantaneous sensor more than zero."""
        return len(self.values) * self.step

    @property
    def interval_count(self) -> int:
        """Return how many intervals the block delivers."""
        return sum(value is not None for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSensor:
    """What the outbox knows of one sensor.

    Attributes:
        backlog: unsent intervals.
        oldest: UTC; begin of the oldest unsent interval.
        oldest_live: the same without back-fill.
        recorded_until: UTC; end of the newest live interval that was recorded, gaps included. What follows it has to
            be rebuilt after a restart.
        confirmed_at: UTC; when the server last confirmed a block.
        parked: why the sensor is not sent; None when it is.
        audited_at: UTC; when what was sent was last compared with what the server has.
        last_sent: the newest value that the server confirmed, while it is kept.
        last_sent_start: UTC; begin of its interval.
    """

    backlog: int
    oldest: datetime | None
    oldest_live: datetime | None
    recorded_until: datetime | None
    confirmed_at: datetime | None
    parked: str | None
    audited_at: datetime | None
    last_sent: float | None
    last_sent_start: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStatistics:
    """The outbox in numbers; the counts survive a restart.

    Attributes:
        backlog: unsent intervals, those of parked sensors included.
        oldest: UTC; begin of the oldest unsent interval.
        confirmed_at: UTC; when the server last confirmed a block.
        dropped: intervals that the bound on age and size threw away.
        lost: intervals that were never stored, as far as the caller reported them.
        corrupt_files: how often the file was found corrupt and set aside.
        bytes: size of the database on disk, with its write-ahead log.
    """

    backlog: int
    oldest: datetime | None
    confirmed_at: datetime | None
    dropped: int
    lost: int
    corrupt_files: int
    bytes: int


class OutboxError(Exception):
    """The file could not be read or written; what was to be done has been left undone as a whole."""


class OutboxFullError(OutboxError):
    """The disk is full."""


class OutboxCorruptError(OutboxError):
    """The file turned out to be corrupt while in use; opening it again sets it aside."""


class OutboxTooNewError(OutboxError):
    """The file was written by a newer version of this integration; it was left as it is."""
