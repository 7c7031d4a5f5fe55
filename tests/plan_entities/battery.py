"""The battery whose plan is shown."""

from homeassistant.core import HomeAssistant, State

from custom_components.flexmeasures.flexible_device import DeviceKind

from ..device_samples import device_id

BATTERY = device_id(DeviceKind.BATTERY)


def shown(hass: HomeAssistant, entity_id: str) -> State:
    """Return what an entity of the battery shows."""
    domain, key = entity_id.split(".")
    state = hass.states.get(f"{domain}.battery_{key}")
    assert state, entity_id
    return state
