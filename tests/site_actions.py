"""The actions on the small site, as tests call them."""

from datetime import UTC, datetime
from typing import Any

from homeassistant.core import HomeAssistant

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
