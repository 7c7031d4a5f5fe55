"""Lets simulated time pass in a Home Assistant whose client and server use real connections."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flexmeasures.client.answers import Answer
from custom_components.flexmeasures.client.retries import Failure
from custom_components.flexmeasures.client.transport import Request, Transport

# After so many turns of the event loop in which no thread worked, whoever is not done waits for time. An exchange over
# loopback takes some dozens; one that takes more goes on at the next step.
_QUIET_TURNS = 200


@contextmanager
def watched_exchanges() -> Iterator[Callable[[], bool]]:
    """Give what tells whether a request waits for its answer, for `let_pass` with a server that always answers."""
    under_way = 0
    attempt = Transport._attempt

    async def counted(
        transport: Transport,
        request: Request,
        headers: Mapping[str, str],
        body: bytes | None,
        time_left: float,
    ) -> Answer | Failure:
        nonlocal under_way
        under_way += 1
        try:
            return await attempt(transport, request, headers, body, time_left)
        finally:
            under_way -= 1

    with patch.object(Transport, "_attempt", counted):
        yield lambda: under_way > 0


def never() -> bool:
    """Tell that no answer is waited for, with a server that may not answer."""
    return False


async def let_pass(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    step: timedelta,
    is_exchanging: Callable[[], bool] = never,
) -> None:
    """Let the time pass at once, and everything happen that is due then and need not wait for later.

    Unlike Home Assistant's own wait for all tasks this one ends while somebody waits for a server that is away, unless
    ``is_exchanging`` tells that the answer comes: how many turns it takes is the operating system's choice.
    """
    clock.tick(step)
    async_fire_time_changed(hass)
    turns = 0
    while turns < _QUIET_TURNS and any(map(_is_pending, hass._tasks | hass._background_tasks)):
        await asyncio.sleep(0)
        # Beside tasks there is what threads work at; what a background task gives them is in the background, too.
        in_threads = any(
            _is_pending(job)
            for job in hass._tasks | hass._background_tasks
            if not isinstance(job, asyncio.Task)
        )
        turns = 0 if in_threads or is_exchanging() else turns + 1


def _is_pending(task: asyncio.Future[object]) -> bool:
    return not task.done()
