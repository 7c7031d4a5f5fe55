"""How much the outbox may hold, and what goes first when it holds more."""

from datetime import timedelta
import math
import sqlite3
from typing import Final

from .outbox_file import used_bytes
from .outbox_models import Priority

# Measurements this old no longer change a plan; an outage that somebody means to end is shorter.
MAXIMUM_AGE: Final = timedelta(days=30)
# 4.5 million intervals: 78 days of 200 sensors at 5 minutes. Small beside Home Assistant's own recorder.
MAXIMUM_BYTES: Final = 100_000_000
# Dropped beyond need when the file is full: finding the oldest rows means to look at all, half a second of work, and
# without slack that would be done at every boundary.
_DROPPED_AHEAD = 0.01

_DROP_OLDEST = """
    DELETE FROM intervals WHERE (series, start) IN (
        SELECT series, start FROM intervals JOIN series ON series.id = series
        ORDER BY priority DESC, start LIMIT ?
    )
"""


def keep_within_bounds(
    connection: sqlite3.Connection, oldest_allowed: int, maximum_bytes: int
) -> int:
    """Drop what is too old, then the oldest until the rest fits: back-fill first, its source still has it.

    Args:
        connection: within a transaction.
        oldest_allowed: seconds since 1970; live intervals that began before are dropped.
        maximum_bytes: what the tables may take.

    Returns:
        How many unsent intervals were dropped.
    """
    dropped = connection.execute(
        """
        DELETE FROM intervals
        WHERE start < ? AND series IN (SELECT id FROM series WHERE priority = ?)
        """,
        (oldest_allowed, Priority.LIVE),
    ).rowcount
    if used_bytes(connection) > maximum_bytes:
        # The server has these.
        connection.execute("DELETE FROM sent")
    while (used := used_bytes(connection)) > maximum_bytes:
        (count,) = connection.execute("SELECT COUNT(*) FROM intervals").fetchone()
        share = 1 - maximum_bytes / used + _DROPPED_AHEAD
        removed = connection.execute(_DROP_OLDEST, (math.ceil(count * share),)).rowcount
        if not removed:
            break
        dropped += removed
    return dropped
