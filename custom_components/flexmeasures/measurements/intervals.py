"""The grid of UTC multiples on which a sensor's values lie, and one value on it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One closed slot of a sensor's grid.

    Attributes:
        start: UTC, a multiple of the sensor's resolution since 1970-01-01T00:00Z; of an instantaneous sensor a whole
            minute, at which the value held.
        value: in the FlexMeasures sensor's unit and sign; None is a gap.
        coverage: share of the slot that readings cover, from 0 to 1.
    """

    start: datetime
    value: float | None
    coverage: float


def as_utc(time: datetime) -> datetime:
    """Return the time in UTC.

    Raises:
        ValueError: the time is naive.
    """
    if time.tzinfo is UTC:
        return time
    if time.utcoffset() is None:
        raise ValueError("the time needs a time zone")
    return time.astimezone(UTC)


def floor_to_grid(time: datetime, resolution: timedelta) -> datetime:
    """Return the begin, in UTC, of the slot that holds the time.

    Args:
        time: aware, in any zone.
        resolution: length of the slots; zero for an instantaneous sensor, where every moment is its own slot.

    Raises:
        ValueError: the time is naive or the resolution is negative.
    """
    if resolution < _NO_TIME:
        raise ValueError("the resolution must not be negative")
    moment = as_utc(time)
    return moment - (moment - _EPOCH) % resolution if resolution else moment
