"""Closed intervals that the server has not confirmed yet, on disk."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
import sqlite3
from threading import Lock
from typing import Self

from .intervals import Interval
from .outbox_bounds import MAXIMUM_AGE, MAXIMUM_BYTES, keep_within_bounds
from .outbox_file import file_bytes, give_back_room, open_file, transaction, typed_errors
from .outbox_models import Block, OutboxSensor, OutboxStatistics, Priority
from .outbox_rows import (
    SeriesKey,
    Slot,
    read_blocks,
    read_sensors,
    read_statistics,
    rows_of,
    seconds_of,
    series_key,
    slot_and_value,
)
from .outbox_sent import forget_old_sent, keep_sent, read_sent
from .outbox_series import SeriesNumbers


class Outbox:
    """The intervals of one config entry that wait for the server's word.

    Without it every interval that is measured while the server is away is lost. What was recorded survives that the
    process is killed at any instant, and stays until the server confirmed the very value that it holds.

    All methods block: call them where waiting for a disk harms nobody. They may be called from any thread. Each one is
    done as a whole or, when it raises OutboxError, not at all.

    What the server confirmed is known for two days more, so that its loss there can be noticed and mended.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        set_aside: Path | None,
        units: Mapping[int, str],
        maximum_age: timedelta,
        maximum_bytes: int,
    ) -> None:
        """Use ``open`` instead."""
        self._path = path
        self._connection = connection
        self._set_aside = set_aside
        self._units = units
        self._maximum_age = maximum_age
        self._maximum_bytes = maximum_bytes
        self._lock = Lock()
        self._series = SeriesNumbers()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        now: datetime,
        units: Mapping[int, str] | None = None,
        maximum_age: timedelta = MAXIMUM_AGE,
        maximum_bytes: int = MAXIMUM_BYTES,
    ) -> Self:
        """Open the outbox, or create it; a damaged file is set aside under a name with the time.

        Args:
            path: of the database; its folder exists.
            now: aware.
            units: by sensor, of the values that will be recorded. They are kept with the values, since a sensor's
                unit may change on the server while they wait.
            maximum_age: live intervals that began longer ago are dropped. Back-fill is asked for, however old.
            maximum_bytes: what the database may take; its log adds a megabyte at most.

        Raises:
            OutboxTooNewError: a newer version wrote the file.
            OutboxError: the file cannot be opened, created or set aside.
        """
        connection, set_aside = open_file(path, now)
        return cls(
            path,
            connection,
            set_aside=set_aside,
            units=units or {},
            maximum_age=maximum_age,
            maximum_bytes=maximum_bytes,
        )

    def reopen(self, *, now: datetime) -> None:
        """Open the file anew after OutboxCorruptError; when it is damaged, it is set aside and an empty one begun.

        Raises:
            OutboxError: as for ``open``; every other method raises it too, until this one succeeds.
        """
        with self._lock, typed_errors(self._path):
            self._connection.close()
            self._series.forget()
            self._connection, self._set_aside = open_file(self._path, now)

    @property
    def set_aside(self) -> Path | None:
        """Return where the file is that was found damaged when this one was opened.

        What it held is in no outbox any more, and has to be rebuilt.
        """
        return self._set_aside

    def close(self) -> None:
        """Close the file; every other method raises OutboxError from now on."""
        with self._lock, typed_errors(self._path):
            self._connection.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, typed_errors(self._path):
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection:
            try:
                with transaction(connection):
                    yield connection
            except BaseException:
                # Numbers that were given in this transaction have not been given.
                self._series.forget()
                raise

    def record(
        self,
        rows: Iterable[tuple[int, timedelta, Interval]],
        *,
        now: datetime,
        priority: Priority = Priority.LIVE,
    ) -> None:
        """Store the intervals that closed, all in one transaction, and drop what the bound forbids.

        An interval replaces the unsent one of the same sensor, resolution and start. A gap, or a value that is not a
        finite number, only removes it: the server stores no gaps, so there is nothing to send.

        Args:
            rows: sensor, its resolution (zero for instantaneous), interval.
            now: aware; what the maximum age is counted from.
            priority: of all rows; an unsent interval takes the one that it was recorded with last.

        Raises:
            ValueError: a start is naive or not on the sensor's grid, or a resolution is not in whole seconds.
            OutboxFullError: the disk is full.
            OutboxError: the file cannot be written.
        """
        values = dict(map(slot_and_value, rows))
        oldest_allowed = seconds_of(now - self._maximum_age)
        with self._writing() as connection:
            self._keep_sensors(values, priority)
            self._remove_replaced(values, priority)
            connection.executemany(
                "REPLACE INTO intervals VALUES (?, ?, ?)",
                [
                    (
                        self._series.number(connection, self._key(sensor, resolution, priority)),
                        start,
                        value,
                    )
                    for (sensor, resolution, start), value in values.items()
                    if value is not None
                ],
            )
            dropped = keep_within_bounds(connection, oldest_allowed, self._maximum_bytes)
            if dropped:
                self._count("dropped", dropped)

    def _keep_sensors(self, slots: Iterable[Slot], priority: Priority) -> None:
        ends: dict[int, list[int]] = {}
        for sensor, resolution, start in slots:
            ends.setdefault(sensor, []).append(start + resolution)
        is_live = priority is Priority.LIVE
        self._connection.executemany(
            """
            INSERT INTO sensors (id, recorded_until) VALUES (?, ?) ON CONFLICT DO UPDATE
            SET recorded_until = MAX(excluded.recorded_until, COALESCE(recorded_until, excluded.recorded_until))
            WHERE excluded.recorded_until IS NOT NULL
            """,
            [(sensor, max(times) if is_live else None) for sensor, times in ends.items()],
        )

    def _key(self, sensor: int, resolution: int, priority: Priority) -> SeriesKey:
        return (sensor, resolution, priority, self._units.get(sensor, ""))

    def _remove_replaced(self, values: dict[Slot, float | None], priority: Priority) -> None:
        """Remove the rows that REPLACE does not meet: those of gaps, and those of another priority or unit."""
        known = self._series.known(self._connection)
        siblings: dict[tuple[int, int], list[SeriesKey]] = {}
        for key in known:
            siblings.setdefault(key[:2], []).append(key)
        self._connection.executemany(
            "DELETE FROM intervals WHERE series = ? AND start = ?",
            [
                (known[key], start)
                for (sensor, resolution, start), value in values.items()
                for key in siblings.get((sensor, resolution), ())
                if value is None or key != self._key(sensor, resolution, priority)
            ],
        )

    def _count(self, name: str, count: int) -> None:
        self._connection.execute(
            "UPDATE counters SET count = count + ? WHERE name = ?", (count, name)
        )

    def blocks(
        self,
        *,
        maximum_values: int,
        maximum_blocks: int | None = None,
        except_sensors: Collection[int] = (),
    ) -> list[Block]:
        """Return what to send next: at most one block per sensor, in the order to send them.

        A block begins with the sensor's oldest unsent interval and reaches as far as ``maximum_values`` allow; gaps
        are None. A sensor's live intervals go before its back-fill, and all sensors with live ones before those
        without; among these, those with the oldest intervals first. Parked sensors are left out.

        The blocks stay in the outbox, and come again until they are confirmed: name the sensors that are under way
        in ``except_sensors``.

        Raises:
            ValueError: a maximum is less than one.
            OutboxError: the file cannot be read.
        """
        if maximum_values < 1 or (maximum_blocks is not None and maximum_blocks < 1):
            raise ValueError("a maximum must be at least one")
        with self._reading() as connection:
            return read_blocks(connection, maximum_values, maximum_blocks, except_sensors)

    def confirm(self, *blocks: Block, now: datetime) -> int:
        """Remove what the server has, and return how many intervals that were.

        A value that was replaced after its block was made stays, to be sent. Many blocks in one call cost little more
        than one.

        Raises:
            OutboxError: the file cannot be written; the blocks will be sent once more.
        """
        confirmed_at = seconds_of(now)
        removed = 0
        with self._writing() as connection:
            for block in blocks:
                rows = rows_of(block)
                series = self._series.of_block(connection, block)
                removed += connection.executemany(
                    "DELETE FROM intervals WHERE series = ? AND start = ? AND value = ?",
                    [(number, start, value) for number in series for start, value in rows],
                ).rowcount
                if series:
                    number = self._series.number(connection, series_key(block, Priority.LIVE))
                    keep_sent(connection, number, rows, confirmed_at)
            connection.executemany(
                "UPDATE sensors SET confirmed_at = ? WHERE id = ?",
                [(confirmed_at, sensor) for sensor in {block.sensor_id for block in blocks}],
            )
            give_back_room(connection)
        return removed

    def sent(
        self, sensor_id: int, resolution: timedelta, unit: str, *, since: datetime
    ) -> dict[datetime, float]:
        """Return the values that the server confirmed, by the begin (UTC) of their interval.

        Those of the last ``SENT_IS_KNOWN_FOR`` are known, in this resolution and unit only; what is unsent again is
        left out.
        """
        with self._reading() as connection:
            return read_sent(connection, sensor_id, resolution, unit, since)

    def resend(
        self, sensor_id: int, resolution: timedelta, unit: str, values: Mapping[datetime, float]
    ) -> int:
        """Let values wait again that the server confirmed and does not have, as back-fill; return how many.

        What was replaced since it was read with ``sent`` stays as it is.

        Raises:
            OutboxError: the file cannot be written.
        """
        if not values:
            return 0
        with self._writing() as connection:
            kept = read_sent(connection, sensor_id, resolution, unit, min(values))
            key = (sensor_id, resolution // timedelta(seconds=1), Priority.BACKFILL, unit)
            number = self._series.number(connection, key)
            return connection.executemany(
                "INSERT INTO intervals VALUES (?, ?, ?)",
                [
                    (number, seconds_of(start), value)
                    for start, value in values.items()
                    if kept.get(start) == value
                ],
            ).rowcount

    def note_audit(self, sensor_ids: Iterable[int], *, now: datetime) -> None:
        """Keep when what was sent of sensors was compared with what the server has, and forget what is too old."""
        noted_at = seconds_of(now)
        with self._writing() as connection:
            connection.executemany(
                "UPDATE sensors SET audited_at = ? WHERE id = ?",
                [(noted_at, sensor) for sensor in sensor_ids],
            )
            forget_old_sent(connection, noted_at)

    def park(self, sensor_id: int, reason: str) -> None:
        """Keep the sensor's intervals, and do not send them, also after a restart."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO sensors (id, parked) VALUES (?, ?) ON CONFLICT DO UPDATE SET parked = excluded.parked",
                (sensor_id, reason),
            )

    def unpark(self, sensor_id: int) -> None:
        """Send the sensor's intervals again."""
        with self._writing() as connection:
            connection.execute("UPDATE sensors SET parked = NULL WHERE id = ?", (sensor_id,))

    def parked(self) -> dict[int, str]:
        """Return why sensors are parked."""
        with self._reading() as connection:
            return dict(
                connection.execute("SELECT id, parked FROM sensors WHERE parked IS NOT NULL")
            )

    def discard(self, sensor_id: int) -> int:
        """Forget a sensor that is no longer fed, and return how many of its intervals were unsent."""
        with self._writing() as connection:
            removed = self._series.discard(connection, lambda key: key[0] == sensor_id)
            connection.execute("DELETE FROM sensors WHERE id = ?", (sensor_id,))
        return removed

    def discard_unlike(self, sensor_id: int, resolution: timedelta, unit: str) -> int:
        """Throw away what a sensor measured before it got this resolution and unit; return how much was unsent.

        What was recorded without a unit stays while its resolution is this one.
        """
        fitting = {(resolution // timedelta(seconds=1), known) for known in (unit, "")}
        with self._writing() as connection:
            return self._series.discard(
                connection,
                lambda key: key[0] == sensor_id and (key[1], key[3]) not in fitting,
            )

    def count_lost(self, count: int) -> None:
        """Add to the intervals that were lost before they could be recorded."""
        with self._writing():
            self._count("lost", count)

    def sensors(self) -> dict[int, OutboxSensor]:
        """Return what is known of every sensor that was ever recorded or parked, and not discarded."""
        with self._reading() as connection:
            return read_sensors(connection)

    def statistics(self) -> OutboxStatistics:
        """Return the outbox in numbers."""
        with self._reading() as connection:
            return read_statistics(connection, file_bytes(self._path))
