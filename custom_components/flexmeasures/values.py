"""What the site's sensors hold now: asks the server no more often than the budget allows."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.util import dt as dt_util

from .alarm import Alarm
from .client import (
    FlexMeasuresClient,
    FlexMeasuresError,
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
from .measurements import PollPlan, ValueWindow, first_due, plan_window, refresh_period

# 240 requests a minute at the most, of the 500 that a user has: the rest is for schedules and measurements.
_SPACING = timedelta(milliseconds=250)
# A sensor that the server refuses to show is asked again this seldom: rights may have been given since.
_REFUSED_PAUSE = timedelta(hours=1)
# After the server failed, all sensors wait: first this long, then twice as long each time, up to the longest.
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=5)


class SiteValues:
    """Follows the sensors that somebody listens to, one request at a time.

    When it fails, entities keep the last known window until that ends, and the inventory tells whether the server is
    there.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        client: FlexMeasuresClient,
        inventory: InventoryCoordinator,
    ) -> None:
        """Prepare following sensors of the inventory through the client."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._inventory = inventory
        self._plan = PollPlan()
        self._windows: dict[int, ValueWindow] = {}
        self._listeners: dict[int, Listeners] = {}
        self._alarm = Alarm(hass, self._async_due)
        self._asking = False
        self._not_before = dt_util.utcnow()
        self._pause = _FIRST_PAUSE
        entry.async_on_unload(
            async_track_utc_time_change(hass, self._async_minute_passed, second=0)
        )
        entry.async_on_unload(self._alarm.async_cancel)

    def window(self, sensor_id: int) -> ValueWindow | None:
        """Return what is known of the sensor; None before the first answer."""
        return self._windows.get(sensor_id)

    @callback
    def async_follow(self, sensor_id: int, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Keep the sensor's window fresh and call the listener when it, or what holds now, may have changed."""
        listeners = self._listeners.setdefault(sensor_id, Listeners())
        remove = listeners.async_add(listener)
        if sensor_id not in self._plan:
            self._plan.set(sensor_id, dt_util.utcnow())
            self._async_arm()

        @callback
        def unfollow() -> None:
            remove()
            if not listeners:
                del self._listeners[sensor_id]
                self._plan.remove(sensor_id)

        return unfollow

    @callback
    def async_accept(self, sensor_id: int, window: ValueWindow) -> None:
        """Take a window that is known without asking: a schedule that we received, values that we posted."""
        is_first = sensor_id not in self._windows
        self._windows[sensor_id] = window
        if sensor_id in self._plan:
            due = window.look_again_at(refresh_period(len(self._plan)))
            self._plan.set(
                sensor_id, first_due(sensor_id, window.asked_at, due) if is_first else due
            )
            self._async_arm()
        if listeners := self._listeners.get(sensor_id):
            listeners.async_call()

    @callback
    def async_sent(
        self, sensor: Sensor, start: datetime, grid: timedelta, values: Sequence[float | None]
    ) -> None:
        """Take values that we sent, in the sensor's unit; ask for the sensor where they do not fit on what is known."""
        window = self._windows.get(sensor.id)
        if window and window.grid == grid and not window.is_instantaneous:
            merged = window.with_values(start, values, dt_util.utcnow())
            if merged:
                self.async_accept(sensor.id, merged)
                return
        self._async_postpone(sensor.id, timedelta(0))
        self._async_arm()

    @callback
    def _async_minute_passed(self, now: datetime) -> None:
        for listeners in list(self._listeners.values()):
            listeners.async_call()

    @callback
    def _async_arm(self) -> None:
        self._alarm.async_cancel()
        if self._asking or self._hass.is_stopping or (upcoming := self._plan.next()) is None:
            return
        due = max(upcoming[0], self._not_before)
        self._alarm.async_set_at(due)

    @callback
    def _async_due(self) -> None:
        upcoming = self._plan.next()
        if upcoming is None:
            return
        self._asking = True
        self._entry.async_create_background_task(
            self._hass, self._async_ask(upcoming[1]), f"flexmeasures values {upcoming[1]}"
        )

    async def _async_ask(self, sensor_id: int) -> None:
        # Until the answer says when to ask again; so nothing that goes wrong can ask without pause.
        self._async_postpone(sensor_id, _REFUSED_PAUSE)
        try:
            if sensor := self._inventory.data.sensors.get(sensor_id):
                self.async_accept(sensor_id, await self._async_read(sensor))
                self._pause = _FIRST_PAUSE
        except (NotFoundError, PermissionDeniedError, ValidationError) as error:
            LOGGER.debug("FlexMeasures does not show sensor %s: %s", sensor_id, error)
        except FlexMeasuresError as error:
            self._async_postpone(sensor_id, timedelta(0))
            self._async_wait_after(error)
        finally:
            self._asking = False
            self._not_before = max(self._not_before, dt_util.utcnow() + _SPACING)
            self._async_arm()

    @callback
    def _async_postpone(self, sensor_id: int, pause: timedelta) -> None:
        if sensor_id in self._plan:
            self._plan.set(sensor_id, dt_util.utcnow() + pause)

    @callback
    def _async_wait_after(self, error: FlexMeasuresError) -> None:
        """Pause all sensors; whether the server is away, or the password changed, is for the inventory to find out."""
        if self._hass.is_stopping:
            return
        LOGGER.debug("Reading values waits for %s: %s", self._pause, error)
        wait = self._pause
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            wait = timedelta(seconds=error.retry_after)
        else:
            self._entry.async_create_background_task(
                self._hass, self._inventory.async_request_refresh(), "flexmeasures inventory"
            )
        self._not_before = dt_util.utcnow() + wait
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    async def _async_read(self, sensor: Sensor) -> ValueWindow:
        now = dt_util.utcnow()
        request = plan_window(sensor.resolution, now)
        data = await self._client.get_sensor_data(
            sensor.id,
            start=request.start,
            duration=request.duration,
            unit=sensor.unit,
            resolution=request.resolution,
        )
        return ValueWindow(
            start=data.start,
            grid=data.resolution,
            values=data.values,
            asked_at=now,
            is_instantaneous=sensor.is_instantaneous,
        )
