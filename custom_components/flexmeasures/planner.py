"""When and what to schedule: one trigger for all flexible devices of the site."""

import asyncio
from datetime import datetime, timedelta
import random

from homeassistant.const import UnitOfPower
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .client import (
    AuthenticationError,
    ConnectionFailedError,
    FlexMeasuresClient,
    JsonObject,
    RateLimitedError,
    ScheduleResult,
    Sensor,
)
from .const import (
    CONF_CONSUMPTION_PRICE_SENSOR,
    CONF_PRODUCTION_PRICE_SENSOR,
    DOMAIN,
    LOGGER,
)
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry
from .device_reading import read_model, read_stored_energy
from .errors import errors_for_actions
from .flexible_device import FlexibleDevice
from .listeners import Listeners
from .measurements import ValueWindow
from .repairs import PLANNING_ISSUES, async_update_issues
from .scheduling import Battery, Schedule, StorageState, floor_to_resolution
from .units import convert
from .values import SiteValues

# A day ahead holds one cheap and one expensive time of every tariff.
_HORIZON = timedelta(hours=24)
# The server takes 10 triggers per 5 minutes from one account; a quarter-hour leaves room for people and other homes.
_PERIOD = timedelta(minutes=15)
# Spreads the homes that started together, for instance after a power cut.
_LONGEST_JITTER = timedelta(minutes=1)
# After start other integrations still bring their entities back; planning before the state of charge is there fails.
_START_DELAY = timedelta(seconds=2)
# A failure is tried again sooner than the period: first after this, then twice as long each time.
_FIRST_RETRY = timedelta(seconds=15)
# What was measured before a plan should count in it; but a plan without the last interval is better than none.
_WAIT_FOR_MEASUREMENTS = timedelta(seconds=10)

_FLEX_CONTEXT_FIELDS = {
    CONF_CONSUMPTION_PRICE_SENSOR: "consumption-price",
    CONF_PRODUCTION_PRICE_SENSOR: "production-price",
}


class Planner:
    """Keeps each flexible device's current schedule.

    When it fails, the last schedule stays until it ends, and ``problem`` says what went wrong.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        client: FlexMeasuresClient,
        inventory: InventoryCoordinator,
        values: SiteValues,
        devices: tuple[FlexibleDevice, ...],
    ) -> None:
        """Prepare planning the devices on the entry's site."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._inventory = inventory
        self._values = values
        self._devices = devices
        self._schedules: dict[str, Schedule] = {}
        self._one_at_a_time = asyncio.Lock()
        self._waiting: asyncio.Task[None] | None = None
        self._timer: CALLBACK_TYPE | None = None
        self._retry = _FIRST_RETRY
        self.listeners = Listeners()
        self.problem: HomeAssistantError | None = None

    @callback
    def async_start(self) -> None:
        """Plan soon, and again every period, until the entry is unloaded."""
        self._entry.async_on_unload(self._async_cancel_timer)
        if self._devices:
            self._async_arm(_START_DELAY)

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
        self._entry.async_create_background_task(
            self._hass, self._async_plan_and_arm(), "flexmeasures plan"
        )

    async def _async_plan_and_arm(self) -> None:
        try:
            await self.async_reschedule()
        except HomeAssistantError as error:
            self._async_arm(self._pause_after(error))
        except Exception:
            self._async_arm(_PERIOD)
            raise
        else:
            self._retry = _FIRST_RETRY
            self._async_arm(_PERIOD + random.random() * _LONGEST_JITTER)

    def _pause_after(self, error: HomeAssistantError) -> timedelta:
        cause = error.__cause__
        if isinstance(cause, RateLimitedError) and cause.retry_after is not None:
            return timedelta(seconds=cause.retry_after) + random.random() * _FIRST_RETRY
        pause = self._retry
        self._retry = min(2 * self._retry, _PERIOD)
        return pause

    def schedule(self, subentry_id: str) -> Schedule | None:
        """Return the device's current schedule; None before the first."""
        return self._schedules.get(subentry_id)

    async def async_reschedule(self) -> None:
        """Compute new schedules from what is known now; callers that wait for the next run share it.

        Raises:
            HomeAssistantError: there is no new schedule; the last one stays.
        """
        if self._waiting is None:
            # Not eager: the run clears `_waiting`, which must be set by then.
            self._waiting = self._entry.async_create_background_task(
                self._hass, self._async_run_next(), "flexmeasures reschedule", eager_start=False
            )
        await asyncio.shield(self._waiting)

    async def _async_run_next(self) -> None:
        async with self._one_at_a_time:
            self._waiting = None
            before = self.problem
            try:
                with errors_for_actions():
                    await self._async_plan()
                self.problem = None
            except HomeAssistantError as error:
                self.problem = error
                self._async_tell_owner(error.__cause__)
                raise
            finally:
                self._async_tell_problem(before)
                async_update_issues(self._hass, self._entry, PLANNING_ISSUES, self.problem)
                self.listeners.async_call()

    @callback
    def _async_tell_owner(self, cause: BaseException | None) -> None:
        """Let a refused sign-in be mended, and a lost server be noticed by everything that depends on it."""
        if isinstance(cause, AuthenticationError):
            self._entry.async_start_reauth(self._hass)
        elif isinstance(cause, ConnectionFailedError):
            self._entry.async_create_background_task(
                self._hass, self._inventory.async_request_refresh(), "flexmeasures inventory"
            )

    @callback
    def _async_tell_problem(self, before: HomeAssistantError | None) -> None:
        if self.problem and not before:
            LOGGER.warning("No new schedule for %s: %s", self._entry.title, self.problem)
        elif before and not self.problem:
            LOGGER.info("Schedules for %s are computed again", self._entry.title)

    async def _async_plan(self) -> None:
        readings, unknown = self._readings()
        if not readings:
            raise unknown[0]
        await self._async_check_prices()
        if delivery := self._entry.runtime_data.delivery:
            await delivery.async_ingested(until=dt_util.utcnow(), within=_WAIT_FOR_MEASUREMENTS)
        sensors = self._inventory.data.sensors
        resolution = max(sensors[device.power_sensor].resolution for device in readings)
        start = floor_to_resolution(dt_util.utcnow(), resolution)
        flex_model = [
            model.flex_model(state, start=start, end=start + _HORIZON, resolution=resolution)
            for model, state in readings.values()
        ]
        result = await self._client.trigger_and_get_schedule(
            self._inventory.site_id,
            sensor_ids=[device.power_sensor for device in readings],
            unit=UnitOfPower.WATT,
            start=start,
            duration=_HORIZON,
            flex_model=flex_model,
            flex_context=self._flex_context(),
            force_new_job_creation=True,
        )
        self._async_keep(result)
        if unknown:
            raise unknown[0]

    def _readings(
        self,
    ) -> tuple[dict[FlexibleDevice, tuple[Battery, StorageState]], list[HomeAssistantError]]:
        """Return what can be planned, and why the rest cannot."""
        readings: dict[FlexibleDevice, tuple[Battery, StorageState]] = {}
        unknown: list[HomeAssistantError] = []
        for device in self._devices:
            if device.power_sensor not in self._inventory.data.sensors:
                unknown.append(_power_sensor_missing(device))
                continue
            try:
                stored = read_stored_energy(self._hass, device, dt_util.utcnow())
                model = read_model(self._hass, device)
            except HomeAssistantError as error:
                unknown.append(error)
                continue
            if isinstance(model, Battery) and stored:
                readings[device] = model, StorageState(stored_energy=stored.energy)
        return readings, unknown

    async def _async_check_prices(self) -> None:
        """Refuse to plan without a price: the server would accept the trigger, count it, and fail the job."""
        if not self._is_priced():
            # Somebody may have stored one on the server since the site was read.
            await self._inventory.async_refresh()
        if not self._is_priced():
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_prices")

    def _is_priced(self) -> bool:
        stored = self._inventory.data.site.flex_context
        return CONF_CONSUMPTION_PRICE_SENSOR in self._entry.options or any(
            key.startswith("consumption-price") or key == "commodities" for key in stored
        )

    def _flex_context(self) -> JsonObject | None:
        """Return the prices chosen in the options; None leaves all to what the site stores on the server."""
        options = self._entry.options
        chosen: JsonObject = {
            field: {"sensor": options[key]}
            for key, field in _FLEX_CONTEXT_FIELDS.items()
            if key in options
        }
        return chosen or None

    @callback
    def _async_keep(self, result: ScheduleResult) -> None:
        by_sensor = {schedule.sensor_id: schedule for schedule in result.schedules}
        for device in self._devices:
            answer = by_sensor.get(device.power_sensor)
            if answer is None or not answer.values:
                continue
            schedule = Schedule(
                start=answer.start,
                resolution=answer.resolution,
                powers=answer.values,
                computed_at=dt_util.utcnow(),
                schedule_id=answer.schedule_id,
            )
            self._schedules[device.subentry_id] = schedule
            sensor = self._inventory.data.sensors[answer.sensor_id]
            self._values.async_accept(sensor.id, _as_stored(schedule, sensor))


def _power_sensor_missing(device: FlexibleDevice) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="power_sensor_missing",
        translation_placeholders={
            "device": device.title,
            "sensor": str(device.power_sensor),
        },
    )


def _as_stored(schedule: Schedule, sensor: Sensor) -> ValueWindow:
    """Return what the server now stores on the power sensor: its own unit and sign.

    The one place where our sign (consumption positive) becomes the sensor's.
    """
    sign = 1 if sensor.consumption_is_positive else -1
    return ValueWindow(
        start=schedule.start,
        grid=schedule.resolution,
        values=tuple(
            None if power is None else sign * convert(power, UnitOfPower.WATT, sensor.unit) + 0.0
            for power in schedule.powers
        ),
        asked_at=schedule.computed_at,
    )
