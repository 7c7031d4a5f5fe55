"""A call of each kind, answers as FlexMeasures and proxies give them, and the check that nothing is left of a call."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp
import pytest

from custom_components.flexmeasures.client import FlexMeasuresClient, InvalidInputError

from .fault_server import FaultServer, Reply

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)

HTML = (
    b"<html><head><title>502 Bad Gateway</title><style>p {}</style></head><body>nginx</body></html>"
)
DATE = {"Date": "Sun, 01 Mar 2026 00:00:00 GMT"}


async def read(client: FlexMeasuresClient) -> object:
    """A call that may be repeated, by GET."""
    return await client.get_asset(3)


async def post(client: FlexMeasuresClient) -> object:
    """A call that may be repeated, by POST."""
    return await client.post_sensor_data(3, start=START, duration=HOUR, values=[1.5], unit="kW")


async def trigger(client: FlexMeasuresClient) -> object:
    """A call that must not take effect twice."""
    return await client.trigger_schedule(3, start=START, duration=HOUR, flex_model={"sensor": 2})


async def add(client: FlexMeasuresClient) -> object:
    """Another call that must not take effect twice."""
    return await client.add_asset(name="battery", type_id=5, account_id=1)


def rejected(message: object) -> Reply:
    """FlexMeasures' answer to input that it refuses."""
    body = {"message": message, "result": "Rejected", "status": "UNPROCESSABLE_ENTITY"}
    return Reply(status=422, body=body)


def html(status: int) -> Reply:
    """A web page of a proxy."""
    return Reply(status=status, body=HTML, content_type="text/html; charset=utf-8")


def limited(**headers: str) -> Reply:
    """The answer of the rate limiter."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=429, body={"message": "You hit a rate limit."}, headers=headers)


async def nothing_is_left(
    client: FlexMeasuresClient,
    server: FaultServer,
    session: aiohttp.ClientSession,
    tasks: set[asyncio.Task[object]],
) -> None:
    """No task of ours, no connection on either side, no place in the budget."""
    await server.quiet()
    assert {task for task in asyncio.all_tasks() - tasks if "client" in repr(task)} == set()
    assert isinstance(session.connector, aiohttp.TCPConnector)
    assert not session.connector._acquired
    assert not session.connector._conns
    budget = client._connection.budget()
    assert (budget._in_flight, budget._waiting) == (0, [])
    assert (budget.triggers._in_flight, budget.triggers._waiting) == (0, [])


def limit_headers(limit: int, left: int, resets_in: int, *, skew: int = 0) -> dict[str, str]:
    """What FlexMeasures says about a limit, by a clock that is `skew` seconds wrong."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(1_772_366_400 + resets_in + skew),
        "Date": "Sun, 01 Mar 2026 12:00:00 GMT" if not skew else "Sun, 01 Mar 2026 13:00:00 GMT",
        "Retry-After": str(resets_in),
    }


async def assert_refused(call: Awaitable[object], field: str, server: FaultServer) -> None:
    """Check that a call is refused by the name of its argument before anything is sent."""
    with pytest.raises(InvalidInputError) as caught:
        await call

    assert caught.value.field == field
    assert server.requests == []
