"""Home Assistant with feeds, killed a hundred times: what was closed before is on the server afterwards.

Each worker is a forked process with a real Home Assistant core, the entry with its feeds, the outbox on disk, the
client, and a server that appends what it takes to a file. The next worker goes on with the disk that the last one left.
"""

# Before anything of Home Assistant, whose clock it makes one that can be set: tests run this in processes of their own.
from pytest_homeassistant_custom_component import patch_time  # isort: skip  # noqa: F401

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
import os
from pathlib import Path
import random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from aiohttp import web
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
import orjson

from custom_components.flexmeasures.measurements import Block, Interval, Outbox

from .feeds import BEGIN, RESOLUTION, fed_home, show
from .figures import Figure
from .kills import (
    AFTER_CONFIRM,
    AFTER_RECORD,
    BEFORE_CONFIRM,
    BEFORE_RECORD,
    INSIDE_CALL,
    kill_one,
)
from .server import FIRST_SENSOR, make_application
from .simulated_time import let_pass, watched_exchanges

_STEP = timedelta(seconds=30)
_FEEDS = 20
# A boundary takes two words for recording, and two for every confirmed block.
_MOST_WORDS = 80
_KILLS = 100
# Of the answers; what the server stored then comes once more.
_LOST = 0.25
# Of kilowatts: a mean of whole watts is off by a rounding error.
_DECIMALS = 9

type Stored = dict[tuple[int, int], set[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """What came of it.

    Attributes:
        inside: kills that met a record or a confirmation under way.
        closed: intervals of which the outbox said that they are recorded.
        missing: those of them that the server does not have.
        wrong: intervals of which the server got another value than was shown, ever.
    """

    kills: int
    inside: int
    closed: int
    missing: int
    wrong: int


def measure_kills() -> list[Figure]:
    """Kill a hundred times."""
    with TemporaryDirectory() as folder:
        seen = kill_many(Path(folder), _KILLS, seed=1)
    name = f"{seen.kills} kills of Home Assistant, {seen.inside} of them during a write"
    return [
        Figure(
            name=f"{name}: of {seen.closed:,} closed intervals, missing or wrong",
            value=seen.missing + seen.wrong,
            unit="intervals",
            bound=0,
        )
    ]


def kill_many(folder: Path, kills: int, seed: int) -> Survival:
    """Kill so many workers, let the last one bring everything to the server, and look what that has."""
    files = _Files(folder)
    chance = random.Random(seed)
    with freeze_time(BEGIN) as clock:
        assert isinstance(clock, FrozenDateTimeFactory)
        work = partial(_work, files, clock)
        inside = sum(kill_one(work, chance, _MOST_WORDS) in INSIDE_CALL for _ in range(kills))
        _run_to_the_end(files, clock)
    recorded, stored = files.recorded.read(), files.stored.read()
    return Survival(
        kills=kills,
        inside=inside,
        closed=len(recorded),
        missing=len(recorded.keys() - stored.keys()),
        wrong=sum(values != {_kilowatts(*key)} for key, values in stored.items()),
    )


class _Lines:
    """A file that is only appended to, an interval and its value a line: what was written outlives the writer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, rows: Iterable[tuple[int, datetime, float | None]]) -> None:
        """Write sensor, start and value of intervals, those without value left out."""
        text = "".join(
            f"{sensor - FIRST_SENSOR} {(start - BEGIN) // RESOLUTION} {value!r}\n"
            for sensor, start, value in rows
            if value is not None
        )
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, text.encode())
        os.close(descriptor)

    def read(self) -> Stored:
        """Return all values that were ever written, by feed and slot."""
        found: Stored = defaultdict(set)
        for line in self._path.read_text().splitlines():
            feed, slot, value = line.split()
            found[int(feed), int(slot)].add(round(float(value), _DECIMALS))
        return found


class _Files:
    """The disk as it is after the last kill: Home Assistant's folder, and three files beside it.

    Attributes:
        recorded: intervals, after the outbox said that they are recorded.
        stored: intervals that the server has, before it answers.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.recorded = _Lines(folder / "recorded")
        self.stored = _Lines(folder / "stored")
        self._steps = folder / "steps"

    @property
    def now(self) -> datetime:
        """How far simulated time has come."""
        steps = self._steps.stat().st_size if self._steps.exists() else 0
        return BEGIN + steps * _STEP

    def waiting(self) -> int:
        """Return how many intervals are in the outbox."""
        (path,) = self.home.rglob("*.sqlite")
        outbox = Outbox.open(path, now=self.now)
        try:
            return outbox.statistics().backlog
        finally:
            outbox.close()

    def note_step(self) -> None:
        """Take note that a step has begun: time never goes back."""
        with self._steps.open("ab") as file:
            file.write(b".")


def _watts(time: datetime) -> list[int]:
    """Return what the meters show: they change with every slot, and not within one."""
    slot = (time - BEGIN) // RESOLUTION
    return [100 * feed + slot for feed in range(_FEEDS)]


def _kilowatts(feed: int, slot: int) -> float:
    """Return what the sensor stores for a slot: consumption is negative there."""
    return round(-(100 * feed + slot) / 1000, _DECIMALS)


def _work(files: _Files, clock: FrozenDateTimeFactory, chance: random.Random, says: int) -> None:
    """Measure and send until the kill."""
    with _speaking(files, says):
        asyncio.run(_live(files, clock, chance))


def _run_to_the_end(files: _Files, clock: FrozenDateTimeFactory) -> None:
    """Let workers end in order, with a server that answers always, until that has everything.

    A slot that ends when a worker ends is written then, and sent by the next one.
    """
    with _speaking(files, None):
        asyncio.run(_live(files, clock, None))
        while files.waiting():
            asyncio.run(_live(files, clock, None))


@contextmanager
def _speaking(files: _Files, says: int | None) -> Iterator[None]:
    """Have the outbox tell when it begins and ends a write, and take note of what it recorded."""
    record, confirm = Outbox.record, Outbox.confirm

    def say(word: bytes) -> None:
        if says is not None:
            os.write(says, word)

    def recorded(
        outbox: Outbox, rows: Iterable[tuple[int, timedelta, Interval]], *, now: datetime
    ) -> None:
        rows = list(rows)
        say(BEFORE_RECORD)
        record(outbox, rows, now=now)
        files.recorded.append((sensor, slot.start, slot.value) for sensor, _, slot in rows)
        say(AFTER_RECORD)

    def confirmed(outbox: Outbox, *blocks: Block, now: datetime) -> int:
        say(BEFORE_CONFIRM)
        removed = confirm(outbox, *blocks, now=now)
        say(AFTER_CONFIRM)
        return removed

    with patch.object(Outbox, "record", recorded), patch.object(Outbox, "confirm", confirmed):
        yield


async def _live(files: _Files, clock: FrozenDateTimeFactory, chance: random.Random | None) -> None:
    """Run Home Assistant from where the last one ended: for ever, or without chance until nothing is left to send."""
    clock.move_to(files.now)
    runner = web.AppRunner(
        make_application(
            _FEEDS, resolution=RESOLUTION, take_values=partial(_take_values, files, chance)
        )
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    with watched_exchanges() as is_exchanging:
        async with fed_home(url, _watts(files.now), files.home) as (hass, entry):
            delivery = entry.runtime_data.delivery
            while chance is not None or delivery.statistics is None or delivery.statistics.backlog:
                files.note_step()
                await let_pass(hass, clock, _STEP, is_exchanging)
                show(hass, _watts(files.now))
    await runner.cleanup()


async def _take_values(
    files: _Files, chance: random.Random | None, request: web.Request
) -> web.Response:
    """Store the values; some answers get lost on their way."""
    sensor = int(request.match_info["id"])
    body = orjson.loads(await request.read())
    start = datetime.fromisoformat(body["start"])
    files.stored.append(
        (sensor, start + index * RESOLUTION, value) for index, value in enumerate(body["values"])
    )
    if chance is not None and chance.random() < _LOST:
        return web.Response(status=503)
    return web.json_response({"status": "ACCEPTED", "job": "1"}, status=202)
