"""What helps to understand an entry, without what nobody else should see."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from yarl import URL

from .audit import AuditResult
from .backfill import Backfill
from .const import CONF_CREDENTIAL, CONF_RESOURCE_ID
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .measurements import Interval, OutboxSensor, OutboxStatistics
from .running_feed import RunningFeed
from .s2_report import redacted_report_of

if TYPE_CHECKING:
    from .controller import Controller
    from .plan_models import DevicePlan

_PRIVATE = {CONF_CREDENTIAL, CONF_EMAIL, CONF_PASSWORD, CONF_RESOURCE_ID, CONF_URL, "unique_id"}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry
) -> dict[str, Any]:
    """Return settings, the site's tree, what becomes of measurements, and the plan and control of every device."""
    data = entry.runtime_data
    inventory = data.inventory.data
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
        "s2_devices": _s2_devices(data),
        "flex_context": inventory.site.flex_context,
        "problem": _text(data, data.flexible.planner.problem) if data.flexible else None,
        "devices": {device_id: _device(data, device_id) for device_id in data.devices},
    }


def _s2_devices(data: FlexMeasuresData) -> dict[str, Any]:
    devices = data.s2.devices if data.s2 else {}
    return {key: redacted_report_of(device) for key, device in devices.items()}


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


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return the state of one flexible device; for the device of another asset only which one it is."""
    subentry_id = device.config_subentry_id or ""
    data = entry.runtime_data
    known = _device(data, subentry_id) if subentry_id in data.devices else None
    return {"model": device.model, "flexible_device": known}


def _device(data: FlexMeasuresData, device_id: str) -> dict[str, Any]:
    progress = data.progress[device_id]
    plan = data.planner.plan(device_id)
    return {
        "kind": data.devices[device_id].kind,
        "wishes": data.wishes.of(device_id).as_record(),
        "status": progress.state.status,
        "since": progress.state.since.isoformat(),
        "reason": _text(data, progress.state.problem),
        "plan": plan and _plan(plan),
        "savings": _jsonable(asdict(data.planner.savings(device_id))),
        "control": _control(data.controllers[device_id]),
    }


def _plan(plan: DevicePlan) -> dict[str, Any]:
    """Return a plan; what it was made from in the units of the scheduling room: W, kWh, shares."""
    schedule = plan.schedule
    return {
        "start": schedule.start.isoformat(),
        "resolution": schedule.resolution.total_seconds(),
        "computed_at": schedule.computed_at.isoformat(),
        "expires": plan.expires and plan.expires.isoformat(),
        "scheduler": schedule.scheduler,
        "trusted": plan.trusted,
        "cause": plan.cause,
        "currency": plan.tariff and plan.tariff.currency,
        "powers": list(schedule.powers),
        "energies": list(plan.energies),
        "findings": [_jsonable(asdict(finding)) for finding in plan.findings],
        "missed": [_jsonable(asdict(missed)) for missed in plan.missed],
        "breaches": [_jsonable(asdict(breach)) for breach in plan.breaches],
    }


def _control(controller: Controller) -> dict[str, Any]:
    request, held = controller.engine.request, controller.held
    return {
        "status": controller.status,
        "shadow": controller.shadow,
        "setpoint": controller.setpoint.power,
        "source": controller.setpoint.source,
        "limits": asdict(controller.limits),
        "request": _jsonable(asdict(request)),
        "held": held and _jsonable(asdict(held)),
        "suspended_until": _jsonable(controller.suspended_until),
        "statistics": _jsonable(asdict(controller.statistics)),
    }


def _text(data: FlexMeasuresData, reason: object) -> str | None:
    """Return a sentence for people without the server's address, which is nobody else's business."""
    if reason is None:
        return None
    host = URL(data.inventory.client.url).host or ""
    return str(reason).replace(host, REDACTED) if host else str(reason)


def _jsonable(value: object) -> object:
    """Return the fields of a dataclass as JSON has them: times as text."""
    match value:
        case datetime():
            return value.isoformat()
        case Mapping():
            return {key: _jsonable(item) for key, item in value.items()}
        case _:
            return value
