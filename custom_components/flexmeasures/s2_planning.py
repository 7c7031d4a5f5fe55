"""S2 devices in the plans of their site: when to plan them, how they are, and what has to be stored before."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant, callback

from .alarm import Alarm
from .client import Sensor
from .data import FlexMeasuresConfigEntry
from .flexible_device import FlexibleDevice
from .listeners import Listeners
from .plan_inputs import DeviceInputs, NotPlanned
from .plan_models import PlanCause
from .planner import Planner
from .s2.control_types import Series
from .s2_device import S2Device
from .s2_inputs import S2InputReader
from .s2_request import S2Request
from .s2_sensors import needs_of, planning_sensors, sensors_on
from .wishes import Wishes

# What a device foresees anew is planned with after this: many tell it every few seconds.
_SHORTEST_PAUSE: Final = timedelta(minutes=5)


class S2Planning:
    """Lets the site's S2 devices be planned together with everything else.

    When it fails, S2 devices follow their last schedules to their end, and are left alone then.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        devices: Mapping[str, S2Device],
    ) -> None:
        """Prepare planning the entry's S2 devices."""
        self._hass = hass
        self._entry = entry
        self._devices = devices
        self._stored: dict[int, dict[datetime, float | None]] = {}
        self._looked: dict[str, tuple[Mapping[int, Sensor], tuple[object, ...]]] = {}
        self._plannable: dict[str, tuple[object, ...]] = {}
        self._described: dict[str, int] = {}
        self._planner: Planner | None = None
        self._foreseen = Alarm(hass, self._async_plan_what_is_foreseen)

    @callback
    def async_start(self, planner: Planner) -> None:
        """Ask for a plan whenever another device can be planned, or one in another way."""
        self._planner = planner
        self._entry.async_on_unload(self._foreseen.async_cancel)
        for device in self._devices.values():
            look = partial(self._async_look, device, planner)
            self._entry.async_on_unload(device.listeners.async_add(look))
            self._entry.async_on_unload(self._entry.runtime_data.inventory.async_add_listener(look))

    @callback
    def _async_look(self, device: S2Device, planner: Planner) -> None:
        """See whether a device can be planned since now; asked with each of its words, and of the inventory."""
        name = device.settings.subentry_id
        if self._described.get(name) != device.described:
            self._described[name] = device.described
            if not self._foreseen.is_set:
                self._foreseen.async_set_in(_SHORTEST_PAUSE)
        sensors, needs = self._entry.runtime_data.inventory.data.sensors, needs_of(device)
        looked = self._looked.get(name)
        if looked is not None and looked[0] is sensors and looked[1] == needs:
            return
        self._looked[name] = (sensors, needs)
        if not self._is_plannable(device):
            self._plannable.pop(name, None)
            return
        plannable = (device.control_type, *device.observation.actuators)
        if self._plannable.get(name) != plannable:
            self._plannable[name] = plannable
            planner.async_request(PlanCause.INPUT)

    @callback
    def _async_plan_what_is_foreseen(self) -> None:
        if self._planner is not None:
            self._planner.async_request(PlanCause.INPUT)

    def _is_plannable(self, device: S2Device) -> bool:
        """Tell whether a device follows a control type, and has all its sensors."""
        if device.control is None or not device.observation.is_described:
            return False
        named = sensors_on(self._entry, device.settings.asset_id)
        return planning_sensors(device, named) is not None

    def read(
        self, device: FlexibleDevice, wishes: Wishes, now: datetime, zone: tzinfo
    ) -> DeviceInputs | NotPlanned:
        """Return how a device is now, or why it is left out; people's times of day are in the zone."""
        s2_device = self._devices[device.subentry_id]
        named = sensors_on(self._entry, s2_device.settings.asset_id)
        return S2InputReader(self._hass, now, zone).read(device, s2_device, named, wishes)

    def stored_energy(self, device_id: str) -> float | None:
        """Return the kWh that are stored in a device now; None where nothing is known of that."""
        return self._devices[device_id].observation.stored_energy

    def listeners(self, device_id: str) -> Listeners:
        """Return who is called when a device told something."""
        return self._devices[device_id].listeners

    async def async_store(self, requests: Iterable[S2Request]) -> None:
        """Store what devices foresee, and wait until the server has it: it plans with 0 where it knows nothing.

        Raises:
            FlexMeasuresError: it could not be stored.
        """
        for request in requests:
            for series in request.series:
                await self._async_store(request.sensor_of[series.kind], series)

    async def _async_store(self, sensor_id: int, series: Series) -> None:
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
