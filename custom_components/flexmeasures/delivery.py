"""Brings the outbox to the server: oldest first, confirmed one by one, and no sensor waits for another's trouble."""

from collections import Counter
from datetime import datetime, timedelta
import random

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .client import (
    FlexMeasuresClient,
    FlexMeasuresError,
    InvalidInputError,
    JobFailedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    Sensor,
    ValidationError,
)
from .const import LOGGER
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .listeners import Listeners
from .measurements import Block, Outbox, OutboxError, OutboxStatistics
from .repairs import async_update_feed_issue
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
# An ingestion job may fail because another belief of the same second came first; after so many it is the values.
_MOST_FAILED_JOBS = 3


class Delivery:
    """Sends what waits in the outbox.

    When the server is away, everything waits and `paused` tells why; a sensor that the server refuses is parked, and
    a repair issue tells what to do.

    Attributes:
        paused: why nothing is sent now; None while it is.
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
        self._values = values
        self._outbox = outbox
        self._failed_jobs: Counter[int] = Counter()
        self._pause = _FIRST_PAUSE
        self._timer: CALLBACK_TYPE | None = None
        self._is_sending = False
        self.listeners = Listeners()
        self.paused: str | None = None
        self.statistics: OutboxStatistics | None = None

    @callback
    def async_start(self) -> None:
        """Send what waited since the last time, and give parked sensors another chance."""
        self._entry.async_on_unload(self._async_cancel_timer)
        self._entry.async_create_background_task(
            self._hass, self._async_begin(), "flexmeasures outbox"
        )

    async def async_recorded(self) -> None:
        """Send what waits, a little later than other homes do; a pause is kept."""
        await self._async_read_statistics()
        if self._timer is None and not self._is_sending:
            self._async_arm(random.random() * _LONGEST_JITTER)

    async def _async_begin(self) -> None:
        try:
            await self._hass.async_add_executor_job(_unpark_all, self._outbox)
        except OutboxError as error:
            LOGGER.error("The outbox of %s cannot be read: %s", self._entry.title, error)
        await self.async_recorded()

    @callback
    def _async_cancel_timer(self) -> None:
        if self._timer:
            self._timer()
            self._timer = None

    @callback
    def _async_arm(self, delay: timedelta) -> None:
        self._async_cancel_timer()
        self._timer = async_call_later(self._hass, delay, self._async_due)

    @callback
    def _async_due(self, now: datetime) -> None:
        self._timer = None
        self._is_sending = True
        self._entry.async_create_background_task(
            self._hass, self._async_send(), "flexmeasures delivery"
        )

    async def _async_send(self) -> None:
        # Sensors whose job failed wait for the next round; the others do not wait for them.
        failed: set[int] = set()
        try:
            while blocks := await self._async_blocks(failed):
                for block in blocks:
                    if not await self._async_send_block(block):
                        failed.add(block.sensor_id)
            self._async_resumed()
            if failed:
                self._async_arm(_FIRST_PAUSE)
        except OutboxError as error:
            self._async_paused(str(error), None)
        except FlexMeasuresError as error:
            self._async_paused(str(error), error)
        finally:
            self._is_sending = False
            await self._async_read_statistics()

    async def _async_blocks(self, except_sensors: set[int]) -> list[Block]:
        """Return what to send next."""
        return await self._hass.async_add_executor_job(
            lambda: self._outbox.blocks(
                maximum_values=_MOST_VALUES,
                maximum_blocks=_MOST_BLOCKS,
                except_sensors=except_sensors,
            )
        )

    async def _async_send_block(self, block: Block) -> bool:
        """Deliver one block, or park its sensor; False when it should be tried again later.

        Raises:
            FlexMeasuresError: the server is away or overloaded; everything waits.
            OutboxError: the file cannot be written.
        """
        sensor = self._inventory.data.sensors.get(block.sensor_id)
        if sensor is None:
            await self._async_park(block, "the sensor is not on the site any more")
            return True
        try:
            posted = await self._client.post_sensor_data(
                sensor.id,
                start=block.start,
                duration=block.duration,
                values=block.values,
                unit=sensor.unit,
            )
            if posted.job_id:
                await self._client.wait_for_job(posted.job_id)
        except (
            InvalidInputError,
            NotFoundError,
            PermissionDeniedError,
            ValidationError,
        ) as error:
            await self._async_park(block, str(error))
        except JobFailedError as error:
            self._failed_jobs[sensor.id] += 1
            if self._failed_jobs[sensor.id] < _MOST_FAILED_JOBS:
                return False
            await self._async_park(block, str(error))
        else:
            await self._async_confirm(block, sensor)
        return True

    async def _async_confirm(self, block: Block, sensor: Sensor) -> None:
        now = dt_util.utcnow()
        await self._hass.async_add_executor_job(lambda: self._outbox.confirm(block, now=now))
        del self._failed_jobs[sensor.id]
        self._pause = _FIRST_PAUSE
        async_update_feed_issue(self._hass, self._entry, sensor.id, sensor.name, None)
        self._values.async_sent(sensor, block.start, block.step, block.values)

    async def _async_park(self, block: Block, reason: str) -> None:
        await self._hass.async_add_executor_job(self._outbox.park, block.sensor_id, reason)
        del self._failed_jobs[block.sensor_id]
        known = self._inventory.data.sensors.get(block.sensor_id)
        name = known.name if known else str(block.sensor_id)
        LOGGER.warning("FlexMeasures refuses measurements of sensor %s: %s", name, reason)
        async_update_feed_issue(self._hass, self._entry, block.sensor_id, name, reason)

    @callback
    def _async_paused(self, reason: str, error: FlexMeasuresError | None) -> None:
        if self.paused is None:
            LOGGER.warning("Measurements of %s wait: %s", self._entry.title, reason)
        self.paused = reason
        pause = self._pause
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            pause = timedelta(seconds=error.retry_after)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._async_arm(pause + random.random() * _FIRST_PAUSE)

    @callback
    def _async_resumed(self) -> None:
        if self.paused is not None:
            LOGGER.info("Measurements of %s are sent again", self._entry.title)
        self.paused = None

    async def _async_read_statistics(self) -> None:
        try:
            self.statistics = await self._hass.async_add_executor_job(self._outbox.statistics)
        except OutboxError as error:
            LOGGER.debug("The outbox of %s has no numbers: %s", self._entry.title, error)
        self.listeners.async_call()


def _unpark_all(outbox: Outbox) -> None:
    for sensor_id in outbox.parked():
        outbox.unpark(sensor_id)
