"""How long the event loop is held up at a time, with 1,000 feeds: while their intervals close, are kept and are sent."""

import asyncio
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
import gc
import time
from unittest.mock import patch

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.flexmeasures.delivery import Delivery
from custom_components.flexmeasures.uploader import Uploader

from .feeds import BEGIN, RESOLUTION, fed_home
from .figures import Figure
from .simulated_time import let_pass
from .storing_server import StoringServer, Weather

_FEEDS = 1000
_TASKS = {"flexmeasures intervals": Uploader, "flexmeasures delivery": Delivery}
_SECOND = timedelta(seconds=1)
# The jitter before sending, and some of the sending.
_SENDING = timedelta(seconds=40)
_BOUNDARIES = 3


async def measure_callbacks() -> list[Figure]:
    """Watch what the tasks of measuring take per turn, over some boundaries."""
    with freeze_time(BEGIN) as clock:
        assert isinstance(clock, FrozenDateTimeFactory)
        server = StoringServer(_FEEDS, BEGIN, RESOLUTION, _BOUNDARIES + 2)
        await server.turn(Weather.WELL)
        try:
            async with fed_home(server.url, range(_FEEDS)) as (hass, _):
                gc.collect()
                gc.freeze()  # as Home Assistant does at its start
                await _pass_boundary(
                    hass, clock
                )  # what is done once, such as imports, is no cost of every day
                with _watch() as longest:
                    for _ in range(_BOUNDARIES):
                        await _pass_boundary(hass, clock)
        finally:
            gc.unfreeze()
            await server.stop()
    return [
        Figure(
            name=f"{_FEEDS:,} feeds: longest turn of the event loop, {part.__name__.lower()}",
            value=seconds * 1000,
            unit="ms",
            bound=1,
        )
        for part, seconds in longest.items()
    ]


async def _pass_boundary(hass: HomeAssistant, clock: FrozenDateTimeFactory) -> None:
    await let_pass(hass, clock, RESOLUTION - _SENDING)
    for _ in range(_SENDING // _SECOND):
        await let_pass(hass, clock, _SECOND)


@contextmanager
def _watch() -> Iterator[dict[type, float]]:
    """Yield the longest turns of what belongs to a part, in seconds of processor time."""
    longest: dict[type, float] = dict.fromkeys(_TASKS.values(), 0.0)
    run = events.Handle._run

    def timed(handle: events.Handle) -> None:
        part = _part(handle)
        began = time.thread_time()
        run(handle)
        if part in longest:
            longest[part] = max(longest[part], time.thread_time() - began)

    with patch.object(events.Handle, "_run", timed):
        yield longest


def _part(handle: events.Handle) -> type | None:
    """Return what a turn belongs to: that of a task by the task's name, that of a timer by who set it."""
    # typeshed does not tell of it.
    called: object = handle._callback  # type: ignore[attr-defined]
    for thing in (called, *(handle._args or ())):
        task = getattr(thing, "__self__", None)
        if isinstance(task, asyncio.Task):
            return _TASKS.get(task.get_name())
        target = getattr(getattr(thing, "job", thing), "target", None)
        if target is not None:
            return type(getattr(target, "__self__", None))
    return None
