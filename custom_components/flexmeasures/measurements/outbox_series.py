"""The series of the outbox: what of a sensor is stored under one number."""

from collections.abc import Callable
import sqlite3

from .outbox_models import Block, Priority
from .outbox_rows import SeriesKey, series_key


class SeriesNumbers:
    """The numbers under which rows are stored; read when first needed.

    A number that is wrong would give one sensor the values of another. What was learned in a transaction that is
    undone has to be forgotten.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._numbers: dict[SeriesKey, int] = {}

    def known(self, connection: sqlite3.Connection) -> dict[SeriesKey, int]:
        """Return the number of every series that there is."""
        if not self._numbers:
            rows = connection.execute("SELECT sensor, resolution, priority, unit, id FROM series")
            self._numbers = {tuple(key): number for *key, number in rows}
        return self._numbers

    def number(self, connection: sqlite3.Connection, key: SeriesKey) -> int:
        """Return the number of a series; one that is new is given a number."""
        known = self.known(connection)
        if key not in known:
            (known[key],) = connection.execute(
                "INSERT INTO series (sensor, resolution, priority, unit) VALUES (?, ?, ?, ?) RETURNING id",
                key,
            ).fetchone()
        return known[key]

    def of_block(self, connection: sqlite3.Connection, block: Block) -> list[int]:
        """Return where a block's intervals may stand now, since each may have got another priority meanwhile."""
        known = self.known(connection)
        keys = (series_key(block, priority) for priority in Priority)
        return [known[key] for key in keys if key in known]

    def discard(
        self, connection: sqlite3.Connection, is_discarded: Callable[[SeriesKey], bool]
    ) -> int:
        """Remove series with all that they hold; return how many intervals of it were unsent."""
        numbers = [(number,) for key, number in self.known(connection).items() if is_discarded(key)]
        removed = connection.executemany("DELETE FROM intervals WHERE series = ?", numbers)
        connection.executemany("DELETE FROM sent WHERE series = ?", numbers)
        connection.executemany("DELETE FROM series WHERE id = ?", numbers)
        self.forget()
        return removed.rowcount

    def forget(self) -> None:
        """Read the numbers again when they are next needed."""
        self._numbers = {}
