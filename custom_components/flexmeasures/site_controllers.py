"""The controllers of a site's flexible devices: made together, kept together, ended together."""

import asyncio
from collections.abc import Iterable

from homeassistant.core import HomeAssistant, callback

from .actuators import EntityActuator, ServiceCalls
from .control_records import CONTROL_SECTION
from .controller import Controller
from .data import FlexMeasuresConfigEntry
from .flexible_device import FlexibleDevice
from .plan_models import PlanCause
from .planner import Planner
from .site_store import Section, SiteStore
from .wishes import SiteWishes


@callback
def make_controllers(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    planner: Planner,
    devices: tuple[FlexibleDevice, ...],
    store: SiteStore,
    wishes: SiteWishes,
) -> dict[str, Controller]:
    """Return a controller per flexible device, by subentry id; nothing is started yet."""
    calls = ServiceCalls(hass)
    if devices:
        entry.async_on_unload(calls.async_start())
    controllers = {
        device.subentry_id: Controller(
            hass,
            entry,
            planner,
            device,
            carrier=(
                EntityActuator(hass, device, device.setpoint_entity, calls)
                if device.setpoint_entity
                else None
            ),
            store=store,
            wishes=wishes,
            mode_changed=lambda: planner.async_request(PlanCause.MODE),
        )
        for device in devices
    }

    def records() -> Section:
        return {key: controller.as_record() for key, controller in controllers.items()}

    store.async_provide(CONTROL_SECTION, records)
    return controllers


async def async_release_all(controllers: Iterable[Controller]) -> None:
    """Give all devices their safe values at once: one that hangs keeps the others from nothing."""
    await asyncio.gather(*(controller.async_release() for controller in controllers))
