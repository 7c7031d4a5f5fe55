"""What becomes of the outbox when its file, its folder or its disk is not as it should be."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
import random
import resource
import shutil
import sqlite3

import pytest

from custom_components.flexmeasures.measurements import outbox_file
from custom_components.flexmeasures.measurements.outbox import Outbox
from custom_components.flexmeasures.measurements.outbox_models import (
    OutboxCorruptError,
    OutboxError,
    OutboxFullError,
    OutboxTooNewError,
)

from .outbox_samples import NOON, QUARTER, Row, quarters, quarters_block, record, row, waiting

HOUR = timedelta(hours=1)
PAGE = 4096


@pytest.fixture
def written(path: Path) -> Path:
    """Return a file of some pages, closed, with every sensor's whole day in it and 3 intervals lost before."""
    with closing(Outbox.open(path, now=NOON)) as outbox:
        for sensor in range(20):
            record(outbox, *quarters(sensor, *range(96)))
        outbox.count_lost(3)
    assert path.stat().st_size > 10 * PAGE
    return path


def truncated(path: Path) -> None:
    """Keep less than the file says that it has."""
    with path.open("r+b") as file:
        file.truncate(5 * PAGE + 100)


def nearly_nothing_left(path: Path) -> None:
    """Keep less than the header."""
    with path.open("r+b") as file:
        file.truncate(50)


def random_bytes_in_the_middle(path: Path) -> None:
    """Overwrite a page and a half."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // PAGE * PAGE)
        file.write(random.Random(1).randbytes(PAGE * 3 // 2))


def zeros_in_the_middle(path: Path) -> None:
    """Do what a flash disk does to a block that it cannot keep."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // PAGE * PAGE)
        file.write(bytes(PAGE))


def garbage_header(path: Path) -> None:
    """Make it no database at all."""
    with path.open("r+b") as file:
        file.write(random.Random(2).randbytes(100))


def text(path: Path) -> None:
    """Put something else in its place."""
    path.write_text("this is not a database\n" * 1000)


def other_database(path: Path) -> None:
    """Put somebody else's database in its place."""
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE intervals (a, b, c)")
        connection.commit()


@pytest.mark.parametrize(
    "damage",
    [
        truncated,
        nearly_nothing_left,
        random_bytes_in_the_middle,
        zeros_in_the_middle,
        garbage_header,
        text,
        other_database,
    ],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_file_is_set_aside_and_counted(
    written: Path, damage: Callable[[Path], None]
) -> None:
    damage(written)
    content = written.read_bytes()

    with closing(Outbox.open(written, now=NOON)) as outbox:
        aside = outbox.set_aside
        assert aside == written.with_name("outbox.sqlite.corrupt-20261122T120000Z")
        assert aside.read_bytes() == content
        statistics = outbox.statistics()
        assert (statistics.backlog, statistics.corrupt_files) == (0, 1)
        record(outbox, *quarters(7, 1))
        assert waiting(outbox) == {(7, NOON): 1}


def test_what_was_counted_before_is_kept_where_it_can_be_read(written: Path) -> None:
    for attempt in (1, 2):
        with closing(Outbox.open(written, now=NOON + attempt * HOUR)) as outbox:
            for sensor in range(20):
                record(outbox, *quarters(sensor, *range(96)))
        random_bytes_in_the_middle(written)

    with closing(Outbox.open(written, now=NOON + 3 * HOUR)) as outbox:
        assert (outbox.statistics().corrupt_files, outbox.statistics().lost) == (2, 3)


def test_files_set_aside_do_not_fill_the_disk(path: Path) -> None:
    for attempt in range(6):
        path.write_text("damaged")
        path.with_name("outbox.sqlite-wal").write_text("with its log")
        Outbox.open(path, now=NOON + attempt * HOUR).close()

    assert {file.name for file in path.parent.iterdir() if not file.name.endswith("-wal")} == {
        "outbox.sqlite",
        "outbox.sqlite.corrupt-20261122T150000Z",
        "outbox.sqlite.corrupt-20261122T160000Z",
        "outbox.sqlite.corrupt-20261122T170000Z",
    }
    assert len(list(path.parent.iterdir())) <= 2 * 4


def test_an_undamaged_file_is_not_set_aside(written: Path) -> None:
    with closing(Outbox.open(written, now=NOON)) as outbox:
        assert outbox.set_aside is None
        assert outbox.statistics().corrupt_files == 0


def test_an_empty_file_is_a_new_outbox(path: Path) -> None:
    """A process that is killed while it creates the file leaves this."""
    path.touch()

    with closing(Outbox.open(path, now=NOON)) as outbox:
        assert outbox.set_aside is None
        record(outbox, *quarters(7, 1))
        assert waiting(outbox) == {(7, NOON): 1}


def test_the_log_of_a_killed_process_is_read(tmp_path: Path, path: Path, outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2))
    after_the_kill = disk_after_a_kill(path, tmp_path)

    with closing(Outbox.open(after_the_kill, now=NOON)) as reopened:
        assert waiting(reopened) == {(7, NOON): 1, (7, NOON + QUARTER): 2}


def disk_after_a_kill(path: Path, folder: Path) -> Path:
    """Return a copy of what is on the disk while the outbox is open; its log is not written back yet."""
    copy = folder / "copy" / path.name
    copy.parent.mkdir()
    log = path.with_name(f"{path.name}-wal")
    assert log.stat().st_size
    shutil.copy(path, copy)
    shutil.copy(log, copy.with_name(log.name))
    return copy


def test_a_torn_log_ends_with_its_last_whole_commit(
    tmp_path: Path, path: Path, outbox: Outbox
) -> None:
    record(outbox, *quarters(7, 1))
    whole = path.with_name(f"{path.name}-wal").stat().st_size
    record(outbox, row(7, NOON + QUARTER, 2))
    copy = disk_after_a_kill(path, tmp_path)
    with copy.with_name(f"{path.name}-wal").open("r+b") as log:
        log.truncate(whole + 1000)

    with closing(Outbox.open(copy, now=NOON)) as reopened:
        assert waiting(reopened) == {(7, NOON): 1}
        # What has to be rebuilt begins where the kept commits end.
        assert reopened.sensors()[7].recorded_until == NOON + QUARTER


@pytest.mark.parametrize("content", [b"garbage" * 1000, b""])
def test_a_leftover_log_without_meaning_is_ignored(written: Path, content: bytes) -> None:
    written.with_name(f"{written.name}-wal").write_bytes(content)

    with closing(Outbox.open(written, now=NOON)) as outbox:
        assert outbox.set_aside is None
        assert outbox.statistics().backlog == 20 * 96


def test_the_log_of_a_damaged_file_does_not_reach_the_next_one(
    tmp_path: Path, path: Path, outbox: Outbox
) -> None:
    record(outbox, *quarters(7, 1, 2))
    copy = disk_after_a_kill(path, tmp_path)
    copy.write_bytes(random.Random(3).randbytes(3 * PAGE))
    copy.with_name(f"{copy.name}-wal").write_bytes(b"")

    with closing(Outbox.open(copy, now=NOON)) as reopened:
        assert reopened.set_aside is not None
        assert waiting(reopened) == {}


def test_a_leftover_log_without_its_database_is_not_played_back(
    tmp_path: Path, path: Path, outbox: Outbox
) -> None:
    record(outbox, *quarters(7, 1, 2))
    copy = disk_after_a_kill(path, tmp_path)
    copy.unlink()

    with closing(Outbox.open(copy, now=NOON)) as reopened:
        assert waiting(reopened) == {}


def test_a_file_of_a_newer_version_is_left_alone(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        add_migration(newer, "ALTER TABLE sensors ADD COLUMN colour TEXT;")
        Outbox.open(written, now=NOON).close()

    with pytest.raises(OutboxTooNewError, match="version 3, and the newest known is 2"):
        Outbox.open(written, now=NOON)
    assert [file.name for file in written.parent.iterdir()] == [written.name]


def add_migration(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Make this a newer version of the integration."""
    monkeypatch.setattr(outbox_file, "_MIGRATIONS", (*outbox_file._MIGRATIONS, script))


def test_a_file_of_an_older_version_is_brought_up_to_date(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_migration(monkeypatch, "UPDATE intervals SET value = value * 2; DELETE FROM counters;")
    for _ in range(2):
        with closing(Outbox.open(written, now=NOON)) as outbox:
            (block,) = outbox.blocks(maximum_values=3, maximum_blocks=1)
            assert block == quarters_block(0, 0, 2, 4)


def test_a_migration_that_fails_changes_nothing(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        add_migration(newer, "DELETE FROM intervals; INSERT INTO nowhere VALUES (1);")
        with pytest.raises(OutboxError, match="nowhere"):
            Outbox.open(written, now=NOON)

    with closing(Outbox.open(written, now=NOON)) as outbox:
        assert outbox.statistics().backlog == 20 * 96


def boundary() -> list[Row]:
    """Return what closes at one boundary in a very big house, several pages of it."""
    return [row(sensor, NOON + QUARTER, sensor + 0.5) for sensor in range(1000)]


def test_a_full_disk_is_told_and_leaves_nothing_half_written(path: Path, outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1))
    (pages,) = outbox._connection.execute("PRAGMA page_count").fetchone()
    outbox._connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(OutboxFullError, match=r"outbox\.sqlite: database or disk is full"):
        record(outbox, *boundary())

    assert outbox.blocks(maximum_values=100) == [quarters_block(7, 1)]
    assert outbox.sensors()[7].recorded_until == NOON + QUARTER
    outbox._connection.execute("PRAGMA max_page_count = 1000000")
    record(outbox, *boundary())
    assert outbox.statistics().backlog == 1 + 1000
    assert waiting(outbox)[7, NOON + QUARTER] == 7.5


def test_a_sensor_whose_first_commit_failed_can_be_recorded(outbox: Outbox) -> None:
    outbox._connection.execute("""
        CREATE TEMP TRIGGER fails BEFORE INSERT ON intervals BEGIN SELECT RAISE(ABORT, 'failed'); END
    """)
    with pytest.raises(OutboxError, match="failed"):
        record(outbox, *quarters(7, 1), *quarters(8, 2))
    outbox._connection.execute("DROP TRIGGER fails")

    record(outbox, *quarters(8, 3))
    assert waiting(outbox) == {(8, NOON): 3}


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let the system refuse every write beyond the size, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_the_system_refuses_leaves_nothing_half_written(
    tmp_path: Path, path: Path, outbox: Outbox
) -> None:
    record(outbox, *quarters(7, 1))
    size = path.with_name(f"{path.name}-wal").stat().st_size
    for room in (0, 100, PAGE, 2 * PAGE + 500):
        with largest_file(size + room), pytest.raises(OutboxError, match=r"outbox\.sqlite"):
            record(outbox, *boundary())
        assert outbox.statistics().backlog == 1

    with closing(Outbox.open(disk_after_a_kill(path, tmp_path), now=NOON)) as after_a_kill:
        assert waiting(after_a_kill) == {(7, NOON): 1}
    record(outbox, *boundary())
    assert outbox.statistics().backlog == 1 + 1000


def test_what_cannot_be_confirmed_is_sent_again(path: Path, outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1))
    blocks = outbox.blocks(maximum_values=100)
    size = path.with_name(f"{path.name}-wal").stat().st_size
    with largest_file(size), pytest.raises(OutboxError):
        outbox.confirm(*blocks, now=NOON)

    assert outbox.blocks(maximum_values=100) == blocks
    assert outbox.sensors()[7].confirmed_at is None


def test_a_file_that_must_not_be_written_is_told(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1))
    outbox._connection.execute("PRAGMA query_only = ON")

    with pytest.raises(OutboxError, match="readonly"):
        record(outbox, *quarters(7, 2))
    with pytest.raises(OutboxError, match="readonly"):
        outbox.park(7, "deleted")

    assert outbox.blocks(maximum_values=100) == [quarters_block(7, 1)]


# Nobody, not even root, can create a file there.
@pytest.mark.parametrize("folder", ["/proc", "/nowhere"])
def test_a_folder_that_takes_no_files_is_told(folder: str) -> None:
    with pytest.raises(OutboxError, match=r"outbox\.sqlite: unable to open"):
        Outbox.open(Path(folder) / "outbox.sqlite", now=NOON)


def test_a_damaged_file_that_cannot_be_set_aside_is_told(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garbage_header(written)

    def refuse(path: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(path), None, str(target))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutboxError, match="corrupt, and cannot be set aside"):
        Outbox.open(written, now=NOON)


def test_damage_that_shows_while_in_use_is_told_and_cured_by_opening_again(written: Path) -> None:
    with closing(Outbox.open(written, now=NOON)) as outbox:
        with written.open("r+b") as file:
            file.seek(PAGE)
            file.write(random.Random(4).randbytes(written.stat().st_size - PAGE))
        # Otherwise what was read while opening would answer.
        outbox._connection.execute("PRAGMA shrink_memory")
        with pytest.raises(OutboxCorruptError):
            outbox.blocks(maximum_values=100)

    with closing(Outbox.open(written, now=NOON)) as reopened:
        assert reopened.statistics().corrupt_files == 1
        record(reopened, *boundary())


def test_another_process_that_holds_the_file_does_not_make_it_corrupt(written: Path) -> None:
    with closing(sqlite3.connect(written, isolation_level=None)) as other:
        with closing(Outbox.open(written, now=NOON)) as outbox:
            other.execute("BEGIN IMMEDIATE")
            outbox._connection.execute("PRAGMA busy_timeout = 0")
            with pytest.raises(OutboxError, match="locked"):
                record(outbox, *quarters(7, 5))
            other.execute("ROLLBACK")
            record(outbox, *quarters(7, 5))
        assert [file.name for file in written.parent.iterdir() if "corrupt" in file.name] == []


def test_a_power_loss_costs_the_last_commits_at_most(outbox: Outbox) -> None:
    settings = {
        name: outbox._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous")
    }

    assert settings == {"journal_mode": "wal", "synchronous": 1}
