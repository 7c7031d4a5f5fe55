"""Brings the outbox to the server: oldest first, confirmed one by one, and no sensor waits for another's trouble."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
import random

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .alarm import Alarm
from .block_sender import BlockSender
from .client import (
    AuthenticationError,
    FlexMeasuresClient,
    FlexMeasuresError,
    RateLimitedError,
    Sensor,
    ServerError,
)
from .const import LOGGER
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .feed import fed_sensors
from .listeners import Listeners
from .measurements import (
    Block,
    Outbox,
    OutboxCorruptError,
    OutboxError,
    OutboxSensor,
    OutboxStatistics,
    Priority,
)
from .values import SiteValues

# Homes that measure on the same grid would all post on the same second.
_LONGEST_JITTER = timedelta(seconds=20)
# A week of quarter-hours and more; the server stores 10,000 values in 6 s, and one post costs as much as one value.
_MOST_VALUES = 1000
# Read at a time. While the server is away each attempt reads them for nothing: all of a day would take megabytes.
_MOST_BLOCKS = 10
# After the server failed: first this long, then twice as long each time, up to the longest.
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=5)
# A server that answers one sensor with 500 may take the others; one that answers so in a row takes none.
_MOST_SERVER_ERRORS = 3


class Delivery:
    """Sends what waits in the outbox.

    When the server is away, everything waits and `paused` tells why; a sensor that the server refuses is parked.

    Attributes:
        paused: why nothing is sent now; None while it is.
        resumed: told when sending goes on after a pause.
        sensors: the outbox sensor by sensor, as it was when it was last looked at.
        statistics: the outbox in numbers; None before it was read.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        client: FlexMeasuresClient,
        inventory: InventoryCoordinator,
        values: SiteValues,
        outbox: Outbox,
    ) -> None:
        """Prepare sending the outbox through the client."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._inventory = inventory
        self._outbox = outbox
        self._sender = BlockSender(
            hass, entry, client, inventory, values, outbox, self.async_on_disk
        )
        self._pause = _FIRST_PAUSE
        self._alarm = Alarm(hass, self._async_send_now)
        self._sending: asyncio.Task[None] | None = None
        self._progress = asyncio.Event()
        self._reading = asyncio.Lock()
        self.listeners = Listeners()
        self.paused: str | None = None
        self.resumed = Listeners()
        self.sensors: dict[int, OutboxSensor] = {}
        self.statistics: OutboxStatistics | None = None

    @property
    def problems(self) -> dict[int, str]:
        """Return why the last attempt to send a sensor's values failed, by sensor."""
        return self._sender.problems

    @callback
    def async_start(self) -> None:
        """Send what waited since the last time, and give parked sensors another chance."""
        self._entry.async_on_unload(self._alarm.async_cancel)
        self._entry.async_create_background_task(
            self._hass, self._async_begin(), "flexmeasures outbox"
        )

    async def async_recorded(self) -> None:
        """Send what waits, a little later than other homes do; a pause is kept."""
        await self._async_read_statistics()
        if not self._alarm.is_set and self._sending is None:
            self._alarm.async_set_in(random.random() * _LONGEST_JITTER)

    async def async_ingested(
        self, *, until: datetime, within: timedelta, sensor_ids: Collection[int] | None = None
    ) -> bool:
        """Send at once what was recorded, and tell whether the server has stored it.

        Intervals count that began before `until` (aware), and back-fill does not. While sending is paused, and for
        sensors whose values are refused, the answer is False without waiting.

        Args:
            until: usually now.
            within: how long to wait at most.
            sensor_ids: whose intervals; None for all that are fed.
        """
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await self._async_wait_for_ingestion(until, sensor_ids)
        except TimeoutError, OutboxError:
            return False

    async def _async_wait_for_ingestion(
        self, until: datetime, sensor_ids: Collection[int] | None
    ) -> bool:
        while True:
            progress = self._progress
            sensors = await self.async_on_disk(self._outbox.sensors)
            unsent = {
                sensor_id: known
                for sensor_id, known in sensors.items()
                if (sensor_ids is None or sensor_id in sensor_ids)
                and known.oldest_live is not None
                and known.oldest_live < until
            }
            if not unsent:
                return True
            if self.paused is not None or all(
                known.parked or sensor_id in self.problems for sensor_id, known in unsent.items()
            ):
                return False
            self._async_send_now()
            await progress.wait()

    async def async_discard(self, sensor_id: int) -> int:
        """Throw away what a parked sensor cannot take, as somebody has decided; return how many intervals that were.

        Raises:
            OutboxError: the file cannot be written.
        """
        sensor = self._inventory.data.sensors.get(sensor_id)
        return await self.async_on_disk(partial(_discard, self._outbox, sensor_id, sensor))

    async def async_on_disk[T](self, job: Callable[[], T]) -> T:
        """Do what needs the outbox; if its file turns out damaged, do it once more with a new one.

        Raises:
            OutboxError: the file cannot be used.
        """
        try:
            return await self._hass.async_add_executor_job(job)
        except OutboxCorruptError as error:
            waiting = self.statistics.backlog if self.statistics else 0
            aside = await self._hass.async_add_executor_job(
                _begin_anew, self._outbox, dt_util.utcnow(), waiting
            )
            LOGGER.error(
                "The outbox of %s is damaged (now %s): %s", self._entry.title, aside, error
            )
            return await self._hass.async_add_executor_job(job)

    async def _async_begin(self) -> None:
        if self._outbox.set_aside:
            LOGGER.error(
                "The outbox of %s was damaged, and is now %s",
                self._entry.title,
                self._outbox.set_aside,
            )
        try:
            await self.async_on_disk(
                partial(_give_another_chance, self._outbox, fed_sensors(self._entry))
            )
        except OutboxError as error:
            LOGGER.error("The outbox of %s cannot be read: %s", self._entry.title, error)
        await self.async_recorded()

    @callback
    def _async_send_now(self) -> None:
        self._alarm.async_cancel()
        if self._sending is None:
            # Not eager: the round clears `_sending`, which must be set by then.
            self._sending = self._entry.async_create_background_task(
                self._hass, self._async_send(), "flexmeasures delivery", eager_start=False
            )

    async def _async_send(self) -> None:
        try:
            with self._client.bulk():
                has_failed = await self._async_send_all()
            self._async_resumed()
            if has_failed:
                self._alarm.async_set_in(_FIRST_PAUSE)
        except (FlexMeasuresError, OutboxError) as error:
            self._async_paused(error)
        finally:
            self._sending = None
            await self._async_read_statistics()

    async def _async_send_all(self) -> bool:
        """Send until nothing waits but sensors that failed, for which others do not wait; tell whether there are any.

        Raises:
            FlexMeasuresError: the server is away or overloaded; everything waits.
            OutboxError: the file cannot be used.
        """
        failed: set[int] = set()
        errors_in_a_row: list[ServerError] = []
        is_accepted = False
        while blocks := await self._async_blocks(failed):
            for block in _round_of(blocks):
                error = await self._sender.async_send(block)
                self._async_tell_progress()
                if error is None:
                    is_accepted = True
                    self._pause = _FIRST_PAUSE
                    errors_in_a_row.clear()
                    continue
                failed.add(block.sensor_id)
                if isinstance(error, ServerError):
                    errors_in_a_row.append(error)
                if len(errors_in_a_row) == _MOST_SERVER_ERRORS:
                    raise error
        if errors_in_a_row and not is_accepted:
            raise errors_in_a_row[0]
        return bool(failed)

    async def _async_blocks(self, except_sensors: set[int]) -> list[Block]:
        """Return what to send next."""
        return await self.async_on_disk(
            lambda: self._outbox.blocks(
                maximum_values=_MOST_VALUES,
                maximum_blocks=_MOST_BLOCKS,
                except_sensors=except_sensors,
            )
        )

    @callback
    def _async_paused(self, error: FlexMeasuresError | OutboxError) -> None:
        if self.paused is None:
            LOGGER.warning("Measurements of %s wait: %s", self._entry.title, error)
        self.paused = str(error)
        if isinstance(error, AuthenticationError):
            self._entry.async_start_reauth(self._hass)
        pause = self._pause
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            pause = timedelta(seconds=error.retry_after)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._alarm.async_set_in(pause + random.random() * _FIRST_PAUSE)

    @callback
    def _async_resumed(self) -> None:
        if self.paused is None:
            return
        LOGGER.info("Measurements of %s are sent again", self._entry.title)
        self.paused = None
        self.resumed.async_call()

    async def _async_read_statistics(self) -> None:
        # One after the other: of two readings at once the older one could arrive last, and stay.
        async with self._reading:
            try:
                self.statistics, self.sensors = await self.async_on_disk(
                    lambda: (self._outbox.statistics(), self._outbox.sensors())
                )
            except OutboxError as error:
                LOGGER.debug("The outbox of %s has no numbers: %s", self._entry.title, error)
        self._async_tell_progress()
        await self.listeners.async_call_in_turns()

    @callback
    def _async_tell_progress(self) -> None:
        """Wake everybody who waits, so that each looks again."""
        self._progress.set()
        self._progress = asyncio.Event()


def _round_of(blocks: list[Block]) -> list[Block]:
    """Return what is sent before looking again: all live blocks, or one of the past, so that live ones need not wait."""
    live = [block for block in blocks if block.priority is Priority.LIVE]
    return live or blocks[:1]


def _begin_anew(outbox: Outbox, now: datetime, waiting: int) -> Path | None:
    """Open the outbox anew; return where the damaged file is, whose intervals count as lost."""
    outbox.reopen(now=now)
    if outbox.set_aside:
        outbox.count_lost(waiting)
    return outbox.set_aside


def _give_another_chance(outbox: Outbox, fed_sensors: Collection[int]) -> None:
    """Unpark sensors; what nobody feeds any more is forgotten, since nobody would mend it."""
    for sensor_id in outbox.parked():
        if sensor_id in fed_sensors:
            outbox.unpark(sensor_id)
        else:
            outbox.discard(sensor_id)


def _discard(outbox: Outbox, sensor_id: int, sensor: Sensor | None) -> int:
    """Throw away what the sensor had before it changed, or else everything."""
    unlike = outbox.discard_unlike(sensor_id, sensor.resolution, sensor.unit) if sensor else 0
    return unlike or outbox.discard(sensor_id)
