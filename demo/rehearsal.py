"""Rehearses the worst evening: the server away, Home Assistant killed; then reads every interval back."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from custom_components.flexmeasures import const as names
from custom_components.flexmeasures.client import FlexMeasuresClient

from .flexmeasures_server import FlexMeasuresServer
from .home_assistant import HomeAssistant
from .readback import read_back, report
from .site import MINUTE, Site

# Some whole minutes that are stored before anything happens, to compare like with like.
BEFORE = timedelta(minutes=2)
AWAY = timedelta(minutes=10)
KILLED_AFTER = timedelta(minutes=3, seconds=20)
DEAD = timedelta(minutes=1)
# What is measured in peace after the server came back.
AFTER = timedelta(minutes=2)
# Home Assistant looks for a server that was away at its start twice as late each time: after ten minutes 320 s apart.
BACK_SECONDS = 400
# What has just closed is sent within 20 s, and then takes the server's worker a moment.
SENT_SECONDS = 40
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What the comparison has to know; all aware, in UTC.

    Attributes:
        begin: the first whole minute that counts.
        restarted: when Home Assistant was started again after it had been killed.
        end: the end of the last minute that counts.
    """

    begin: datetime
    restarted: datetime
    end: datetime


class Outage:
    """Ten minutes without FlexMeasures, in which Home Assistant is killed and starts again."""

    def __init__(
        self,
        home: HomeAssistant,
        server: FlexMeasuresServer,
        client: FlexMeasuresClient,
        site: Site,
        say: Callable[[str], None],
    ) -> None:
        """Take a home that is configured; what happens is told to `say`."""
        self._home = home
        self._server = server
        self._client = client
        self._site = site
        self._say = say

    async def rehearse(self) -> bool:
        """Let it happen, print how many intervals arrived, and return whether all did that could."""
        timeline = await self._happen()
        found = await read_back(
            self._client,
            self._home.database,
            self._site.measured,
            begin=timeline.begin,
            restarted=timeline.restarted,
            end=timeline.end,
        )
        print(report(found))
        return not any(each.lost or each.wrong for each in found)

    async def _happen(self) -> Timeline:
        begin = _next_minute()
        await _until(begin + BEFORE)
        stopped = datetime.now(UTC)
        await asyncio.to_thread(self._server.stop)
        self._say("the server is away")
        await _until(stopped + KILLED_AFTER)
        await self._home.kill()
        self._say("Home Assistant is killed")
        await asyncio.sleep(DEAD.total_seconds())
        restarted = datetime.now(UTC)
        await self._home.start()
        self._say(f"Home Assistant is back; FlexMeasures: {await self._entry_state()}")
        await _until(stopped + AWAY)
        await asyncio.to_thread(self._server.start)
        self._say(f"the server is back; FlexMeasures: {await self._entry_state()}")
        end = _next_minute() + AFTER
        await _until(end)
        await self._settle()
        return Timeline(begin=begin, restarted=restarted, end=end)

    async def _entry_state(self) -> str:
        entries = await self._home.api.entries(names.DOMAIN)
        return str(entries[0]["state"])

    async def _settle(self) -> None:
        """Wait until what was measured could be sent; where it was not, it will be found lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(BACK_SECONDS):
                while await self._entry_state() != "loaded":
                    await asyncio.sleep(POLL_SECONDS)
                self._say("FlexMeasures is set up again")
                await asyncio.sleep(SENT_SECONDS)


def _next_minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) + MINUTE


async def _until(moment: datetime) -> None:
    await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
