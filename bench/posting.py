"""What the client costs beside the bare libraries it stands on."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median
import time

import aiohttp
import orjson

from custom_components.flexmeasures.client import Credentials, FlexMeasuresClient

from .figures import Figure
from .server import FIRST_SENSOR, running_server

_START = datetime(2026, 11, 22, tzinfo=UTC)
_STEP = timedelta(minutes=15)
_ROUNDS = 15
# Posts of one round by the number of values, so that each round takes long beside the clock's resolution.
_POSTS = {1: 60, 96: 60, 10_000: 8}

type Post = Callable[[], Awaitable[object]]


async def measure_posting() -> list[Figure]:
    """Post 1, 96 and 10,000 values with the client and without it, in turns."""
    figures = []
    async with running_server(1) as url, aiohttp.ClientSession() as session:
        client = FlexMeasuresClient(session, url, Credentials("someone@example.com", "password"))
        for count, posts in _POSTS.items():
            values = [index / 7 for index in range(count)]

            def with_client(values: list[float] = values) -> Awaitable[object]:
                return client.post_sensor_data(
                    FIRST_SENSOR,
                    start=_START,
                    duration=len(values) * _STEP,
                    values=values,
                    unit="kW",
                )

            def bare(values: list[float] = values) -> Awaitable[object]:
                return _bare_post(session, url, values)

            ours, theirs = await _compare(with_client, bare, posts)
            name = f"a post of {count:,} values"
            figures.append(Figure(name=f"{name}: processor time", value=ours * 1000, unit="ms"))
            figures.append(
                Figure(
                    name=f"{name}: relative to aiohttp and orjson",
                    value=ours / theirs,
                    unit="times",
                )
            )
    return figures


async def _compare(ours: Post, theirs: Post, posts: int) -> tuple[float, float]:
    """Return seconds of processor time per post for both: medians of rounds that alternate."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for post, taken in zip((ours, theirs), times, strict=True):
            began = time.process_time()
            for _ in range(posts):
                await post()
            taken.append((time.process_time() - began) / posts)
    return median(times[0]), median(times[1])


async def _bare_post(session: aiohttp.ClientSession, url: str, values: list[float]) -> object:
    body = {
        "start": _START.isoformat(),
        "duration": f"PT{len(values) * 15}M",
        "values": values,
        "unit": "kW",
    }
    async with session.post(
        f"{url}/api/v3_0/sensors/{FIRST_SENSOR}/data",
        data=orjson.dumps(body),
        headers={"Authorization": "token", "Content-Type": "application/json"},
    ) as response:
        response.raise_for_status()
        answer: object = orjson.loads(await response.read())
        return answer
