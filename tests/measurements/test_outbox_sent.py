"""What the outbox remembers of values that the server confirmed, and of the units that they are in."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
import random
import sqlite3

import pytest

from custom_components.flexmeasures.measurements import (
    OutboxCorruptError,
    Priority,
    different_values,
    outbox_file,
)
from custom_components.flexmeasures.measurements.outbox import Outbox
from custom_components.flexmeasures.measurements.outbox_sent import SENT_IS_KNOWN_FOR

from .outbox_samples import DAY, NOON, QUARTER, quarters, quarters_block, record, row, waiting

HOUR = timedelta(hours=1)
UNITS = {7: "kW", 8: "kWh"}
PAGE = 4096


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    """Return a new outbox that knows the units of two sensors."""
    with closing(Outbox.open(path, now=NOON, units=UNITS)) as opened:
        yield opened


def in_unit(path: Path, unit: str) -> Outbox:
    """Open the outbox as after a restart, when sensor 7 has this unit."""
    return Outbox.open(path, now=NOON, units={**UNITS, 7: unit})


def sent(outbox: Outbox, unit: str = "kW") -> dict[datetime, float]:
    """Return all that is known of what was sent of sensor 7."""
    return outbox.sent(7, QUARTER, unit, since=NOON - 30 * DAY)


def test_what_the_server_confirmed_is_known_after_a_restart(path: Path, outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1.5, None, -2.0), *quarters(8, 9.0))
    waiting(outbox)
    outbox.close()

    with closing(in_unit(path, "kW")) as reopened:
        assert sent(reopened) == {NOON: 1.5, NOON + 2 * QUARTER: -2.0}
        assert reopened.sent(7, QUARTER, "kW", since=NOON + QUARTER) == {NOON + 2 * QUARTER: -2.0}
        described = reopened.sensors()[7]
        assert (described.last_sent, described.last_sent_start) == (-2.0, NOON + 2 * QUARTER)
        assert reopened.statistics().backlog == 0


def test_what_is_not_confirmed_was_not_sent(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2))
    outbox.blocks(maximum_values=100)

    assert sent(outbox) == {}


def test_the_last_two_days_are_known_and_no_more(outbox: Outbox) -> None:
    """Back-fill is older than that, and whoever stopped sending is forgotten with the next audit."""
    record(outbox, *quarters(7, 1, 2), *quarters(8, 3))
    record(
        outbox,
        *quarters(7, 4, start=NOON - SENT_IS_KNOWN_FOR - QUARTER),
        priority=Priority.BACKFILL,
    )
    waiting(outbox)
    assert sent(outbox) == {NOON: 1, NOON + QUARTER: 2}

    later = NOON + SENT_IS_KNOWN_FOR + QUARTER
    record(outbox, row(7, later, 5), now=later)
    outbox.confirm(*outbox.blocks(maximum_values=100), now=later)
    assert sent(outbox) == {NOON + QUARTER: 2, later: 5}
    assert outbox.sent(8, QUARTER, "kWh", since=NOON) == {NOON: 3}

    outbox.note_audit([7], now=later)
    assert outbox.sent(8, QUARTER, "kWh", since=NOON) == {}
    assert outbox.sensors()[7].audited_at == later
    assert outbox.sensors()[8].audited_at is None


def test_a_corrected_value_replaces_the_one_that_was_sent(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1))
    waiting(outbox)
    record(outbox, *quarters(7, 2))
    assert sent(outbox) == {}

    waiting(outbox)
    assert sent(outbox) == {NOON: 2}


def test_what_the_server_lost_waits_again_as_back_fill(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2, 3))
    waiting(outbox)
    record(outbox, *quarters(7, 4, start=NOON + 3 * QUARTER))

    assert outbox.resend(7, QUARTER, "kW", {NOON: 1, NOON + 2 * QUARTER: 3}) == 2

    fresh = quarters_block(7, 4, start=NOON + 3 * QUARTER)
    assert outbox.blocks(maximum_values=100) == [replace(fresh, unit="kW")]
    assert waiting(outbox) == {(7, NOON): 1, (7, NOON + 2 * QUARTER): 3, (7, NOON + 3 * QUARTER): 4}
    assert sent(outbox) == {NOON + index * QUARTER: index + 1 for index in range(4)}


def test_what_was_replaced_while_the_server_was_asked_is_not_sent_again(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2))
    waiting(outbox)
    lost = sent(outbox)
    record(outbox, *quarters(7, 5))
    waiting(outbox)
    record(outbox, *quarters(7, 6, start=NOON + QUARTER))

    assert outbox.resend(7, QUARTER, "kW", {NOON: 1, NOON + QUARTER: 2}) == 0
    assert outbox.resend(7, QUARTER, "kW", {}) == 0

    assert lost == {NOON: 1, NOON + QUARTER: 2}
    assert waiting(outbox) == {(7, NOON + QUARTER): 6}


def test_values_keep_the_unit_that_they_were_measured_in(path: Path, outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2))
    outbox.close()

    with closing(in_unit(path, "W")) as reopened:
        record(reopened, *quarters(7, 2500, 3000, start=NOON + QUARTER))
        first = quarters_block(7, 1)
        second = quarters_block(7, 2500, 3000, start=NOON + QUARTER)
        # The value in the old unit that the new one replaces is gone.
        assert reopened.blocks(maximum_values=100) == [replace(first, unit="kW")]
        reopened.confirm(replace(first, unit="kW"), now=NOON)
        assert reopened.blocks(maximum_values=100) == [replace(second, unit="W")]
        assert sent(reopened, "kW") == {NOON: 1}
        assert sent(reopened, "W") == {}


def test_a_value_in_one_unit_confirms_none_in_another(path: Path, outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1))
    blocks = outbox.blocks(maximum_values=100)
    outbox.close()
    with closing(in_unit(path, "W")) as reopened:
        record(reopened, *quarters(7, 1))

        assert reopened.confirm(*blocks, now=NOON) == 0
        assert reopened.statistics().backlog == 1


def test_what_no_longer_fits_can_be_thrown_away(path: Path, outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1, 2, 3), row(7, NOON, 4, HOUR), *quarters(8, 5))
    outbox.close()
    with closing(in_unit(path, "W")) as reopened:
        record(reopened, *quarters(7, 6, start=NOON + 3 * QUARTER))

        assert reopened.discard_unlike(7, QUARTER, "W") == 4
        assert waiting(reopened) == {(7, NOON + 3 * QUARTER): 6, (8, NOON): 5}
        assert reopened.discard_unlike(7, QUARTER, "W") == 0


def test_a_full_outbox_gives_up_what_the_server_has_before_what_it_has_not(
    path: Path, outbox: Outbox
) -> None:
    record(outbox, *quarters(7, *range(960)))
    waiting(outbox)
    record(outbox, *quarters(8, *range(960)))
    used = outbox_file.used_bytes(outbox._connection)
    outbox.close()

    bound = used - PAGE
    with closing(Outbox.open(path, now=NOON, units=UNITS, maximum_bytes=bound)) as full:
        record(full, *quarters(8, 1.0, start=NOON + 30 * DAY))

        assert sent(full) == {}
        assert (full.statistics().backlog, full.statistics().dropped) == (961, 0)


def test_a_file_of_the_first_version_keeps_what_waits_in_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(outbox_file._MIGRATIONS[0])
        noon = int(NOON.timestamp())
        connection.executemany(
            "INSERT INTO sensors VALUES (?, ?, NULL, ?)",
            [(7, noon + 1800, "not allowed"), (8, None, None)],
        )
        connection.execute("INSERT INTO series VALUES (3, 7, 900, 0), (5, 8, 900, 1)")
        connection.executemany(
            "INSERT INTO intervals VALUES (?, ?, ?)", [(3, noon, 1.5), (5, noon, 2.5)]
        )
        connection.execute("UPDATE counters SET count = 4 WHERE name = 'lost'")
        connection.execute("PRAGMA application_id = 0x464D6F62")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()

    with closing(Outbox.open(path, now=NOON, units=UNITS)) as outbox:
        assert outbox.set_aside is None
        assert outbox.statistics().lost == 4
        assert outbox.parked() == {7: "not allowed"}
        assert outbox.sensors()[7].recorded_until == NOON + 2 * QUARTER
        outbox.unpark(7)
        # Its unit is not known, so it is sent in the sensor's own; what is measured now has its unit beside it.
        assert outbox.blocks(maximum_values=100) == [
            quarters_block(7, 1.5),
            quarters_block(8, 2.5, priority=Priority.BACKFILL),
        ]
        record(outbox, *quarters(7, 3.0, start=NOON + QUARTER))
        assert waiting(outbox) == {(7, NOON): 1.5, (7, NOON + QUARTER): 3.0, (8, NOON): 2.5}


def test_a_file_that_is_damaged_while_in_use_begins_anew_in_place(path: Path) -> None:
    with closing(Outbox.open(path, now=NOON, units=UNITS)) as outbox:
        for sensor in range(20):
            record(outbox, *quarters(sensor, *range(96)))
        outbox._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with path.open("r+b") as file:
            file.seek(PAGE)
            file.write(random.Random(4).randbytes(path.stat().st_size - PAGE))
        # Otherwise what was read before would answer.
        outbox._connection.execute("PRAGMA shrink_memory")
        with pytest.raises(OutboxCorruptError):
            outbox.blocks(maximum_values=100)

        outbox.reopen(now=NOON)

        assert outbox.set_aside == path.with_name("outbox.sqlite.corrupt-20261122T120000Z")
        assert outbox.statistics().corrupt_files == 1
        record(outbox, *quarters(7, 1))
        assert outbox.blocks(maximum_values=100) == [replace(quarters_block(7, 1), unit="kW")]


def test_a_whole_file_is_kept_when_it_is_opened_anew(outbox: Outbox) -> None:
    record(outbox, *quarters(7, 1))

    outbox.reopen(now=NOON)

    assert outbox.set_aside is None
    assert waiting(outbox) == {(7, NOON): 1}


@pytest.mark.parametrize(
    ("stored", "is_different"),
    [
        (2.0, False),
        (2.0 * (1 + 5e-7), False),
        (2.0 * (1 + 5e-6), True),
        (-2.0, True),
        (0.0, True),
        (None, True),
    ],
)
def test_a_value_is_different_beyond_what_arithmetic_does_to_it(
    stored: float | None, is_different: bool
) -> None:
    different = different_values({NOON: 2.0}, {NOON: stored, NOON + QUARTER: 9.0})

    assert different == ({NOON: 2.0} if is_different else {})


def test_nearly_zero_is_zero_and_nothing_is_not() -> None:
    assert different_values({NOON: 0.0}, {NOON: 1e-12}) == {}
    assert different_values({NOON: 0.0}, {}) == {NOON: 0.0}
