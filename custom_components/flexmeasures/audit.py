"""Compares what was sent with what the server has, and sends again what is missing there."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .client import (
    AuthenticationError,
    ConnectionFailedError,
    FlexMeasuresClient,
    FlexMeasuresError,
    RateLimitedError,
    Sensor,
    SensorData,
    ServerTooOldError,
)
from .const import LOGGER
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .delivery import Delivery
from .measurements import (
    INSTANTANEOUS_STEP,
    SENT_IS_KNOWN_FOR,
    Outbox,
    OutboxError,
    different_values,
)

# Each sensor is compared once a day: one request for its two days. Whether it is due is looked at more often, so that
# a day begins anew neither with each restart nor with each reload.
_PERIOD = timedelta(days=1)
_LOOK_PERIOD = timedelta(hours=1)
# What speaks of the server as a whole: the other sensors would hear the same.
_ABOUT_THE_SERVER = (AuthenticationError, ConnectionFailedError, RateLimitedError)

type Reader = Callable[..., Awaitable[SensorData]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What an audit found.

    Attributes:
        compared: values that were sent in the last two days, of all sensors that could be read.
        resent: how many of them the server did not have, or had otherwise; they wait in the outbox again.
        unread: why sensors could not be read.
    """

    compared: int
    resent: int
    unread: dict[int, str] = field(default_factory=dict)


class Audit:
    """Finds what the server has lost.

    Without it, values that the server accepted and then lost, with its queue or its last hours before a crash, would
    be missing for ever, since nobody else still knows them.

    Attributes:
        last: what the last audit found; None before the first.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        client: FlexMeasuresClient,
        inventory: InventoryCoordinator,
        delivery: Delivery,
        outbox: Outbox,
    ) -> None:
        """Prepare comparing what the outbox remembers with the server."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._inventory = inventory
        self._delivery = delivery
        self._outbox = outbox
        self._one_at_a_time = asyncio.Lock()
        self.last: AuditResult | None = None

    @callback
    def async_start(self) -> None:
        """Compare after each outage and once a day, until the entry is unloaded."""
        for stop in (
            self._delivery.resumed.async_add(self._async_resumed),
            async_track_time_interval(self._hass, self._async_look, _LOOK_PERIOD),
        ):
            self._entry.async_on_unload(stop)

    @callback
    def _async_resumed(self) -> None:
        self._async_begin(self._delivery.sensors)

    @callback
    def _async_look(self, now: datetime) -> None:
        if self._delivery.paused is None:
            self._async_begin(
                sensor_id
                for sensor_id, known in self._delivery.sensors.items()
                if known.audited_at is None or known.audited_at <= now - _PERIOD
            )

    @callback
    def _async_begin(self, sensor_ids: Iterable[int]) -> None:
        if chosen := frozenset(sensor_ids):
            self._entry.async_create_background_task(
                self._hass, self._async_audit_or_tell(chosen), "flexmeasures audit"
            )

    async def _async_audit_or_tell(self, sensor_ids: frozenset[int]) -> None:
        try:
            await self.async_audit(sensor_ids)
        except (FlexMeasuresError, OutboxError) as error:
            # The next look, or the end of the outage, begins it again.
            LOGGER.debug("The audit of %s did not end: %s", self._entry.title, error)

    async def async_audit(self, sensor_ids: Iterable[int] | None = None) -> AuditResult:
        """Compare the last two days of sensors, all that were ever fed by default, and send again what is missing.

        A sensor that cannot be read does not stop the others.

        Raises:
            FlexMeasuresError: the server is away or overloaded, or does not accept us.
            OutboxError: the file cannot be used.
        """
        async with self._one_at_a_time:
            with self._client.bulk():
                result = await self._async_audit(sensor_ids)
        self.last = result
        if result.resent:
            LOGGER.warning(
                "The server had lost %s of %s measurements of %s; they are sent again",
                result.resent,
                result.compared,
                self._entry.title,
            )
            await self._delivery.async_recorded()
        return result

    async def _async_audit(self, sensor_ids: Iterable[int] | None) -> AuditResult:
        now = dt_util.utcnow()
        known = await self._delivery.async_on_disk(self._outbox.sensors)
        wanted = known if sensor_ids is None else set(sensor_ids) & known.keys()
        sensors = [
            sensor
            for sensor_id in wanted
            if (sensor := self._inventory.data.sensors.get(sensor_id)) is not None
        ]
        read = await self._async_reader()
        compared = resent = 0
        unread: dict[int, str] = {}
        for sensor in sensors:
            try:
                counts = await self._async_audit_sensor(sensor, read, now - SENT_IS_KNOWN_FOR)
            except _ABOUT_THE_SERVER:
                raise
            except FlexMeasuresError as error:
                unread[sensor.id] = str(error)
                LOGGER.debug("Sensor %s cannot be compared: %s", sensor.id, error)
            else:
                compared += counts[0]
                resent += counts[1]
        done = [sensor.id for sensor in sensors if sensor.id not in unread]
        await self._delivery.async_on_disk(lambda: self._outbox.note_audit(done, now=now))
        return AuditResult(compared=compared, resent=resent, unread=unread)

    async def _async_reader(self) -> Reader | None:
        """Return what reads our own values only; None when the server has none.

        What others recorded would hide them where it is newer: a plan, a forecast, another person. A server before
        0.33 does not tell its sources; there, what any user recorded is taken for ours.
        """
        try:
            sources = await self._client.get_sources()
        except ServerTooOldError:
            return partial(self._client.get_sensor_data, source_type="user")
        user = await self._client.get_user()
        # A user who was renamed has got another source; the newest one takes what is sent from now on.
        own = [source.id for source in sources if source.user_id == user.id]
        return partial(self._client.get_sensor_data, source=max(own)) if own else None

    async def _async_audit_sensor(
        self, sensor: Sensor, read: Reader | None, since: datetime
    ) -> tuple[int, int]:
        """Return how many values were compared, and how many of them wait again."""
        series = (sensor.id, sensor.resolution, sensor.unit)
        sent = await self._delivery.async_on_disk(partial(self._outbox.sent, *series, since=since))
        if not sent:
            return 0, 0
        stored: dict[datetime, float | None] = {}
        if read is not None:
            start, step = min(sent), sensor.resolution or INSTANTANEOUS_STEP
            data = await read(
                sensor.id,
                start=start,
                duration=max(sent) - start + step,
                unit=sensor.unit,
                resolution=step,
            )
            stored = {
                data.start + i * data.resolution: value for i, value in enumerate(data.values)
            }
        lost = different_values(sent, stored)
        return len(sent), await self._delivery.async_on_disk(
            partial(self._outbox.resend, *series, lost)
        )
