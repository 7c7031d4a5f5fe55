"""The action that breaks an entity of the simulated home, and repairs it."""

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv
import probatio

from .const import DOMAIN
from .coordinator import SimulatedHomeCoordinator
from .faults import Fault

MISBEHAVE = "misbehave"
FAULT = "fault"
NONE = "none"

SCHEMA = probatio.Schema(
    {
        probatio.Required(ATTR_ENTITY_ID): cv.entity_ids,
        probatio.Required(FAULT): probatio.In([NONE, *Fault]),
    }
)


@callback
def async_register(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(DOMAIN, MISBEHAVE, _async_misbehave, SCHEMA)


@callback
def _async_misbehave(call: ServiceCall) -> None:
    for entry in call.hass.config_entries.async_loaded_entries(DOMAIN):
        coordinator: SimulatedHomeCoordinator = entry.runtime_data
        for entity_id in call.data[ATTR_ENTITY_ID]:
            if call.data[FAULT] == NONE:
                coordinator.faults.pop(entity_id, None)
            else:
                coordinator.faults[entity_id] = Fault(call.data[FAULT])
        coordinator.async_update_listeners()
