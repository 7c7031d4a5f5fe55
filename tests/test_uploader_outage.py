"""Two hours without the server: what script/bench proves for a day of 200 feeds holds for 20, too."""

import asyncio
from datetime import timedelta

import pytest

from bench.outage import run_outage
from bench.storing_server import Weather

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture(autouse=True)
async def fast_event_loop() -> None:
    """Let the event loop not remember where each of a million callbacks was made, as it does in tests."""
    asyncio.get_running_loop().set_debug(False)


async def test_no_interval_is_lost_or_wrong_while_the_server_refuses_fails_and_hangs() -> None:
    seen = await run_outage(feeds=20, away=timedelta(hours=2))

    assert (seen.expected, seen.right) == (20 * 24, 20 * 24)
    assert seen.changed == 0
    assert seen.lost == 0


async def test_what_waited_comes_in_one_request_per_sensor_and_the_server_is_not_stormed() -> None:
    seen = await run_outage(feeds=5, away=timedelta(hours=3))

    assert seen.most_blocks == 1
    # An hour each: a post is tried at most every 4 minutes, the inventory and a reading as often, each three times.
    for weather in (Weather.UNAVAILABLE, Weather.HANGING):
        assert 12 < seen.requests[weather] < 150
