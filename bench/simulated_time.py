"""Lets simulated time pass in a Home Assistant whose client and server use real connections."""

import asyncio
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

# After so many turns of the event loop in which no thread worked, whoever is not done waits for time. An exchange over
# loopback takes some dozens; one that takes more goes on at the next step.
_QUIET_TURNS = 200


async def let_pass(hass: HomeAssistant, clock: FrozenDateTimeFactory, step: timedelta) -> None:
    """Let the time pass at once, and everything happen that is due then and need not wait for later.

    Unlike Home Assistant's own wait for all tasks this one ends while somebody waits for a server that is away.
    """
    clock.tick(step)
    async_fire_time_changed(hass)
    turns = 0
    while turns < _QUIET_TURNS and any(map(_is_pending, hass._tasks | hass._background_tasks)):
        await asyncio.sleep(0)
        # Beside tasks there is what threads work at.
        in_threads = any(
            _is_pending(job) for job in hass._tasks if not isinstance(job, asyncio.Task)
        )
        turns = 0 if in_threads else turns + 1


def _is_pending(task: asyncio.Future[object]) -> bool:
    return not task.done()
