"""S2 devices in the one request for a site's plans: what they describe goes in, and their schedules come out."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final, cast

from homeassistant.const import UnitOfPower
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .client import JsonObject, JsonValue, ScheduleResult, Sensor
from .const import LOGGER
from .data import FlexMeasuresConfigEntry
from .plan_guests import GuestRequest
from .plan_models import PlanCause
from .plan_request import PlanWindow
from .planner import Planner
from .s2.control_types import (
    Contribution,
    Grid,
    Plan,
    Sensors,
    Series,
    Timeline,
)
from .s2_device import S2Device
from .s2_sensors import needs_of, planning_sensors, sensors_on
from .scheduling import Schedule

# Who computed a price does not matter to a placement; it only names what is replaced together.
_PRICES: Final = "prices"
_ELECTRICITY: Final = "electricity"


class S2Planning:
    """Lets the site's S2 devices be planned together with everything else.

    When it fails, S2 devices follow their last schedules to their end, and are left alone then.
    """

    def __init__(self, entry: FlexMeasuresConfigEntry, devices: Mapping[str, S2Device]) -> None:
        """Prepare planning the entry's S2 devices."""
        self._entry = entry
        self._devices = devices
        self._asked: dict[str, Sensors] = {}
        self._stored: dict[int, dict[datetime, float | None]] = {}
        self._seen: dict[str, tuple[object, ...]] = {}
        self._looked: dict[str, tuple[Mapping[int, Sensor], tuple[object, ...]]] = {}

    @callback
    def async_start(self, planner: Planner) -> None:
        """Ask for a plan whenever another device can be planned, or one in another way."""
        for device in self._devices.values():
            look = partial(self._async_look, device, planner)
            self._entry.async_on_unload(device.listeners.async_add(look))
            self._entry.async_on_unload(self._entry.runtime_data.inventory.async_add_listener(look))

    @callback
    def _async_look(self, device: S2Device, planner: Planner) -> None:
        """See whether a device can be planned since now; asked with each of its words, and of the inventory."""
        sensors = self._entry.runtime_data.inventory.data.sensors
        needs = needs_of(device)
        looked = self._looked.get(device.settings.subentry_id)
        if looked is not None and looked[0] is sensors and looked[1] == needs:
            return
        self._looked[device.settings.subentry_id] = (sensors, needs)
        if self._sensors_of(device) is None:
            self._seen.pop(device.settings.subentry_id, None)
            return
        seen = (device.control_type, *device.observation.actuators)
        if self._seen.get(device.settings.subentry_id) != seen:
            self._seen[device.settings.subentry_id] = seen
            planner.async_request(PlanCause.INPUT)

    @property
    def is_expected(self) -> bool:
        """Whether there are any S2 devices, be they away."""
        return bool(self._devices)

    def _plannable(self) -> Iterable[tuple[S2Device, Sensors]]:
        """Yield the devices that follow a control type, and have all their sensors."""
        for device in self._devices.values():
            if (sensors := self._sensors_of(device)) is not None:
                yield device, sensors

    def _sensors_of(self, device: S2Device) -> Sensors | None:
        """Return the sensors that a device is planned on; None while it cannot be planned."""
        if device.control is None or not device.observation.is_described:
            return None
        return planning_sensors(device, sensors_on(self._entry, device.settings.asset_id))

    @property
    def resolution(self) -> timedelta | None:
        """Of the coarsest power sensor; None while no device can be planned."""
        known = self._entry.runtime_data.inventory.data.sensors
        ids = {number for _, sensors in self._plannable() for number in sensors.power.values()}
        return max((known[number].resolution for number in ids if number in known), default=None)

    async def async_join(self, window: PlanWindow) -> GuestRequest:
        """Return what the devices add, once their forecasts are stored on the server.

        Raises:
            FlexMeasuresError: they could not be stored.
        """
        steps = (window.end - window.start) // window.resolution
        grid = Grid(window.start, window.resolution, steps)
        self._asked.clear()
        contributions: list[Contribution] = []
        power_sensors: set[int] = set()
        for device, sensors in tuple(self._plannable()):
            self._async_tell_prices(device, window)
            contribution = self._contribution(device, sensors, grid)
            if contribution is None:
                continue
            self._asked[device.settings.subentry_id] = sensors
            contributions.append(contribution)
            power_sensors |= set(sensors.power.values())
            for series in contribution.series:
                await self._async_store(sensors.identifier(series.kind), series)
        flex_models = _objects(item for part in contributions for item in part.flex_models)
        return GuestRequest(
            sensor_ids=tuple(
                number
                for model in flex_models
                if isinstance(number := model.get("sensor"), int)
                and number in power_sensors
                # What burns fuel is planned beside it, and no electric power that anybody follows.
                and model.get("commodity", _ELECTRICITY) == _ELECTRICITY
            ),
            flex_models=flex_models,
            flex_context=_context(contributions),
        )

    @callback
    def _async_tell_prices(self, device: S2Device, window: PlanWindow) -> None:
        """Let a device with power profiles know what a kWh costs: it places them itself."""
        if window.tariff is None:
            return
        count = (window.end - window.start) // window.resolution
        prices: Timeline[float] = Timeline()
        tariff = window.tariff.on_steps(window.start, window.resolution, count)
        for index, price in enumerate(tariff.consumption):
            if price is not None:
                start = window.start + index * window.resolution
                prices.replace_from(start, [(window.resolution, price)], _PRICES)
        device.async_tell_prices(prices, window.now)

    def _contribution(self, device: S2Device, sensors: Sensors, grid: Grid) -> Contribution | None:
        """Return what a device adds; None when it cannot be planned as it is."""
        assert device.control is not None
        try:
            contribution = device.control.contribution(sensors, grid, dt_util.utcnow())
        except ValueError as error:
            LOGGER.warning("%s is not planned: %s", device.settings.title, error)
            return None
        device.notices = contribution.notices
        return contribution

    async def _async_store(self, sensor_id: int, series: Series) -> None:
        """Store a forecast, and wait until the server has it: it plans with 0 where it knows nothing."""
        times = [series.start + number * series.resolution for number in range(len(series.values))]
        known = self._stored.get(sensor_id, {})
        values = dict(zip(times, series.values, strict=True))
        if all(time in known and known[time] == value for time, value in values.items()):
            return
        await self._entry.runtime_data.connection.client.post_sensor_data(
            sensor_id,
            start=series.start,
            duration=len(series.values) * series.resolution,
            values=series.values,
            unit=UnitOfPower.KILO_WATT,
            wait=True,
        )
        self._stored[sensor_id] = values

    @callback
    def async_take(self, result: ScheduleResult) -> None:
        """Hand each device its schedules."""
        now = dt_util.utcnow()
        by_sensor = {
            answer.sensor_id: Schedule(
                start=answer.start,
                resolution=answer.resolution,
                powers=answer.values,
                computed_at=now,
                schedule_id=answer.schedule_id,
                scheduler=answer.scheduler or "",
            )
            for answer in result.schedules
            if any(value is not None for value in answer.values)
        }
        for name, sensors in self._asked.items():
            device = self._devices[name]
            schedules = {
                actuator: by_sensor[number]
                for actuator, number in sensors.power.items()
                if number in by_sensor
            }
            # What the server only fell back on is not carried out; the last plan goes on.
            is_fallback = any(schedule.is_flat_fallback for schedule in schedules.values())
            if schedules and not is_fallback:
                device.async_plan(Plan(schedules=schedules))


def _objects(models: Iterable[object]) -> tuple[JsonObject, ...]:
    return tuple(dict(cast("JsonObject", model)) for model in models)


def _context(contributions: Iterable[Contribution]) -> dict[str, list[JsonValue]]:
    """Return the fields of the flex-context to which devices add something."""
    context: dict[str, list[JsonValue]] = {}
    for part in contributions:
        for field, values in (
            (
                "inflexible-consumption",
                [{"sensor": number} for number in part.inflexible_consumption],
            ),
            (
                "inflexible-production",
                [{"sensor": number} for number in part.inflexible_production],
            ),
        ):
            if values:
                context.setdefault(field, []).extend(cast("list[JsonValue]", values))
    return context
