"""The actions on the small site, as tests call them."""

from datetime import UTC, datetime
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import DOMAIN

from . import site

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOON_TEXT = "2026-11-22T13:00:00+01:00"
MODEL = {"sensor": site.BATTERY_POWER, "soc-at-start": "3.5 kWh"}


async def call(hass: HomeAssistant, action: str, **fields: Any) -> dict[str, Any]:
    """Call an action on the small site and return its response."""
    response = await hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry": "entry_of_the_site", **fields},
        blocking=True,
        return_response=True,
    )
    assert isinstance(response, dict)
    return response


def device_of(hass: HomeAssistant, entry: MockConfigEntry, asset: int) -> dr.DeviceEntry:
    """Return an asset's device in Home Assistant."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.entry_id}_{asset}"), entry.entry_id
    )
    assert device
    return device


async def call_on(
    hass: HomeAssistant, entry: MockConfigEntry, asset: int, action: str, **fields: Any
) -> dict[str, Any]:
    """Call an action on an asset's device and return its response."""
    fields = {"device_id": device_of(hass, entry, asset).id, **fields}
    response = await hass.services.async_call(
        DOMAIN, action, fields, blocking=True, return_response=True
    )
    assert isinstance(response, dict)
    return response


async def refusal_of(hass: HomeAssistant, entry: MockConfigEntry, action: str) -> str | None:
    """Call an action on the device of the battery's asset, which refuses it; return the key of the sentence."""
    with pytest.raises(ServiceValidationError) as refused:
        await call_on(hass, entry, 2, action)

    return refused.value.translation_key
