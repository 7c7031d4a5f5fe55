"""The outbox's file: its tables, its versions, and what is done when it is damaged."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
import sqlite3

from .outbox_models import OutboxCorruptError, OutboxError, OutboxFullError, OutboxTooNewError

# "FMob" in ASCII: tells our file from any other SQLite database.
_APPLICATION_ID = 0x464D6F62

# A process that is killed loses nothing that was committed, since the log is in the kernel's hands by then. Power loss
# may take the last commits, never the file's consistency; they are rebuilt from the recorder, as `recorded_until` lies
# in the same commits. FULL would pay a flush to a flash disk at each commit for that.
_SYNCHRONOUS = "NORMAL"

# Pages of the write-ahead log before it is written back. SQLite's own 1000 would be 4 MB, more than a whole day of 200
# sensors; much less would write the same pages back at every commit.
_LOG_PAGES = 200
_LOG_BYTES = _LOG_PAGES * 4096

# What was set aside is evidence for a bug report. A dying disk must not fill itself with it.
_KEPT_ASIDE = 3

# One script per version; a file of version n has seen the first n. Never change one that was released.
#
# A series is what can be sent in one block. Its number takes 1 or 2 bytes in each row where sensor, resolution and
# priority would take 10. Rows of one series lie together and in order, so a block is read and removed within a few pages,
# and the oldest of each is found without looking at the others.
_MIGRATIONS = (
    """
    CREATE TABLE sensors (
        id INTEGER PRIMARY KEY,
        recorded_until INTEGER,
        confirmed_at INTEGER,
        parked TEXT
    ) STRICT;
    CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        sensor INTEGER NOT NULL,
        resolution INTEGER NOT NULL CHECK (resolution >= 0),
        priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
        UNIQUE (sensor, resolution, priority)
    ) STRICT;
    CREATE TABLE intervals (
        series INTEGER NOT NULL,
        start INTEGER NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (series, start)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE counters (
        name TEXT PRIMARY KEY,
        count INTEGER NOT NULL CHECK (count >= 0)
    ) STRICT, WITHOUT ROWID;
    CREATE VIEW waiting AS
        SELECT id AS series, sensor, resolution, priority,
               (SELECT MIN(start) FROM intervals WHERE series = series.id) AS oldest
        FROM series;
    INSERT INTO counters VALUES ('dropped', 0), ('lost', 0), ('corrupt_files', 0);
    """,
    # What was confirmed is kept for the audit, under its live series. The unit tells what the values of a series mean:
    # the sensor's may change on the server while they wait. It is empty where it was not known.
    """
    DROP VIEW waiting;
    CREATE TABLE series_with_units (
        id INTEGER PRIMARY KEY,
        sensor INTEGER NOT NULL,
        resolution INTEGER NOT NULL CHECK (resolution >= 0),
        priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
        unit TEXT NOT NULL,
        UNIQUE (sensor, resolution, priority, unit)
    ) STRICT;
    INSERT INTO series_with_units SELECT id, sensor, resolution, priority, '' FROM series;
    DROP TABLE series;
    ALTER TABLE series_with_units RENAME TO series;
    CREATE VIEW waiting AS
        SELECT id AS series, sensor, resolution, priority, unit,
               (SELECT MIN(start) FROM intervals WHERE series = series.id) AS oldest
        FROM series;
    CREATE TABLE sent (
        series INTEGER NOT NULL,
        start INTEGER NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (series, start)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE sensors ADD COLUMN audited_at INTEGER;
    """,
)


@contextmanager
def typed_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite reports about the file into the outbox's errors."""
    try:
        yield
    except sqlite3.Error as error:
        # A closed connection and the like have no code.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        raise _error_type(code)(f"{path.name}: {error}") from error


def _error_type(code: int) -> type[OutboxError]:
    # The lower byte is the error, the others tell where in SQLite it happened.
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return OutboxFullError
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return OutboxCorruptError
        case _:
            return OutboxError


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all or nothing of what is inside."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has ended the transaction by itself after some errors.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def open_file(path: Path, now: datetime) -> tuple[sqlite3.Connection, Path | None]:
    """Open or create the file, at the present version.

    A file that is damaged or not ours is set aside, and an empty one takes its place.

    Args:
        path: of the database; its folder exists.
        now: aware; names the file that is set aside.

    Returns:
        The connection, and where the damaged file is now.

    Raises:
        OutboxTooNewError: a newer version of this integration wrote it.
        OutboxError: it cannot be opened, created or set aside.
    """
    try:
        return _connect(path), None
    except OutboxCorruptError:
        counts = _readable_counts(path)
        aside = _set_aside(path, now)
    connection = _connect(path)
    counts["corrupt_files"] = counts.get("corrupt_files", 0) + 1
    with _closed_on_error(connection), typed_errors(path), transaction(connection):
        connection.executemany(
            "UPDATE counters SET count = ? WHERE name = ?",
            [(count, name) for name, count in counts.items()],
        )
    return connection, aside


def _connect(path: Path) -> sqlite3.Connection:
    with typed_errors(path):
        # The outbox has a lock of its own; transactions are begun in one place.
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        with _closed_on_error(connection):
            connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
            # Writes nothing, so what is set aside is as it was found.
            version = _checked_version(connection, path)
            if version == 0:
                # How the file is laid out; from then on, room can be given back to the disk.
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            _migrate(connection, version)
        return connection


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return how many migrations the file has seen; zero if it is new.

    Looks at every page, before a damaged one gives wrong values or breaks a commit.
    """
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise OutboxCorruptError(f"{path.name}: {verdict}")
    if connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone() == (0,):
        return 0
    version = _pragma(connection, "user_version")
    if _pragma(connection, "application_id") != _APPLICATION_ID or version < 1:
        raise OutboxCorruptError(f"{path.name}: not an outbox")
    if version > len(_MIGRATIONS):
        raise OutboxTooNewError(
            f"{path.name}: version {version}, and the newest known is {len(_MIGRATIONS)}"
        )
    return version


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    if version == len(_MIGRATIONS):
        return
    with transaction(connection):
        for script in _MIGRATIONS[version:]:
            for statement in script.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (number,) = connection.execute(f"PRAGMA {name}").fetchone()
    assert isinstance(number, int)
    return number


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return what the tables take, also what is not committed yet."""
    pages = _pragma(connection, "page_count") - _pragma(connection, "freelist_count")
    return pages * _pragma(connection, "page_size")


def give_back_room(connection: sqlite3.Connection) -> None:
    """Return free pages to the disk when they are many; few are soon used again."""
    free = _pragma(connection, "freelist_count")
    if free > _LOG_PAGES and free > _pragma(connection, "page_count") // 2:
        # It takes a step per page.
        connection.execute("PRAGMA incremental_vacuum").fetchall()


def file_bytes(path: Path) -> int:
    """Return what the database and its log take on disk."""
    return sum(file.stat().st_size for file in (path, _beside(path, "-wal")) if file.exists())


def _readable_counts(path: Path) -> dict[str, int]:
    """Return the counters of a damaged file, as far as they can still be read."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT name, count FROM counters").fetchall()
    except sqlite3.Error:
        return {}
    return {
        name: count
        for name, count in rows
        if isinstance(name, str) and isinstance(count, int) and count >= 0
    }


def _set_aside(path: Path, now: datetime) -> Path:
    prefix = f"{path.name}.corrupt-"
    moment = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    target = path.with_name(prefix + moment)
    try:
        # The log must not stay without its database: SQLite would play it into the next one. Should we be killed
        # between these lines, the next one is empty, and SQLite throws a log beside an empty database away.
        path.rename(target)
        for suffix in ("-wal", "-shm"):
            if _beside(path, suffix).exists():
                _beside(path, suffix).rename(_beside(target, suffix))
        _forget_oldest(path.parent, prefix)
    except OSError as error:
        raise OutboxError(f"{path.name}: corrupt, and cannot be set aside: {error}") from error
    return target


def _forget_oldest(folder: Path, prefix: str) -> None:
    names = sorted(
        file.name
        for file in folder.iterdir()
        if file.name.startswith(prefix) and not file.name.endswith(("-wal", "-shm"))
    )
    for name in names[:-_KEPT_ASIDE]:
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{name}{suffix}").unlink(missing_ok=True)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
