"""The grid of UTC multiples on which steps begin."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)


def as_utc(time: datetime, name: str) -> datetime:
    """Return the time in UTC.

    Raises:
        ValueError: the time is naive.
    """
    if time.tzinfo is None or time.utcoffset() is None:
        raise ValueError(f"{name} needs a time zone")
    return time.astimezone(UTC)


def floor_to_resolution(time: datetime, resolution: timedelta) -> datetime:
    """Return the last UTC multiple of the resolution at or before the time.

    FlexMeasures answers an unaligned start with a misleading "Prices unknown", so starts are floored here.

    Raises:
        ValueError: the time is naive or the resolution is not positive.
    """
    if resolution <= timedelta(0):
        raise ValueError("resolution must be positive")
    since_epoch = as_utc(time, "time") - _EPOCH
    return _EPOCH + since_epoch // resolution * resolution


def ceil_to_resolution(time: datetime, resolution: timedelta) -> datetime:
    """Return the first UTC multiple of the resolution at or after the time.

    Raises:
        ValueError: the time is naive or the resolution is not positive.
    """
    floored = floor_to_resolution(time, resolution)
    return floored if floored == time else floored + resolution


def step_starts(start: datetime, end: datetime, resolution: timedelta) -> Iterator[datetime]:
    """Yield when each step that begins from start up to end begins."""
    count = -((start - end) // resolution)
    for index in range(count):
        yield start + index * resolution


def hours(length: timedelta) -> float:
    """Return a length of time in hours."""
    return length / _HOUR
