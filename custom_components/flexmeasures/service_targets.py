"""Which site, or which flexible device, an action acts on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
import probatio

from .const import DOMAIN
from .data import FlexMeasuresConfigEntry, FlexMeasuresData

if TYPE_CHECKING:
    from .controller import Controller
    from .flexible_device import FlexibleDevice
    from .flexible_site import FlexibleSite
    from .plan_models import DevicePlan, PlanState

_SITE: Final = "config_entry"
_DEVICE: Final = "device_id"

SITE: Final[dict[probatio.Marker, Any]] = {probatio.Required(_SITE): cv.string}
DEVICE: Final[dict[probatio.Marker, Any]] = {probatio.Required(_DEVICE): cv.string}
SITE_OR_DEVICE: Final[dict[probatio.Marker, Any]] = {
    probatio.Optional(_SITE): cv.string,
    probatio.Optional(_DEVICE): cv.string,
}


def refused(field: str, reason: str, **placeholders: str) -> ServiceValidationError:
    """Return the error that names the field and, by its translation key, the reason."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=reason,
        translation_placeholders={"field": field, **placeholders},
    )


@dataclass(frozen=True, slots=True)
class DeviceTarget:
    """A flexible device that an action acts on.

    Attributes:
        data: the parts of its site.
        device: with its settings.
    """

    data: FlexMeasuresData
    device: FlexibleDevice

    @property
    def site(self) -> FlexibleSite:
        """Return what plans and controls it."""
        assert self.data.flexible
        return self.data.flexible

    @property
    def title(self) -> str:
        """Return what its owner calls it."""
        return self.device.title

    @property
    def controller(self) -> Controller:
        """Return what carries its plan out."""
        return self.data.controllers[self.device.subentry_id]

    @property
    def plan(self) -> DevicePlan | None:
        """Return its plan in force; None when there is none."""
        return self.data.planner.plan(self.device.subentry_id)

    @property
    def state(self) -> PlanState:
        """Return how it stands with its plan."""
        return self.data.planner.status(self.device.subentry_id)

    @property
    def reason(self) -> str | None:
        """Return why it stands so, in the home's language; None where the status says it all."""
        problem = self.state.problem
        return self.data.sentence(problem) if problem else None


def data_of(call: ServiceCall) -> FlexMeasuresData:
    """Return the running parts of the entry that the action names.

    Raises:
        ServiceValidationError: there is no such entry, or it is not loaded.
    """
    entry: FlexMeasuresConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[_SITE]
    )
    return entry.runtime_data


def device_of(call: ServiceCall) -> DeviceTarget:
    """Return the flexible device that the action names by its device in Home Assistant.

    Raises:
        ServiceValidationError: there is no such device, its entry is not loaded, or nothing of it can be planned.
    """
    entry: FlexMeasuresConfigEntry
    device, entry = service.async_get_device_and_config_entry(
        call.hass, DOMAIN, call.data[_DEVICE], include_child_devices=False
    )
    data = entry.runtime_data
    flexible_device = data.devices.get(device.config_subentry_id or "")
    if flexible_device is None:
        name = device.name_by_user or device.name or device.id
        raise refused(_DEVICE, "not_a_flexible_device", value=name)
    return DeviceTarget(data, flexible_device)


def is_for_device(call: ServiceCall, *, site_fields: Iterable[object]) -> bool:
    """Tell whether an action that takes either names a device; its settings stand in for the site's fields.

    Raises:
        ServiceValidationError: both are named, or none, or a field is given that a device does not take.
    """
    if (_SITE in call.data) == (_DEVICE in call.data):
        raise refused(_DEVICE, "site_or_device")
    if _SITE in call.data:
        return False
    for field in map(str, site_fields):
        if field in call.data:
            raise refused(field, "field_of_site")
    return True
