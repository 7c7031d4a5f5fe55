"""The actions on an S2 battery, as tests call them."""

from typing import Any

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..s2_devices import ConnectedDevice
from ..site_actions import call_on

# The asset of the small site's battery.
BATTERY = 2
INSTRUCTION = {
    "message_type": "FRBC.Instruction",
    "actuator_id": "inverter",
    "operation_mode": "charge",
    "operation_mode_factor": 0.5,
}


async def call(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, **data: Any
) -> dict[str, Any]:
    """Call an action on the battery, and return its response."""
    return await call_on(hass, entry, BATTERY, action, **data)


async def instruct(hass: HomeAssistant, entry: MockConfigEntry, battery: ConnectedDevice) -> str:
    """Send the instruction, which the battery hears and does not answer; return its id."""
    response = await call(hass, entry, "s2_send_instruction", instruction=INSTRUCTION)
    while (heard := await battery.hear()) and heard["message_type"] != "FRBC.Instruction":
        pass
    return str(response["id"])


def last_status(entry: MockConfigEntry) -> str:
    """Return what became of the last instruction, as the device told."""
    (device,) = entry.runtime_data.s2.devices.values()
    assert device.instructor.last
    return str(device.instructor.last.status)
