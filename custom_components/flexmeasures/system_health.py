"""What the system information page tells of the sites."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .data import FlexMeasuresConfigEntry


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the integration's part of the page."""
    register.async_register_info(_async_system_health_info)


async def _async_system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return facts of each site, of several with title and id; its server's address only to find out whether it answers."""
    entries: list[FlexMeasuresConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    info: dict[str, Any] = {}
    for entry in entries:
        data = entry.runtime_data
        statistics = data.delivery.statistics if data.delivery else None
        facts = {
            "can_reach_server": system_health.async_check_can_reach_url(
                hass, data.inventory.client.url
            ),
            "server_version": data.inventory.versions.server,
            "upload_backlog": statistics.backlog if statistics else None,
            "flexible_devices": len(data.devices),
        }
        info |= (
            facts
            if len(entries) == 1
            else {
                f"{key} ({entry.title}, {data.inventory.site_id})": fact
                for key, fact in facts.items()
            }
        )
    return info
