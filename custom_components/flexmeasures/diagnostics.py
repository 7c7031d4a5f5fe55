"""What helps to understand an entry, without what nobody else should see."""

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL
from homeassistant.core import HomeAssistant

from .data import FlexMeasuresConfigEntry
from .scheduling import Schedule

_PRIVATE = {CONF_EMAIL, CONF_PASSWORD, CONF_URL, "unique_id"}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry
) -> dict[str, Any]:
    """Return settings, the site's tree, and the state of every schedule and setpoint."""
    data = entry.runtime_data
    inventory = data.inventory.data
    schedules = {key: data.planner.schedule(key) for key in data.controllers}
    return {
        "entry": async_redact_data(entry.as_dict(), _PRIVATE),
        "server": {
            "version": data.inventory.versions.server,
            "apis": list(data.inventory.versions.apis),
            "reachable": data.inventory.last_update_success,
        },
        "assets": [
            {"id": asset.id, "type": asset.type_name, "parent": asset.parent_id}
            for asset in inventory.assets.values()
        ],
        "sensors": [
            {
                "id": sensor.id,
                "name": sensor.name,
                "asset": sensor.asset_id,
                "unit": sensor.unit,
                "resolution": sensor.resolution.total_seconds(),
                "consumption_is_positive": sensor.consumption_is_positive,
            }
            for sensor in inventory.sensors.values()
        ],
        "flex_context": inventory.site.flex_context,
        "problem": str(data.planner.problem) if data.planner.problem else None,
        "devices": {
            key: {
                "following": controller.following,
                "setpoint": controller.setpoint.power,
                "source": controller.setpoint.source,
                "schedule": _schedule(schedules[key]),
            }
            for key, controller in data.controllers.items()
        },
    }


def _schedule(schedule: Schedule | None) -> dict[str, Any] | None:
    if schedule is None:
        return None
    return {
        "start": schedule.start.isoformat(),
        "resolution": schedule.resolution.total_seconds(),
        "computed_at": schedule.computed_at.isoformat(),
        "powers": list(schedule.powers),
    }
