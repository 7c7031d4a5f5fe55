"""What helps to understand an entry, without what nobody else should see."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL
from homeassistant.core import HomeAssistant

from .audit import AuditResult
from .backfill import Backfill
from .const import CONF_CREDENTIAL, CONF_RESOURCE_ID
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .measurements import Interval, OutboxSensor, OutboxStatistics
from .running_feed import RunningFeed
from .s2_report import redacted_report_of
from .scheduling import Schedule

_PRIVATE = {CONF_CREDENTIAL, CONF_EMAIL, CONF_PASSWORD, CONF_RESOURCE_ID, CONF_URL, "unique_id"}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry
) -> dict[str, Any]:
    """Return settings, the site's tree, what becomes of measurements, and every schedule and setpoint."""
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
        "uploads": _uploads(data),
        "feeds": [_feed(data, running) for running in data.uploader.feeds] if data.uploader else [],
        "s2_devices": {key: redacted_report_of(device) for key, device in data.s2.devices.items()},
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


def _uploads(data: FlexMeasuresData) -> dict[str, Any] | None:
    if data.delivery is None:
        return None
    audit = data.audit.last if data.audit else None
    return {
        "paused": data.delivery.paused,
        "outbox": _facts(data.delivery.statistics),
        "last_audit": _facts(audit),
        "backfill": _backfill(data.backfill),
    }


def _backfill(backfill: Backfill | None) -> dict[str, Any] | None:
    if backfill is None:
        return None
    return {
        "problem": backfill.problem,
        "progress": {str(sensor): item.as_dict() for sensor, item in backfill.progress.items()},
    }


def _feed(data: FlexMeasuresData, running: RunningFeed) -> dict[str, Any]:
    """Return one feed; what the outbox knows of its sensor holds its backlog and why it is parked."""
    assert data.delivery is not None
    known = data.delivery.sensors.get(running.sensor.id)
    return {
        "entity": running.feed.entity,
        "sensor": running.sensor.id,
        "aggregation": running.feed.aggregation,
        "unit": running.sensor.unit,
        "last_interval": _facts(running.last),
        "not_measured_because": running.problem,
        "last_error": data.delivery.problems.get(running.sensor.id),
        "outbox": _facts(known),
    }


def _facts(
    item: AuditResult | Interval | OutboxSensor | OutboxStatistics | None,
) -> dict[str, Any] | None:
    """Return the attributes of what we keep, times as text."""
    if item is None:
        return None
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(item).items()
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
