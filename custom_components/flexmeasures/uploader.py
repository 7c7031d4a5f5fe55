"""Home Assistant states become values on FlexMeasures' grid, and wait on disk until the server has them."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from itertools import batched
from pathlib import Path

from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    async_track_entity_registry_updated_event,
    async_track_state_change_event,
)
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from .alarm import Alarm
from .const import DOMAIN, LOGGER
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .delivery import Delivery
from .feed import Feed
from .followed_entities import resolve_entity_id
from .history import async_all_recorded, async_replay, has_recorder, kept_since
from .measurements import (
    INSTANTANEOUS_STEP,
    LATE_READINGS,
    MAXIMUM_AGE,
    HistoryError,
    Outbox,
    OutboxError,
    floor_to_grid,
)
from .running_feed import Row, RunningFeed, WaitingFeed

# What cannot be written is held in memory for as long: a full disk must not become full memory.
_MOST_UNWRITTEN = 20_000
# Entities; with 1,000 of them, closing all feeds in one go would hold up the event loop for 4 ms.
_CLOSED_AT_ONCE = 50


def outbox_path(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where an entry's unsent intervals are kept."""
    return Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.sqlite"))


class Uploader:
    """Collects the entry's feeds.

    When the server is away, closed intervals wait on disk; when the disk fails, they wait in memory, and what that
    cannot hold is counted as lost. What happened between the last interval on disk and the start comes from the
    recorder; without one that is a gap.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        inventory: InventoryCoordinator,
        delivery: Delivery,
        outbox: Outbox,
        feeds: tuple[Feed, ...],
        recorded_until: Mapping[int, datetime],
    ) -> None:
        """Prepare collecting feeds for sensors of the inventory, whose past is taken care of until these times."""
        self._hass = hass
        self._entry = entry
        self._delivery = delivery
        self._outbox = outbox
        self._inventory = inventory
        sensors = inventory.data.sensors
        self.feeds = [
            RunningFeed.start(feed, sensors[feed.sensor_id])
            for feed in feeds
            if feed.sensor_id in sensors
        ]
        self._fed = {running.sensor.id for running in self.feeds}
        self._recorded_until = recorded_until
        self._by_entity: dict[str, list[RunningFeed | WaitingFeed]] = {}
        self._rebuilding: asyncio.Task[None] | None = None
        self._unwritten: list[Row] = []
        self._lost = 0
        self._writing = asyncio.Lock()
        self._alarm = Alarm(hass, self._async_boundary)
        self._is_started = False
        for feed in feeds:
            if feed.sensor_id not in sensors:
                LOGGER.warning("%s is not measured: its sensor is gone", feed.title)

    @callback
    def async_start(self) -> None:
        """Begin with what the entities show now, and go on until the entry is unloaded."""
        now = dt_util.utcnow()
        waiting = []
        for running in self.feeds:
            entity_id = resolve_entity_id(self._hass, running.feed.entity)
            state = self._hass.states.get(entity_id)
            listening = self._by_entity.setdefault(entity_id, [])
            if (since := self._rebuilt_since(running, now)) is None:
                running.take(state, now)
                listening.append(running)
            else:
                waiting.append(WaitingFeed(running, entity_id, since, now, state))
                listening.append(waiting[-1])
        entity_ids = list(self._by_entity)
        self._is_started = True
        for stop in (*self._async_track(entity_ids), self._alarm.async_cancel):
            self._entry.async_on_unload(stop)
        self._async_arm()
        self._delivery.async_start()
        if self._recorded_until and not has_recorder(self._hass):
            LOGGER.info(
                "%s measures from now on: no recorder knows the time before", self._entry.title
            )
        if waiting:
            self._rebuilding = self._entry.async_create_background_task(
                self._hass, self._async_rebuild(waiting), "flexmeasures history"
            )

    @callback
    def _async_track(self, entity_ids: list[str]) -> tuple[CALLBACK_TYPE, ...]:
        return (
            async_track_state_change_event(self._hass, entity_ids, self._async_changed),
            async_track_entity_registry_updated_event(self._hass, entity_ids, self._async_renamed),
        )

    @callback
    def async_add_feed(self, feed: Feed) -> None:
        """Begin to collect one more feed, whose sensor did not exist before; nothing for one that is collected."""
        sensor = self._inventory.data.sensors.get(feed.sensor_id)
        if sensor is None or feed.sensor_id in self._fed or not self._is_started:
            return
        self._fed.add(feed.sensor_id)
        running = RunningFeed.start(feed, sensor)
        entity_id = resolve_entity_id(self._hass, feed.entity)
        running.take(self._hass.states.get(entity_id), dt_util.utcnow())
        self.feeds.append(running)
        if entity_id not in self._by_entity:
            for stop in self._async_track([entity_id]):
                self._entry.async_on_unload(stop)
        self._by_entity.setdefault(entity_id, []).append(running)
        self._async_arm()

    async def async_stop(self) -> None:
        """Write what is closed; the open slots are rebuilt from the recorder at the next start."""
        self._alarm.async_cancel()
        if self._rebuilding:
            self._rebuilding.cancel()
        await self._async_write(dt_util.utcnow())
        await self._hass.async_add_executor_job(self._outbox.close)

    def _rebuilt_since(self, running: RunningFeed, now: datetime) -> datetime | None:
        """Return from when on a feed has to be rebuilt; None where it begins now."""
        recorded_until = self._recorded_until.get(running.sensor.id)
        if recorded_until is None or not has_recorder(self._hass):
            return None
        since = max(min(recorded_until, now), kept_since(self._hass, now), now - MAXIMUM_AGE)
        return floor_to_grid(since, running.sensor.resolution or INSTANTANEOUS_STEP)

    async def _async_rebuild(self, waiting: list[WaitingFeed]) -> None:
        """Rebuild what was not recorded before the start, feed by feed, and let each go on from there."""
        try:
            await async_all_recorded(self._hass)
            while waiting:
                feed = waiting[0]
                rebuilt = RunningFeed.start(feed.running.feed, feed.running.sensor, is_quiet=True)
                rows = await async_replay(
                    self._hass,
                    rebuilt,
                    feed.entity_id,
                    feed.since,
                    feed.begun,
                    shown=feed.first,
                )
                self._unwritten += [row for row in rows if self._is_news(row)]
                self._async_resume(waiting.pop(0), rebuilt)
                await self._async_write(dt_util.utcnow())
        except HistoryError as error:
            LOGGER.warning(
                "%s measures from now on, earlier readings are unknown: %s",
                self._entry.title,
                error,
            )
        for feed in waiting:
            self._async_resume(feed, None)
        await self._async_write_and_send()

    def _is_news(self, row: Row) -> bool:
        """Return whether an interval tells something that is not in the outbox, or was not sent from it."""
        sensor_id, resolution, interval = row
        recorded_until = self._recorded_until.get(sensor_id)
        return interval.value is not None and (
            recorded_until is None
            or interval.start + (resolution or INSTANTANEOUS_STEP) > recorded_until
        )

    @callback
    def _async_resume(self, waiting: WaitingFeed, rebuilt: RunningFeed | None) -> None:
        """Let a feed hear of changes itself, after those that came while it waited."""
        listening = self._by_entity[waiting.entity_id]
        listening[listening.index(waiting)] = waiting.resume(rebuilt)

    @callback
    def _async_changed(self, event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        time = state.last_updated if state else event.time_fired
        for running in self._by_entity.get(event.data["entity_id"], ()):
            running.take(state, time)

    @callback
    def _async_renamed(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Begin anew under the new name; the feed keeps the entity's registry id."""
        if event.data["action"] == "update" and "entity_id" in event.data["changes"]:
            self._hass.config_entries.async_schedule_reload(self._entry.entry_id)

    @callback
    def _async_arm(self) -> None:
        """Come back when the next slot of any feed ends."""
        if not self.feeds:
            return
        now = dt_util.utcnow()
        steps = {running.sensor.resolution or INSTANTANEOUS_STEP for running in self.feeds}
        boundary = min(floor_to_grid(now, step) + step for step in steps)
        self._alarm.async_set_at(boundary + LATE_READINGS)

    @callback
    def _async_boundary(self) -> None:
        self._async_arm()
        self._entry.async_create_background_task(
            self._hass, self._async_write_and_send(), "flexmeasures intervals"
        )

    async def _async_write_and_send(self) -> None:
        await self._async_write(dt_util.utcnow())
        await self._delivery.async_recorded()

    @callback
    def _close(self, entity_id: str, feeds: list[RunningFeed | WaitingFeed], now: datetime) -> None:
        """Close the slots of an entity's feeds, once they know when it last reported, be it no change and no event."""
        state = self._hass.states.get(entity_id)
        for feed in feeds:
            if state:
                feed.alive(state.last_reported)
            self._unwritten += feed.close(now)

    async def _async_write(self, now: datetime) -> None:
        """Write every closed slot in one go, those that could not be written before first."""
        async with self._writing:
            for entities in batched(self._by_entity.items(), _CLOSED_AT_ONCE, strict=False):
                for entity_id, feeds in entities:
                    self._close(entity_id, feeds, now)
                await asyncio.sleep(0)
            rows, self._unwritten = self._unwritten, []
            if not rows:
                return
            try:
                await self._delivery.async_on_disk(
                    partial(_record, self._outbox, rows, self._lost, now)
                )
                self._lost = 0
            except OutboxError as error:
                LOGGER.error("Measurements of %s wait in memory: %s", self._entry.title, error)
                # More may have been rebuilt meanwhile.
                rows += self._unwritten
                self._unwritten = rows[-_MOST_UNWRITTEN:]
                self._lost += len(rows) - len(self._unwritten)


def _record(outbox: Outbox, rows: list[Row], lost: int, now: datetime) -> None:
    outbox.record(rows, now=now)
    if lost:
        outbox.count_lost(lost)
