"""The actions for S2 devices, for installers and support."""

from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv, service
import probatio

from .const import CONTROL_TYPE_NONE, CONTROL_TYPES, DOMAIN
from .s2_report import report_of
from .service_targets import refused

if TYPE_CHECKING:
    from .s2.messages.components import Instruction
    from .s2_device import S2Device
    from .s2_server import S2Server

_DEVICE: Final[dict[probatio.Marker, Any]] = {probatio.Required("device_id"): cv.string}

S2_SELECT_CONTROL_TYPE: Final = probatio.Schema(
    {
        **_DEVICE,
        probatio.Required("control_type"): probatio.In([*CONTROL_TYPES, CONTROL_TYPE_NONE]),
    }
)
S2_SEND_INSTRUCTION: Final = probatio.Schema({**_DEVICE, probatio.Required("instruction"): object})
S2_GET_SESSION: Final = probatio.Schema(_DEVICE)


async def async_select_control_type(call: ServiceCall) -> ServiceResponse:
    """Ask a device to follow another control type, or none."""
    device = _device(call)
    device.async_select_control_type(call.data["control_type"])
    return {"control_type": call.data["control_type"]}


async def async_send_instruction(call: ServiceCall) -> ServiceResponse:
    """Send an instruction as the standard writes it; what it does not name is filled in."""
    device = _device(call)
    instruction = await call.hass.async_add_executor_job(
        _read_instruction, call.data["instruction"]
    )
    device.instructor.async_instruct_by_hand(instruction)
    return {"id": instruction.id}


def _read_instruction(given: object) -> Instruction:
    from .s2_instruction import read_instruction  # noqa: PLC0415 - only where S2 devices are

    return read_instruction(given)


async def async_get_session(call: ServiceCall) -> ServiceResponse:
    """Return what a device said of itself, and the last messages."""
    return report_of(_device(call))


def _device(call: ServiceCall) -> S2Device:
    """Return the S2 device that the call names by its device in Home Assistant."""
    registered, entry = service.async_get_device_and_config_entry(
        call.hass, DOMAIN, call.data["device_id"]
    )
    server: S2Server | None = entry.runtime_data.s2
    found = server.devices.get(registered.config_subentry_id or "") if server else None
    if found is None:
        raise refused("device_id", "no_s2_device")
    return found
