"""Calling the actions on the battery."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.flexmeasures.const import DOMAIN

SETPOINT = "number.battery_power_setpoint"


def device_of(hass: HomeAssistant, entity_id: str = SETPOINT) -> str:
    """Return the device of an entity."""
    entity = er.async_get(hass).async_get(entity_id)
    assert entity
    assert entity.device_id
    return entity.device_id


async def call(hass: HomeAssistant, action: str, **fields: Any) -> dict[str, Any]:
    """Call an action on the battery, unless another target is named, and return its response."""
    is_named = {"config_entry", "device_id"} & fields.keys()
    target = {} if is_named else {"device_id": device_of(hass)}
    response = await hass.services.async_call(
        DOMAIN, action, target | fields, blocking=True, return_response=True
    )
    assert isinstance(response, dict)
    return response
