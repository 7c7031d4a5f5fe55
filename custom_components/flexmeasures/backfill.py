"""Sends history that the recorder has: sensor by sensor, day by day, behind everything that is measured now."""

import asyncio
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .alarm import Alarm
from .const import DOMAIN, LOGGER
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .delivery import Delivery
from .feed import Feed
from .followed_entities import resolve_entity_id
from .history import async_all_recorded, async_replay, has_recorder, kept_since
from .listeners import Listeners
from .measurements import (
    INSTANTANEOUS_STEP,
    BackfillProgress,
    HistoryError,
    Outbox,
    OutboxError,
    Priority,
    stretches,
)
from .running_feed import Row, RunningFeed

_STORAGE_VERSION = 1
# The last slot of a counter ends with a reading after it; meters report at least hourly.
_LEAD_OUT = timedelta(hours=1)
# After the recorder or the disk failed.
_TRY_AGAIN = timedelta(minutes=5)
# A quarter of what the outbox holds; beyond, what has been read would only push out what was read before.
_MOST_WAITING = 1_000_000


def backfill_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where an entry keeps how far its back-fills are, so that they go on after a restart."""
    key = f"{DOMAIN}.{entry_id}.backfill"
    return Store(hass, _STORAGE_VERSION, key, atomic_writes=True)


class BackfillError(Exception):
    """History is not sent now; what was asked for is kept and tried again."""


class Backfill:
    """Fills the outbox with what entities showed before they were measured.

    Without it FlexMeasures forecasts badly until a home has been measured for weeks. One stretch is read at a time,
    and live intervals are sent first.

    Attributes:
        problem: why nothing is read now; None while all is well.
        progress: by sensor, also of those that are done; one request per sensor.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        inventory: InventoryCoordinator,
        delivery: Delivery,
        outbox: Outbox,
        feeds: Iterable[Feed],
    ) -> None:
        """Prepare for feeds with sensors of the inventory."""
        self._hass = hass
        self._entry = entry
        self._delivery = delivery
        self._outbox = outbox
        self._store = backfill_store(hass, entry.entry_id)
        self._task: asyncio.Task[None] | None = None
        self._alarm = Alarm(hass, self._async_go_on)
        self._has_stopped = False
        self._sensors = inventory.data.sensors
        self.feeds = {feed.sensor_id: feed for feed in feeds if feed.sensor_id in self._sensors}
        self.listeners = Listeners()
        self.problem: str | None = None
        self.progress: dict[int, BackfillProgress] = {}

    async def async_load(self, recorded: Collection[int]) -> dict[int, datetime]:
        """Take up what was asked for, and what feeds want whose sensors were never recorded in the outbox.

        Returns:
            Until when these feeds' past is sent; what follows is measured.
        """
        stored = await self._store.async_load() or {}
        self.progress = {
            int(sensor_id): BackfillProgress.from_dict(item)
            for sensor_id, item in stored.items()
            if int(sensor_id) in self.feeds
        }
        now = dt_util.utcnow()
        new = {
            sensor_id: feed
            for sensor_id, feed in self.feeds.items()
            if feed.history and sensor_id not in recorded
        }
        for sensor_id, feed in new.items():
            self._ask(sensor_id, now - feed.history, now)
        await self._async_save()
        return {sensor_id: self.progress[sensor_id].end for sensor_id in new}

    @callback
    def async_start(self) -> None:
        """Begin to read what is left."""
        self._async_go_on()

    @callback
    def async_stop(self) -> None:
        """End reading; what is left is kept for the next start."""
        self._has_stopped = True
        self._alarm.async_cancel()
        if self._task:
            self._task.cancel()
        self.listeners.async_call()

    async def async_ask(
        self, sensor_ids: Iterable[int], start: datetime | None, end: datetime | None
    ) -> None:
        """Read the history of these sensors; with what is still left of earlier requests.

        Args:
            sensor_ids: of feeds.
            start: aware; None for as far back as the recorder keeps states.
            end: aware; None for now.
        """
        now = dt_util.utcnow()
        self.problem = None
        for sensor_id in sensor_ids:
            self._ask(sensor_id, start or kept_since(self._hass, now), min(end or now, now))
        await self._async_save()
        self._async_go_on()

    def _ask(self, sensor_id: int, start: datetime, end: datetime) -> None:
        asked = BackfillProgress.of(start, end, self._sensors[sensor_id].resolution)
        known = self.progress.get(sensor_id)
        self.progress[sensor_id] = asked if known is None or known.is_done else known.joined(asked)

    async def async_finished(self, sensor_ids: Collection[int]) -> None:
        """Wait until the history of these sensors is in the outbox.

        Raises:
            BackfillError: it does not go on now.
        """
        changed = asyncio.Event()
        stop_listening = self.listeners.async_add(changed.set)
        try:
            while not all(self.progress[sensor_id].is_done for sensor_id in sensor_ids):
                if self._has_stopped:
                    raise BackfillError("it goes on when the integration is loaded again")
                if self.problem:
                    raise BackfillError(self.problem)
                await changed.wait()
                changed.clear()
        finally:
            stop_listening()

    @callback
    def _async_go_on(self) -> None:
        """Read what is left, unless that is being done."""
        self._alarm.async_cancel()
        if self._has_stopped or (self._task and not self._task.done()):
            return
        if self._next() is not None:
            self._task = self._entry.async_create_background_task(
                self._hass, self._async_read_all(), "flexmeasures back-fill"
            )

    def _next(self) -> int | None:
        """Return the sensor to read next."""
        return next((key for key, item in self.progress.items() if not item.is_done), None)

    async def _async_read_all(self) -> None:
        """Read one stretch after the other, and try again later when that fails."""
        try:
            await self._async_wait_for_recorder()
            while (sensor_id := self._next()) is not None:
                self._check_room()
                await self._async_read_stretch(sensor_id)
        except (BackfillError, HistoryError, OutboxError) as error:
            if self.problem != str(error):
                LOGGER.warning("History of %s is not sent now: %s", self._entry.title, error)
            self.problem = str(error)
            self._alarm.async_set_in(_TRY_AGAIN)
        self.listeners.async_call()

    async def _async_wait_for_recorder(self) -> None:
        if not has_recorder(self._hass):
            raise BackfillError("the recorder is not running")
        await async_all_recorded(self._hass)

    def _check_room(self) -> None:
        statistics = self._delivery.statistics
        if statistics is not None and statistics.backlog > _MOST_WAITING:
            raise BackfillError("what has been read already waits to be sent")

    async def _async_read_stretch(self, sensor_id: int) -> None:
        feed = self.feeds[sensor_id]
        sensor = self._sensors[sensor_id]
        asked = self.progress[sensor_id]
        begin, end = next(stretches(asked.done_until, asked.end, sensor.resolution))
        now = dt_util.utcnow()
        rows = await async_replay(
            self._hass,
            RunningFeed.start(feed, sensor, is_quiet=True),
            resolve_entity_id(self._hass, feed.entity),
            begin,
            min(end + _LEAD_OUT, now),
        )
        inside = [row for row in rows if row[2].value is not None and _end(row) <= end]
        written = await self._delivery.async_on_disk(partial(_record, self._outbox, inside, now))
        # Somebody may have asked for more meanwhile.
        current = self.progress[sensor_id]
        if current.done_until == asked.done_until:
            self.progress[sensor_id] = current.after([row[2] for row in written], end)
        self.problem = None
        await self._async_save()
        self.listeners.async_call()
        await self._delivery.async_recorded()

    async def _async_save(self) -> None:
        """Keep what is left to do."""
        left = {
            str(sensor_id): item.as_dict()
            for sensor_id, item in self.progress.items()
            if not item.is_done
        }
        if left:
            await self._store.async_save(left)
        else:
            await self._store.async_remove()


def _end(row: Row) -> datetime:
    _, resolution, interval = row
    return interval.start + (resolution or INSTANTANEOUS_STEP)


def _record(outbox: Outbox, rows: list[Row], now: datetime) -> list[Row]:
    """Store what is not waiting as a live interval, and return it."""
    sensors = outbox.sensors()
    new = []
    for row in rows:
        known = sensors.get(row[0])
        if known is None or known.oldest_live is None or row[2].start < known.oldest_live:
            new.append(row)
    outbox.record(new, now=now, priority=Priority.BACKFILL)
    return new
