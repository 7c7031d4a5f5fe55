"""Home Assistant states become values on FlexMeasures' grid, and wait on disk until the server has them."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self

from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    async_track_entity_registry_updated_event,
    async_track_point_in_utc_time,
    async_track_state_change_event,
)
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from .client import Sensor
from .const import DOMAIN, LOGGER
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .delivery import Delivery
from .feed import Aggregation, Feed, value_for_sensor
from .flexible_device import resolve_entity_id
from .measurements import (
    Accumulator,
    CounterAccumulator,
    ExtremeAccumulator,
    Interval,
    LastValueAccumulator,
    MeanAccumulator,
    Outbox,
    OutboxError,
    floor_to_grid,
)
from .units import UnitError

# Readings of the last moments of a slot still come in when it ends.
_LATE_READINGS = timedelta(seconds=1)
# The server reads instantaneous sensors on whole minutes.
_INSTANTANEOUS_STEP = timedelta(minutes=1)
# What cannot be written is held in memory for as long: a full disk must not become full memory.
_MOST_UNWRITTEN = 20_000

type Row = tuple[int, timedelta, Interval]


def outbox_path(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where an entry's unsent intervals are kept."""
    return Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.sqlite"))


@dataclass(slots=True)
class RunningFeed:
    """A feed while it collects.

    Attributes:
        last: the interval closed last; None before the first.
        problem: why readings are not used now; None while they are.
    """

    feed: Feed
    sensor: Sensor
    accumulator: Accumulator
    last: Interval | None = None
    problem: str | None = None

    @classmethod
    def start(cls, feed: Feed, sensor: Sensor) -> Self:
        """Return the feed with the accumulator that its aggregation asks for."""
        return cls(feed, sensor, _accumulator(feed.aggregation, sensor.resolution))

    def take(self, state: State | None, time: datetime) -> None:
        """Add what the entity shows from the time on."""
        value = None
        problem = None
        if state is not None:
            try:
                value = value_for_sensor(state, self.feed, self.sensor)
            except UnitError as error:
                problem = str(error)
        if problem and problem != self.problem:
            LOGGER.warning("%s is not measured: %s", self.feed.title, problem)
        self.problem = problem
        self.accumulator.add(time, value)

    def close(self, until: datetime) -> list[Row]:
        """Return the slots that ended, as they are sent."""
        factor = self.feed.factor_for_intervals(self.sensor)
        closed = self.accumulator.close(until)
        if factor != 1:
            closed = [
                replace(item, value=None if item.value is None else factor * item.value)
                for item in closed
            ]
        if closed:
            self.last = closed[-1]
        return [(self.sensor.id, self.sensor.resolution, interval) for interval in closed]


def _accumulator(aggregation: Aggregation, resolution: timedelta) -> Accumulator:
    if not resolution:
        # A sensor may have become instantaneous on the server; then there is no interval to make a mean of.
        return LastValueAccumulator(resolution)
    match aggregation:
        case Aggregation.LAST:
            return LastValueAccumulator(resolution)
        case Aggregation.MAXIMUM:
            return ExtremeAccumulator(resolution, max)
        case Aggregation.MINIMUM:
            return ExtremeAccumulator(resolution, min)
        case Aggregation.COUNTER_TO_POWER:
            return CounterAccumulator(resolution)
        case Aggregation.COUNTER_TO_ENERGY:
            return CounterAccumulator(resolution, as_energy=True)
        case _:
            return MeanAccumulator(resolution)


class Uploader:
    """Collects the entry's feeds.

    When the server is away, closed intervals wait on disk; when the disk fails, they wait in memory, and what that
    cannot hold is counted as lost.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        inventory: InventoryCoordinator,
        delivery: Delivery,
        outbox: Outbox,
        feeds: tuple[Feed, ...],
    ) -> None:
        """Prepare collecting feeds for sensors of the inventory."""
        self._hass = hass
        self._entry = entry
        self._delivery = delivery
        self._outbox = outbox
        sensors = inventory.data.sensors
        self.feeds = [
            RunningFeed.start(feed, sensors[feed.sensor_id])
            for feed in feeds
            if feed.sensor_id in sensors
        ]
        self._by_entity: dict[str, list[RunningFeed]] = {}
        self._unwritten: list[Row] = []
        self._lost = 0
        self._writing = asyncio.Lock()
        self._timer: CALLBACK_TYPE | None = None
        for feed in feeds:
            if feed.sensor_id not in sensors:
                LOGGER.warning("%s is not measured: its sensor is gone", feed.title)

    @callback
    def async_start(self) -> None:
        """Begin with what the entities show now, and go on until the entry is unloaded."""
        now = dt_util.utcnow()
        for running in self.feeds:
            entity_id = resolve_entity_id(self._hass, running.feed.entity)
            self._by_entity.setdefault(entity_id, []).append(running)
            running.take(self._hass.states.get(entity_id), now)
        entity_ids = list(self._by_entity)
        for stop in (
            async_track_state_change_event(self._hass, entity_ids, self._async_changed),
            async_track_entity_registry_updated_event(self._hass, entity_ids, self._async_renamed),
            self._async_cancel_timer,
        ):
            self._entry.async_on_unload(stop)
        self._async_arm()
        self._delivery.async_start()

    async def async_stop(self) -> None:
        """Write what is closed; the rest of the open slots is lost with the process."""
        self._async_cancel_timer()
        await self._async_write(dt_util.utcnow())
        await self._hass.async_add_executor_job(self._outbox.close)

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
    def _async_see_who_is_alive(self) -> None:
        """Tell accumulators when their entity last reported, which is no event when it reported no change."""
        for entity_id, running_feeds in self._by_entity.items():
            if state := self._hass.states.get(entity_id):
                for running in running_feeds:
                    running.accumulator.alive(state.last_reported)

    @callback
    def _async_cancel_timer(self) -> None:
        if self._timer:
            self._timer()
            self._timer = None

    @callback
    def _async_arm(self) -> None:
        """Come back when the next slot of any feed ends."""
        if not self.feeds:
            return
        now = dt_util.utcnow()
        steps = {running.sensor.resolution or _INSTANTANEOUS_STEP for running in self.feeds}
        boundary = min(floor_to_grid(now, step) + step for step in steps)
        self._timer = async_track_point_in_utc_time(
            self._hass, self._async_boundary, boundary + _LATE_READINGS
        )

    @callback
    def _async_boundary(self, now: datetime) -> None:
        self._async_arm()
        self._entry.async_create_background_task(
            self._hass, self._async_write_and_send(), "flexmeasures intervals"
        )

    async def _async_write_and_send(self) -> None:
        await self._async_write(dt_util.utcnow())
        await self._delivery.async_recorded()

    async def _async_write(self, now: datetime) -> None:
        """Write every closed slot in one go, those that could not be written before first."""
        async with self._writing:
            self._async_see_who_is_alive()
            rows = self._unwritten + [row for feed in self.feeds for row in feed.close(now)]
            self._unwritten = []
            if not rows:
                return
            try:
                await self._delivery.async_on_disk(
                    partial(_record, self._outbox, rows, self._lost, now)
                )
                self._lost = 0
            except OutboxError as error:
                LOGGER.error("Measurements of %s wait in memory: %s", self._entry.title, error)
                self._unwritten = rows[-_MOST_UNWRITTEN:]
                self._lost += len(rows) - len(self._unwritten)


def _record(outbox: Outbox, rows: list[Row], lost: int, now: datetime) -> None:
    outbox.record(rows, now=now)
    if lost:
        outbox.count_lost(lost)
