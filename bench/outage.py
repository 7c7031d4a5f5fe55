"""A day without the server: every interval of every feed is on it afterwards, with the right value.

Home Assistant, the entry with its feeds, the outbox on disk and the client with its connections are the real ones; the
clock is simulated, and the server is one that stores. The readings are given to the feeds directly, as the
state-change listener does, since a day of 200 entities has more changes than a machine can put into its state machine.

``python -m bench.outage FEEDS HOURS`` prints what came of it.
"""

# Before anything of Home Assistant, whose clock it makes one that can be set.
from pytest_homeassistant_custom_component import patch_time  # isort: skip  # noqa: F401

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
import logging
import math
import subprocess
import sys

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import orjson
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.running_feed import RunningFeed
from custom_components.flexmeasures.uploader import outbox_path

from .feeds import BEGIN, RESOLUTION, fed_home, meter_state
from .figures import Figure
from .own_memory import own_memory
from .simulated_time import let_pass, never, watched_exchanges
from .storing_server import StoringServer, Weather

_SLOT_SECONDS = 300
_STEP = timedelta(seconds=5)
# The longest pause after a failure, the minutes that 200 blocks take within the budget of requests, and patience.
_LONGEST_RECOVERY = timedelta(hours=2)
# A post that began before the last interval closed, with what was read then, has been given up after this.
_LONGEST_ATTEMPT = timedelta(seconds=120)
_BYTES = 1e6
_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What came of it.

    Attributes:
        expected: intervals that closed while the server was away.
        right: those of them that the server has, with the value that they had.
        most_blocks: accepted posts that carried them, of the sensor with the most.
        changed: values that came twice and not alike.
        requests: what reached the server while it was away, by weather.
        lost: what the integration says that it lost or dropped.
        outbox_bytes: the largest size of the outbox on disk, with its log.
        memory_growth: KiB that the process had more than at the begin, at the most.
    """

    expected: int
    right: int
    most_blocks: int
    changed: int
    requests: dict[Weather, int]
    lost: int
    outbox_bytes: int
    memory_growth: int


async def measure_outage() -> list[Figure]:
    """Let 200 feeds change every second for a day, without the server."""
    # A process that has measured other things has memory to spare, into which this would grow unseen.
    process = await asyncio.create_subprocess_exec(
        sys.executable, *("-m", __name__, "200", "24"), stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the day without the server failed")
    seen = Outage(**orjson.loads(output))
    name = "a day without the server, 200 feeds, a change a second"
    wrong = seen.expected - seen.right + seen.changed + seen.lost
    return [
        Figure(
            name=f"{name}: of {seen.expected:,} intervals, missing or wrong",
            value=wrong,
            unit="intervals",
            bound=0,
        ),
        Figure(
            name=f"{name}: requests per sensor and block",
            value=seen.most_blocks,
            unit="requests",
            bound=1,
        ),
        Figure(
            name=f"{name}: outbox with its log, at most",
            value=seen.outbox_bytes / _BYTES,
            unit="MB",
            bound=3,
        ),
        Figure(
            name=f"{name}: memory growth, at most",
            value=seen.memory_growth * _KIB / _BYTES,
            unit="MB",
            bound=10,
        ),
        *(
            Figure(
                name=f"{name}: requests while it was {weather}",
                value=seen.requests.get(weather, 0),
                unit="requests",
            )
            for weather in (Weather.UNAVAILABLE, Weather.HANGING)
        ),
    ]


async def run_outage(*, feeds: int, away: timedelta) -> Outage:
    """Take the server away, a third of the time in each way, then let it be well and look at what it has.

    Raises:
        RuntimeError: the entry could not be set up.
    """
    with freeze_time(BEGIN) as clock:
        assert isinstance(clock, FrozenDateTimeFactory)
        slots = (away + _LONGEST_RECOVERY) // RESOLUTION + 1
        server = StoringServer(feeds, BEGIN, RESOLUTION, slots)
        await server.turn(Weather.WELL)
        first = [_watts(number, 0) for number in range(feeds)]
        try:
            async with fed_home(server.url, first) as (hass, entry):
                day = _Day(hass, entry, clock, server, slots)
                await day.pass_away(away)
                return day.outcome(away)
        finally:
            await server.stop()


def _watts(number: int, second: int) -> int:
    """Return what an entity shows in a second: no two intervals of a feed have the same mean."""
    slot, within = divmod(second, _SLOT_SECONDS)
    return 100 * number + slot + within


def _expected(number: int, slot: int) -> float:
    """Return the mean over the interval's 300 seconds; the sensor stores consumption in kW and negative."""
    return -(100 * number + slot + (_SLOT_SECONDS - 1) / 2) / 1000


class _Day:
    """Lets readings and time pass, and watches what that takes."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        clock: FrozenDateTimeFactory,
        server: StoringServer,
        slots: int,
    ) -> None:
        self._hass = hass
        self._clock = clock
        self._server = server
        self._delivery = entry.runtime_data.delivery
        self._feeds: list[RunningFeed] = entry.runtime_data.uploader.feeds
        self._outbox = outbox_path(hass, entry.entry_id)
        self._second = 0
        most = _watts(len(self._feeds), slots * _SLOT_SECONDS) + _SLOT_SECONDS
        self._states = [meter_state(watts) for watts in range(most)]
        self._memory = own_memory()
        self._growth = 0
        self._outbox_bytes = 0

    async def pass_away(self, away: timedelta) -> None:
        """Let the server be away, a third of the time in each way, and come back."""
        for weather in (Weather.REFUSING, Weather.UNAVAILABLE, Weather.HANGING):
            await self._server.turn(weather)
            await self._pass(away / 3)
        await self._pass(_LONGEST_ATTEMPT)
        await self._server.turn(Weather.WELL)
        # Now every request is answered, however long that takes a machine that is busy with other things.
        with watched_exchanges() as is_exchanging:
            for _ in range(_LONGEST_RECOVERY // RESOLUTION):
                await self._pass(RESOLUTION, is_exchanging)
                if not self._delivery.statistics.backlog:
                    break

    async def _pass(self, duration: timedelta, is_exchanging: Callable[[], bool] = never) -> None:
        for _ in range(duration // _STEP):
            for _ in range(_STEP // timedelta(seconds=1)):
                self._show()
                self._second += 1
            await let_pass(self._hass, self._clock, _STEP, is_exchanging)
            if self._second % _SLOT_SECONDS == 0:
                self._weigh()

    def _show(self) -> None:
        """Let every entity change."""
        moment = BEGIN + timedelta(seconds=self._second)
        for number, feed in enumerate(self._feeds):
            feed.take(self._states[_watts(number, self._second)], moment)

    def _weigh(self) -> None:
        size = sum(
            file.stat().st_size for file in self._outbox.parent.glob(f"{self._outbox.name}*")
        )
        self._outbox_bytes = max(self._outbox_bytes, size)
        if self._second % 3600 == 0:
            self._growth = max(self._growth, own_memory() - self._memory)

    def outcome(self, away: timedelta) -> Outage:
        """Compare what the server has with what was shown."""
        slots = away // RESOLUTION
        right = sum(
            math.isclose(self._server.stored(number)[slot], _expected(number, slot), rel_tol=1e-12)
            for number in range(len(self._feeds))
            for slot in range(slots)
        )
        statistics = self._delivery.statistics
        return Outage(
            expected=len(self._feeds) * slots,
            right=right,
            most_blocks=max(self._server.posts_before(slots).values()),
            changed=self._server.changed,
            requests={
                weather: self._server.requests[weather]
                for weather in (Weather.UNAVAILABLE, Weather.HANGING)
            },
            lost=statistics.lost + statistics.dropped,
            outbox_bytes=self._outbox_bytes,
            memory_growth=max(self._growth, own_memory() - self._memory),
        )


if __name__ == "__main__":
    logging.disable()
    feeds, hours = map(int, sys.argv[1:])
    outcome = asyncio.run(run_outage(feeds=feeds, away=timedelta(hours=hours)))
    sys.stdout.write(orjson.dumps(outcome, option=orjson.OPT_NON_STR_KEYS).decode())
