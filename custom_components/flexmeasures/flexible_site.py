"""The parts that a site with flexible devices has besides the others."""

from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback

from .const import LOGGER, SUBENTRY_FLEXIBLE_DEVICE
from .data import FlexMeasuresConfigEntry
from .flexible_device import FlexibleDevice
from .flexible_entities import (
    async_add_savings_of_s2_devices,
    binary_sensors_of,
    buttons_of,
    sensors_of,
    storage_binary_sensors_of,
    storage_sensors_of,
)
from .plan_answers import explanation_answer, schedule_answer
from .plan_progress import PlanProgress
from .planner import Planner
from .site_controllers import async_release_all, make_controllers
from .wishes import SiteWishes

if TYPE_CHECKING:
    from .s2_site import S2Site


class FlexibleSite:
    """Builds and starts what plans a site's flexible devices and carries their plans out.

    Attributes:
        controllers, devices, progress: one per device, by subentry id.
        planner: plans all of them.
        wishes: what people want of them.
    """

    # Its entities on platforms that every site has.
    sensors_of = staticmethod(sensors_of)
    storage_sensors_of = staticmethod(storage_sensors_of)
    async_add_savings_of_s2_devices = staticmethod(async_add_savings_of_s2_devices)
    binary_sensors_of = staticmethod(binary_sensors_of)
    storage_binary_sensors_of = staticmethod(storage_binary_sensors_of)
    buttons_of = staticmethod(buttons_of)
    # What actions answer.
    explanation_answer = staticmethod(explanation_answer)
    schedule_answer = staticmethod(schedule_answer)

    def __init__(
        self, hass: HomeAssistant, entry: FlexMeasuresConfigEntry, s2: S2Site | None
    ) -> None:
        """Prepare the parts; nothing runs yet."""
        data = entry.runtime_data
        devices = _flexible_devices(entry, s2)
        self.devices = {device.subentry_id: device for device in devices}
        self.wishes = SiteWishes(data.store, tuple(self.devices))
        self.planner = Planner(
            hass,
            entry,
            data.connection.client,
            data.inventory,
            data.values,
            devices,
            data.store,
            self.wishes,
            s2.planning if s2 else None,
        )
        self.controllers = make_controllers(
            hass, entry, self.planner, devices, data.store, self.wishes, s2
        )
        self.progress = {
            name: PlanProgress(hass, entry, self.planner, name, data.sentence)
            for name in self.devices
        }

    @callback
    def async_start_control(self) -> None:
        """Begin to carry out plans, and to show where devices are in them."""
        for controller in self.controllers.values():
            controller.async_start()
        for progress in self.progress.values():
            progress.async_start()

    async def async_release(self) -> None:
        """Give all devices their safe values."""
        await async_release_all(self.controllers.values())


def _flexible_devices(
    entry: FlexMeasuresConfigEntry, s2: S2Site | None
) -> tuple[FlexibleDevice, ...]:
    """Return all devices that can be planned; an S2 device is one whose session takes its setpoint."""
    devices = []
    for subentry in entry.get_subentries_of_type(SUBENTRY_FLEXIBLE_DEVICE):
        try:
            devices.append(FlexibleDevice.from_subentry(subentry))
        except ValueError as error:
            LOGGER.error("%s is not planned, its settings make no sense: %s", subentry.title, error)
    served = s2.server.devices if s2 else ()
    devices += [FlexibleDevice.from_subentry(entry.subentries[name]) for name in served]
    return tuple(devices)
