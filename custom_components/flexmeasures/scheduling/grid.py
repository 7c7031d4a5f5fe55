"""The grid of UTC multiples on which steps begin."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
