"""ISO 8601 durations as FlexMeasures writes them, to and from ``timedelta``."""

from datetime import timedelta
from functools import lru_cache
import re

_DURATION = re.compile(
    r"(?P<sign>[+-])?P(?=\d|T\d)"
    r"(?:(?P<weeks>\d+(?:[.,]\d+)?)W)?"
    r"(?:(?P<days>\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?=\d)"
    r"(?:(?P<hours>\d+(?:[.,]\d+)?)H)?"
    r"(?:(?P<minutes>\d+(?:[.,]\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?",
    re.ASCII,
)
_CALENDAR_UNITS = re.compile(r"[+-]?P[^T]*[YM]")
_MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=64)  # a program uses few lengths, and each with every request
def format_duration(duration: timedelta) -> str:
    """Write a duration in hours, minutes and seconds, exact to the microsecond.

    Days are written as hours, because a calendar day does not always have 24 of them.
    """
    microseconds = abs(duration) // _MICROSECOND
    seconds, fraction = divmod(microseconds, 1_000_000)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    text = f"{hours}H" if hours else ""
    text += f"{minutes}M" if minutes else ""
    if fraction:
        text += f"{seconds}.{fraction:06d}".rstrip("0") + "S"
    elif seconds or not text:
        text += f"{seconds}S"
    return f"{'-' if duration < timedelta() else ''}PT{text}"


def parse_duration(text: str) -> timedelta:
    """Read a duration in weeks, days (of 24 hours), hours, minutes and seconds.

    Raises:
        ValueError: the text is no ISO 8601 duration, or speaks of years or months, whose length is not fixed.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        if _CALENDAR_UNITS.match(text.strip()):
            raise ValueError(f"{text[:40]!r} has years or months, which have no fixed length")
        raise ValueError(f"{text[:40]!r} is not an ISO 8601 duration")
    parts = match.groupdict()
    sign = -1 if parts.pop("sign") == "-" else 1
    amounts = {name: float(value.replace(",", ".")) for name, value in parts.items() if value}
    try:
        return sign * timedelta(**amounts)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is too long a duration") from None
