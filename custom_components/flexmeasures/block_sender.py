"""Sends one block of the outbox, and finds out what became of it."""

from collections import Counter
from collections.abc import Awaitable, Callable

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .client import (
    FlexMeasuresClient,
    FlexMeasuresError,
    InvalidInputError,
    JobFailedError,
    NotFoundError,
    PermissionDeniedError,
    Sensor,
    ServerError,
    ValidationError,
)
from .const import LOGGER
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .measurements import Block, Outbox
from .repairs import FeedProblem, async_update_feed_issue
from .values import SiteValues

# An ingestion job may fail because another belief of the same second came first; after so many it is the values.
_MOST_FAILED_JOBS = 3

type OnDisk = Callable[[Callable[[], object]], Awaitable[object]]


class BlockSender:
    """Sends blocks one by one, and takes from the outbox what the server has stored.

    A sensor that the server refuses is parked, and a repair issue tells what to do.

    Attributes:
        problems: why the last attempt to send a sensor's values failed, by sensor.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        client: FlexMeasuresClient,
        inventory: InventoryCoordinator,
        values: SiteValues,
        outbox: Outbox,
        on_disk: OnDisk,
    ) -> None:
        """Prepare sending through the client; `on_disk` does what needs the outbox."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._inventory = inventory
        self._values = values
        self._outbox = outbox
        self._on_disk = on_disk
        self._failed_jobs: Counter[int] = Counter()
        self.problems: dict[int, str] = {}

    async def async_send(self, block: Block) -> FlexMeasuresError | None:
        """Deliver one block, or park its sensor; return why it should be tried again later.

        Raises:
            FlexMeasuresError: the server is away or overloaded; everything waits.
            OutboxError: the file cannot be used.
        """
        sensor = self._inventory.data.sensors.get(block.sensor_id)
        if sensor is None or not _fits(block, sensor):
            await self._async_park(block, _changed_on_the_server(block, sensor))
            return None
        try:
            error = await self._async_store(block, sensor)
        except (
            InvalidInputError,
            JobFailedError,
            NotFoundError,
            PermissionDeniedError,
            ValidationError,
        ) as refused:
            await self._async_park(block, FeedProblem("feed_refused", str(refused)))
            return None
        if error is None:
            await self._async_confirm(block, sensor)
        else:
            self.problems[block.sensor_id] = str(error)
        return error

    async def _async_store(self, block: Block, sensor: Sensor) -> FlexMeasuresError | None:
        """Return None when the server has stored the values, or why it should be tried again.

        Raises:
            FlexMeasuresError: it refuses them, has failed to store them too often, or is away.
        """
        try:
            posted = await self._client.post_sensor_data(
                sensor.id,
                start=block.start,
                duration=block.duration,
                values=block.values,
                unit=sensor.unit,
            )
        except ServerError as error:
            return error
        if not posted.job_id:
            return None
        try:
            await self._client.wait_for_job(posted.job_id)
        except (JobFailedError, NotFoundError) as error:
            # A job that is not known was lost with the server's queue, and its values with it.
            self._failed_jobs[sensor.id] += 1
            if self._failed_jobs[sensor.id] < _MOST_FAILED_JOBS:
                return error
            raise
        return None

    async def _async_confirm(self, block: Block, sensor: Sensor) -> None:
        now = dt_util.utcnow()
        await self._on_disk(lambda: self._outbox.confirm(block, now=now))
        del self._failed_jobs[sensor.id]
        self.problems.pop(sensor.id, None)
        async_update_feed_issue(self._hass, self._entry, sensor.id, sensor.name, None)
        self._values.async_sent(sensor, block.start, block.step, block.values)

    async def _async_park(self, block: Block, problem: FeedProblem) -> None:
        await self._on_disk(lambda: self._outbox.park(block.sensor_id, problem.reason))
        del self._failed_jobs[block.sensor_id]
        self.problems[block.sensor_id] = problem.reason
        known = self._inventory.data.sensors.get(block.sensor_id)
        name = known.name if known else str(block.sensor_id)
        LOGGER.warning("Measurements of sensor %s are not sent: %s", name, problem.reason)
        async_update_feed_issue(self._hass, self._entry, block.sensor_id, name, problem)


def _fits(block: Block, sensor: Sensor) -> bool:
    return block.resolution == sensor.resolution and block.unit in {sensor.unit, None}


def _changed_on_the_server(block: Block, sensor: Sensor | None) -> FeedProblem:
    if sensor is None:
        return FeedProblem("feed_sensor_gone", "the sensor is not on the site any more")
    was = f"{block.unit or sensor.unit}, {block.resolution}"
    now = f"{sensor.unit}, {sensor.resolution}"
    return FeedProblem(
        "feed_sensor_changed",
        f"the values are in {was}, and the sensor is in {now}",
        {"was": was, "now": now},
    )
