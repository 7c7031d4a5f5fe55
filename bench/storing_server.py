"""A server that stores what it is sent, and is away in every way that a real one might be."""

from array import array
import asyncio
from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum
import math

from aiohttp import web
import orjson

from .server import FIRST_SENSOR, Handler, make_application


class Weather(StrEnum):
    """How the server meets requests."""

    WELL = "well"
    REFUSING = "refusing"  # nobody listens at its port
    UNAVAILABLE = "unavailable"  # 503 to everything
    HANGING = "hanging"  # takes the request and never answers


class StoringServer:
    """Listens on loopback, in the event loop of whoever measures.

    Attributes:
        changed: how many values came that differ from what was stored for the same interval.
        requests: how many reached it, by weather.
    """

    def __init__(self, sensors: int, begin: datetime, resolution: timedelta, slots: int) -> None:
        """Prepare storing so many intervals of each sensor, the first one at the begin."""
        self.changed = 0
        self.requests: Counter[Weather] = Counter()
        self._sensors = sensors
        self._begin = begin
        self._resolution = resolution
        self._stored = [array("d", [math.nan]) * slots for _ in range(sensors)]
        self._posts: list[tuple[int, int]] = []
        self._weather = Weather.REFUSING
        self._change = asyncio.Event()
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens, or did."""
        return f"http://127.0.0.1:{self._port}"

    def stored(self, sensor: int) -> array[float]:
        """Return the values of a sensor, counted from 0; not a number where nothing came."""
        return self._stored[sensor]

    def posts_before(self, slot: int) -> Counter[int]:
        """Return how many posts it took that begin before the slot, by sensor."""
        return Counter(sensor for sensor, first in self._posts if first < slot)

    async def turn(self, weather: Weather) -> None:
        """Meet requests like this from now on; those that hang are cut off."""
        self._weather = weather
        self._change.set()
        self._change = asyncio.Event()
        if weather is Weather.REFUSING:
            await self.stop()
        elif self._runner is None:
            await self._listen()

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _listen(self) -> None:
        application = make_application(
            self._sensors,
            resolution=self._resolution,
            take_values=self._take_values,
            before=[self._meet],
        )
        # Its connections end with it: in simulated time nobody waits for them.
        self._runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    @web.middleware
    async def _meet(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests[self._weather] += 1
        match self._weather:
            case Weather.UNAVAILABLE:
                return web.json_response({"message": "down for maintenance"}, status=503)
            case Weather.HANGING:
                await self._change.wait()
                if request.transport is not None:
                    request.transport.abort()
        return await handler(request)

    async def _take_values(self, request: web.Request) -> web.Response:
        sensor = int(request.match_info["id"]) - FIRST_SENSOR
        body = orjson.loads(await request.read())
        first = (datetime.fromisoformat(body["start"]) - self._begin) // self._resolution
        stored = self._stored[sensor]
        for slot, value in enumerate(body["values"], first):
            if value is not None:
                self.changed += not math.isnan(stored[slot]) and stored[slot] != value
                stored[slot] = value
        self._posts.append((sensor, first))
        return web.json_response({"status": "ACCEPTED", "job": "1"}, status=202)
