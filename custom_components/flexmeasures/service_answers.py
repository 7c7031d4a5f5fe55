"""What the actions answer, in values that automations can work with."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import overload

from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType


@overload
def local(time: datetime) -> str: ...


@overload
def local(time: datetime | None) -> str | None: ...


def local(time: datetime | None) -> str | None:
    """Return a time as ISO 8601 text with the home's own offset; None stays None."""
    return None if time is None else dt_util.as_local(time).isoformat()


def rows(
    start: datetime, resolution: timedelta, values: Sequence[float | None]
) -> list[JsonValueType]:
    """Return values on a grid as `{start, end, value}`; None where there is no value."""
    return [
        {
            "start": local(start + index * resolution),
            "end": local(start + (index + 1) * resolution),
            "value": value,
        }
        for index, value in enumerate(values)
    ]
