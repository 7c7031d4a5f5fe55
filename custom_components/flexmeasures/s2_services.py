"""The actions for S2 devices, for installers and support."""

import json
from typing import Any, Final

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util import dt as dt_util
import probatio

from .const import DOMAIN
from .s2 import MessageError, load, random_identifier
from .s2.messages.components import ControlType
from .s2.wire import JsonObject
from .s2_device import S2Device
from .s2_report import report_of
from .service_targets import refused

_DEVICE: Final[dict[probatio.Marker, Any]] = {probatio.Required("device_id"): cv.string}
_CONTROL_TYPES: Final = [kind.value.lower() for kind in ControlType]

S2_SELECT_CONTROL_TYPE: Final = probatio.Schema(
    {**_DEVICE, probatio.Required("control_type"): probatio.In(_CONTROL_TYPES)}
)
S2_SEND_INSTRUCTION: Final = probatio.Schema({**_DEVICE, probatio.Required("instruction"): object})
S2_GET_SESSION: Final = probatio.Schema(_DEVICE)


async def async_select_control_type(call: ServiceCall) -> ServiceResponse:
    """Ask a device to follow another control type, or none."""
    device = _device(call)
    device.async_select_control_type(ControlType(call.data["control_type"].upper()))
    return {"control_type": call.data["control_type"]}


async def async_send_instruction(call: ServiceCall) -> ServiceResponse:
    """Send an instruction as the standard writes it; what it does not name is filled in."""
    device = _device(call)
    given = call.data["instruction"]
    if not isinstance(given, dict):
        raise refused("instruction", "not_an_object")
    identifier = str(given.get("id", random_identifier()))
    raw: JsonObject = {
        "execution_time": dt_util.utcnow().isoformat(),
        "abnormal_condition": False,
        **given,
        "id": identifier,
        "message_id": identifier,
    }
    codec = await call.hass.async_add_executor_job(load)
    try:
        # Through text, so that a number that JSON does not know is refused here and not on the wire.
        instruction = codec.read_instruction(json.loads(json.dumps(raw, allow_nan=False)))
    except MessageError as error:
        raise refused("instruction", "s2_instruction", message=error.label) from error
    except (TypeError, ValueError) as error:
        raise refused("instruction", "not_an_object") from error
    device.async_send_instruction(instruction)
    return {"id": instruction.id}


async def async_get_session(call: ServiceCall) -> ServiceResponse:
    """Return what a device said of itself, and the last messages."""
    return report_of(_device(call))


def _device(call: ServiceCall) -> S2Device:
    """Return the S2 device that the call names by its device in Home Assistant."""
    registered, entry = service.async_get_device_and_config_entry(
        call.hass, DOMAIN, call.data["device_id"]
    )
    found: S2Device | None = entry.runtime_data.s2.devices.get(registered.config_subentry_id or "")
    if found is None:
        raise refused("device_id", "no_s2_device")
    return found
