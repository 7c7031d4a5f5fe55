"""Time for many sleepers at once: it goes on to the next one when all of them sleep."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
import heapq
from itertools import count

from custom_components.flexmeasures.client import Timing


@dataclass
class Line:
    """Time that goes on to the next sleeper when everybody sleeps."""

    now: float = 0.0
    _sleepers: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    async def sleep(self, seconds: float) -> None:
        """Sleep until the line has come that far."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), future))
        await future

    def timing(self) -> Timing:
        """Return it as a budget wants it."""
        return Timing(sleep=self.sleep, clock=lambda: self.now)

    async def run(self, *coroutines: Awaitable[None]) -> None:
        """Run all of these to their end."""
        tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
        while not all(task.done() for task in tasks):
            for _ in range(5):
                await asyncio.sleep(0)
            while self._sleepers and self._sleepers[0][2].done():
                heapq.heappop(self._sleepers)
            if self._sleepers and not all(task.done() for task in tasks):
                self.now, _, future = heapq.heappop(self._sleepers)
                future.set_result(None)
        for task in tasks:
            task.result()
