"""Records, sends and confirms until it is killed, many times; runs in a process of its own.

The starter forks a worker, lets it come a random number of steps far, and kills it with SIGKILL at a random instant.
The next worker goes on with what the last one left on the disk. Beside the outbox there are two files that a worker
only appends to, one line per write: a line that was written outlives the worker.

* ``recorded``: a boundary, after the outbox said that it is recorded;
* ``stored``: an interval that the server has, before the outbox is told that it is confirmed.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
import os
from pathlib import Path
import random
import warnings

from bench.kills import (
    AFTER_CONFIRM,
    AFTER_RECORD,
    BEFORE_CONFIRM,
    BEFORE_RECORD,
    INSIDE_CALL,
    kill_one,
)
from custom_components.flexmeasures.measurements.intervals import Interval
from custom_components.flexmeasures.measurements.outbox import Outbox
from custom_components.flexmeasures.measurements.outbox_models import Block

SENSORS = range(1, 21)
RESOLUTION = timedelta(minutes=5)
BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
MOST_WORDS = 30


def first_value(sensor: int, boundary: int) -> float:
    """Return what is recorded when the interval has closed."""
    return sensor + boundary / 7


def final_value(sensor: int, boundary: int) -> float:
    """Return what replaces it at the next boundary."""
    return -first_value(sensor, boundary)


def record_boundary(outbox: Outbox, boundary: int) -> None:
    """Record the intervals that closed at a boundary, and correct those of the one before."""
    versions = [(boundary, first_value)] + ([(boundary - 1, final_value)] if boundary else [])
    rows = [
        (
            sensor,
            RESOLUTION,
            Interval(start=BEGIN + at * RESOLUTION, value=value(sensor, at), coverage=1.0),
        )
        for at, value in versions
        for sensor in SENSORS
    ]
    outbox.record(rows, now=BEGIN)


class Files:
    """The disk as it is after the last kill."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "outbox.sqlite"
        self._recorded = folder / "recorded"
        self._stored = folder / "stored"

    @contextmanager
    def outbox(self) -> Iterator[Outbox]:
        """Open the outbox; nothing of it may ever be damaged."""
        with closing(Outbox.open(self.database, now=BEGIN)) as outbox:
            assert outbox.set_aside is None
            yield outbox

    def next_boundary(self) -> int:
        """Return the first boundary of which nobody said that it is recorded."""
        return len(self._recorded.read_bytes().splitlines()) if self._recorded.exists() else 0

    def note_recorded(self, boundary: int) -> None:
        """Take note that the outbox has said so."""
        _append(self._recorded, f"{boundary}\n")

    def store(self, block: Block) -> None:
        """Do what the server does with a block."""
        lines = (
            f"{block.sensor_id} {(block.start + index * block.step - BEGIN) // RESOLUTION} {value!r}\n"
            for index, value in enumerate(block.values)
            if value is not None
        )
        _append(self._stored, "".join(lines))

    def stored(self) -> dict[tuple[int, int], float]:
        """Return the server's last value of each sensor and boundary."""
        rows = (line.split() for line in self._stored.read_text().splitlines())
        return {(int(sensor), int(boundary)): float(value) for sensor, boundary, value in rows}


def _append(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, text.encode())
    os.close(descriptor)


def work(files: Files, chance: random.Random, says: int) -> None:
    """Record and send for ever; every fourth answer is lost, and some come after the next boundary."""
    with files.outbox() as outbox:
        boundary = files.next_boundary()
        while True:
            sent = outbox.blocks(maximum_values=chance.randint(1, 50))
            for block in sent:
                files.store(block)
            if chance.random() < 0.7:
                os.write(says, BEFORE_RECORD)
                record_boundary(outbox, boundary)
                files.note_recorded(boundary)
                os.write(says, AFTER_RECORD)
                boundary += 1
            answered = [block for block in sent if chance.random() < 0.75]
            os.write(says, BEFORE_CONFIRM)
            outbox.confirm(*answered, now=BEGIN)
            os.write(says, AFTER_CONFIRM)


def kill_many(folder: Path, kills: int, seed: int) -> int:
    """Kill so many workers, and return how many of them were inside a call of the outbox."""
    warnings.simplefilter("error")
    files = Files(folder)
    chance = random.Random(seed)
    worker = partial(work, files)
    return sum(kill_one(worker, chance, MOST_WORDS) in INSIDE_CALL for _ in range(kills))
