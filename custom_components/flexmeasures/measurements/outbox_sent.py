"""What the server confirmed, known for a while, so that its loss there can be noticed and mended."""

from collections.abc import Iterable
from datetime import datetime, timedelta
import sqlite3
from typing import Final

from .outbox_models import Priority
from .outbox_rows import seconds_of, time_of

# What was confirmed is known for so long, so that it can be compared with what the server still has. 200 sensors at 5
# minutes take 4 MB for it; a server that lost more than two days is rebuilt from a backup, or with a back-fill.
SENT_IS_KNOWN_FOR: Final = timedelta(hours=48)
_SECOND = timedelta(seconds=1)
_KNOWN_SECONDS = SENT_IS_KNOWN_FOR // _SECOND

_SENT = """
    SELECT start, value FROM sent JOIN series ON series.id = sent.series
    WHERE sensor = ? AND resolution = ? AND priority = ? AND unit = ? AND start >= ?
        AND start NOT IN (
            SELECT start FROM intervals
            WHERE series IN (SELECT id FROM series WHERE sensor = ? AND resolution = ?)
        )
    ORDER BY start
"""


def keep_sent(
    connection: sqlite3.Connection, series: int, rows: Iterable[tuple[int, float]], now: int
) -> None:
    """Keep what the server confirmed now of a series, start and value, and forget what is too old of it.

    Starts and ``now`` are in seconds since 1970.
    """
    oldest = now - _KNOWN_SECONDS
    connection.executemany(
        "REPLACE INTO sent VALUES (?, ?, ?)",
        [(series, start, value) for start, value in rows if start >= oldest],
    )
    connection.execute("DELETE FROM sent WHERE series = ? AND start < ?", (series, oldest))


def forget_old_sent(connection: sqlite3.Connection, now: int) -> None:
    """Forget what was confirmed of any series and is too old; ``now`` is in seconds since 1970."""
    connection.execute("DELETE FROM sent WHERE start < ?", (now - _KNOWN_SECONDS,))


def read_sent(
    connection: sqlite3.Connection,
    sensor_id: int,
    resolution: timedelta,
    unit: str,
    since: datetime,
) -> dict[datetime, float]:
    """Return what the server confirmed of one series since a time, by begin, without what is unsent again."""
    slot = (sensor_id, resolution // _SECOND)
    rows = connection.execute(_SENT, (*slot, Priority.LIVE, unit, seconds_of(since), *slot))
    return {time_of(start): value for start, value in rows}
