"""A program that talks to the server with the clients that are compared.

``python -m bench.rivals posts URL VALUES ONE OTHER`` tells the processor time of a post with two of them in seconds, one
line per round. ``python -m bench.rivals begin URL CLIENT CALLERS`` makes so many first calls of a new client at once.

There is no Home Assistant where it runs: the folder of our client stands alone, beside the other client.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
import gc
import sys
import time
from typing import Protocol, override

import aiohttp
import orjson

_SENSOR = 100
_EMAIL = "someone@example.com"
_PASSWORD = "password"  # noqa: S105 (of nobody)
_BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
_STEP = timedelta(minutes=15)
# Short rounds in quick turns: whatever else the machine does meets all of them alike. The first ones sign in, connect
# and warm up.
_ROUNDS = 60
_WARM_UP = 3
# Posts of one round by the number of values, so that each round takes long beside the clock's resolution.
_POSTS = {1: 26, 96: 26, 10_000: 6}


class Rival(Protocol):
    """One way to talk to a server."""

    def post(self, start: datetime, values: list[float]) -> Awaitable[object]:
        """Post kilowatts in quarter-hours."""

    def read(self) -> Awaitable[object]:
        """Make a call that needs a token."""


class BareLibraries(Rival):
    """What both clients stand on, as a program would use it that knows its server and forgives it nothing."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Use the token that the server gives everybody."""
        self._session = session
        self._url = f"{url}/api/v3_0"

    @override
    async def post(self, start: datetime, values: list[float]) -> object:
        body = {
            "start": start.isoformat(),
            "duration": f"PT{len(values) * 15}M",
            "values": values,
            "unit": "kW",
        }
        async with self._session.post(
            f"{self._url}/sensors/{_SENSOR}/data",
            data=orjson.dumps(body),
            headers={"Authorization": "token", "Content-Type": "application/json"},
        ) as response:
            response.raise_for_status()
            answer: object = orjson.loads(await response.read())
            return answer

    @override
    def read(self) -> Awaitable[object]:
        raise NotImplementedError("it cannot sign in")


class OurClient(Rival):
    """The client of this repository."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Import it here, because importing it is measured elsewhere."""
        from custom_components.flexmeasures.client import (  # noqa: PLC0415
            Credentials,
            FlexMeasuresClient,
        )

        self._client = FlexMeasuresClient(session, url, Credentials(_EMAIL, _PASSWORD))

    @override
    def post(self, start: datetime, values: list[float]) -> Awaitable[object]:
        return self._client.post_sensor_data(
            _SENSOR, start=start, duration=len(values) * _STEP, values=values, unit="kW"
        )

    @override
    def read(self) -> Awaitable[object]:
        return self._client.get_assets()


class FlexMeasuresClientPackage(Rival):
    """The client that FlexMeasures' makers publish."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Import it here, because importing it is measured elsewhere."""
        from flexmeasures_client import FlexMeasuresClient  # noqa: PLC0415

        self._client = FlexMeasuresClient(
            session=session, host=url.removeprefix("http://"), email=_EMAIL, password=_PASSWORD
        )

    @override
    def post(self, start: datetime, values: list[float]) -> Awaitable[object]:
        posted: Awaitable[object] = self._client.post_sensor_data(
            _SENSOR, start=start, duration=len(values) * _STEP, values=values, unit="kW"
        )
        return posted

    @override
    def read(self) -> Awaitable[object]:
        assets: Awaitable[object] = self._client.get_assets(parse_json_fields=True)
        return assets


RIVALS: dict[str, Callable[[aiohttp.ClientSession, str], Rival]] = {
    "bare": BareLibraries,
    "ours": OurClient,
    "theirs": FlexMeasuresClientPackage,
}


async def _measure_posts(url: str, count: int, pair: list[str]) -> None:
    values = [index / 7 for index in range(count)]
    # A window of its own for each: of two posts of one window in one second FlexMeasures loses one.
    length = count * _STEP
    windows = [_BEGIN + number * length for number in range(_POSTS[count])]
    async with AsyncExitStack() as stack:
        rivals = [
            RIVALS[name](await stack.enter_async_context(aiohttp.ClientSession()), url)
            for name in pair
        ]
        for number in range(_WARM_UP + _ROUNDS):
            starts = [start + number * len(windows) * length for start in windows]
            order = (0, 1) if number % 2 else (1, 0)
            times = {index: await _processor_time(rivals[index], starts, values) for index in order}
            if number >= _WARM_UP:
                print(times[0], times[1])


async def _processor_time(rival: Rival, starts: list[datetime], values: list[float]) -> float:
    # The garbage and the caches are the other one's: neither they nor the first post count.
    gc.collect()
    first, *others = starts
    await rival.post(first, values)
    began = time.process_time()
    for start in others:
        await rival.post(start, values)
    return (time.process_time() - began) / len(others)


async def _begin(url: str, name: str, callers: int) -> None:
    async with aiohttp.ClientSession() as session:
        rival = RIVALS[name](session, url)
        await asyncio.gather(*(rival.read() for _ in range(callers)))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["posts", url, values, *pair]:
            asyncio.run(_measure_posts(url, int(values), pair))
        case ["begin", url, client, callers]:
            asyncio.run(_begin(url, client, int(callers)))
