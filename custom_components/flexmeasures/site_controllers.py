"""The controllers of a site's flexible devices: made together, kept together, ended together."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypedDict

from homeassistant.core import HomeAssistant, callback

from .actuators import Carrier, EntityActuator, ServiceCalls
from .control_inputs import EntityInputs, InputSource
from .control_records import CONTROL_SECTION
from .controller import Controller
from .data import FlexMeasuresConfigEntry
from .flexible_device import DeviceKind, FlexibleDevice
from .plan_models import PlanCause
from .planner import Planner
from .site_store import Section, SiteStore
from .wishes import SiteWishes

if TYPE_CHECKING:
    from .s2_site import S2Site


@callback
def make_controllers(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    planner: Planner,
    devices: tuple[FlexibleDevice, ...],
    store: SiteStore,
    wishes: SiteWishes,
    s2: S2Site | None = None,
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
            **_parts(hass, device, planner, calls, s2),
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


class _Parts(TypedDict):
    carrier: Carrier | None
    source: InputSource


def _parts(
    hass: HomeAssistant,
    device: FlexibleDevice,
    planner: Planner,
    calls: ServiceCalls,
    s2: S2Site | None,
) -> _Parts:
    """Return what takes a device's setpoint, and what tells of the device."""
    if device.kind is DeviceKind.S2:
        assert s2 is not None
        carrier, source = s2.control_of(device.subentry_id, planner)
        return {"carrier": carrier, "source": source}
    entity = device.setpoint_entity
    return {
        "carrier": EntityActuator(hass, device, entity, calls) if entity else None,
        "source": EntityInputs(hass, device),
    }


async def async_release_all(controllers: Iterable[Controller]) -> None:
    """Give all devices their safe values at once: one that hangs keeps the others from nothing."""
    await asyncio.gather(*(controller.async_release() for controller in controllers))
