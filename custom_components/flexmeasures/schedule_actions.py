"""The actions that let FlexMeasures compute schedules, and read them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, cast

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import probatio

from .client import Job, SensorSchedule
from .data import FlexMeasuresData
from .errors import errors_for_actions
from .measurements import floor_to_grid
from .service_answers import local, rows
from .service_fields import (
    SENSOR_IDS,
    check_unit,
    duration_of,
    flex_objects_of,
    positive_id,
    power_unit_of,
    sensor_ids_in,
    sensor_named,
    time_of,
)
from .service_targets import (
    SITE,
    SITE_OR_DEVICE,
    data_of,
    device_of,
    is_for_device,
    refused,
)

# FlexMeasures plans at most 48 h; a day holds one cheap and one expensive time of every tariff.
_DEFAULT_DURATION: Final = timedelta(hours=24)
# A start that is not given is now on this grid: the one of FlexMeasures' own templates.
_DEFAULT_GRID: Final = timedelta(minutes=15)
_DEFAULT_UNIT: Final = "kW"

_TRIGGER_FIELDS: Final[dict[probatio.Marker, Any]] = {
    probatio.Optional("asset"): positive_id,
    probatio.Optional("start"): object,
    probatio.Optional("duration"): object,
    probatio.Optional("resolution"): object,
    probatio.Optional("prior"): object,
    probatio.Optional("flex_model"): object,
    probatio.Optional("flex_context"): object,
}

TRIGGER_SCHEDULE: Final = probatio.Schema({**SITE, **_TRIGGER_FIELDS})
_UNIT: Final = {probatio.Optional("unit", default=_DEFAULT_UNIT): cv.string}
# What a flexible device does not take: its own settings and the planner's take their place.
_GET_FIELDS_OF_SITE: Final[dict[probatio.Marker, Any]] = {
    probatio.Optional("schedule"): cv.string,
    probatio.Optional("sensors"): SENSOR_IDS,
    probatio.Optional("duration"): object,
}
_TRIGGER_FIELDS_OF_SITE: Final[dict[probatio.Marker, Any]] = {
    **_TRIGGER_FIELDS,
    probatio.Optional("sensors"): SENSOR_IDS,
}
GET_SCHEDULE: Final = probatio.Schema({**SITE_OR_DEVICE, **_GET_FIELDS_OF_SITE, **_UNIT})
TRIGGER_AND_GET_SCHEDULE: Final = probatio.Schema(
    {**SITE_OR_DEVICE, **_TRIGGER_FIELDS_OF_SITE, **_UNIT}
)


def _trigger_arguments(call: ServiceCall) -> dict[str, Any]:
    """Return what both triggering actions pass on, checked."""
    start = time_of(call, "start")
    arguments: dict[str, Any] = {
        "start": start or floor_to_grid(dt_util.utcnow(), _DEFAULT_GRID),
        "duration": duration_of(call, "duration") or _DEFAULT_DURATION,
        "flex_model": flex_objects_of(call, "flex_model"),
        "flex_context": flex_objects_of(call, "flex_context"),
        "prior": time_of(call, "prior"),
        "resolution": duration_of(call, "resolution"),
        # The server answers an equal request from its cache for an hour, blind to newer measurements.
        "force_new_job_creation": True,
    }
    return arguments


def _asset(call: ServiceCall, data: FlexMeasuresData) -> int:
    """Return the asset to plan: the site, unless another asset of its tree is named."""
    asset_id: int = call.data.get("asset", data.inventory.site_id)
    if asset_id not in data.inventory.data.assets:
        raise refused("asset", "asset_not_in_site", value=str(asset_id))
    return asset_id


async def _power_sensors(call: ServiceCall, data: FlexMeasuresData, ids: list[int]) -> list[int]:
    """Return the sensors to fetch, after making sure that each can be told in the wanted unit."""
    if not ids:
        raise refused("sensors", "no_sensors")
    unit = call.data["unit"]
    for sensor_id in ids:
        sensor = await sensor_named(data, sensor_id)
        check_unit(unit, sensor)
    return ids


async def async_trigger_schedule(call: ServiceCall) -> ServiceResponse:
    """Let FlexMeasures compute a schedule, without waiting for it."""
    data = data_of(call)
    arguments = _trigger_arguments(call)
    asset_id = _asset(call, data)
    with errors_for_actions():
        schedule = await data.connection.client.trigger_schedule(asset_id, **arguments)
    return {
        "schedule": schedule,
        "start": local(arguments["start"]),
        "end": local(arguments["start"] + arguments["duration"]),
    }


async def async_get_schedule(call: ServiceCall) -> ServiceResponse:
    """Return a device's plan in force, or a site's schedule that was triggered before as soon as it is there."""
    if is_for_device(call, site_fields=_GET_FIELDS_OF_SITE):
        target = device_of(call)
        return target.site.schedule_answer(target, power_unit_of(call))
    data = data_of(call)
    for field in ("schedule", "sensors"):
        if field not in call.data:
            raise refused(field, "needed_for_site")
    client = data.connection.client
    duration = duration_of(call, "duration") or _DEFAULT_DURATION
    with errors_for_actions():
        ids = await _power_sensors(call, data, call.data["sensors"])
        job = await client.wait_for_job(call.data["schedule"])
        schedules = [
            await client.get_schedule(sensor_id, job.id, duration=duration, unit=call.data["unit"])
            for sensor_id in ids
        ]
    return _schedule_response(job, schedules)


async def async_trigger_and_get_schedule(call: ServiceCall) -> ServiceResponse:
    """Let FlexMeasures compute a schedule, wait for it and return it."""
    if is_for_device(call, site_fields=_TRIGGER_FIELDS_OF_SITE):
        return await _reschedule(call)
    data = data_of(call)
    arguments = _trigger_arguments(call)
    asset_id = _asset(call, data)
    named = call.data.get("sensors") or sensor_ids_in(arguments["flex_model"])
    with errors_for_actions():
        ids = await _power_sensors(call, data, named)
        result = await data.connection.client.trigger_and_get_schedule(
            asset_id, sensor_ids=ids, unit=call.data["unit"], **arguments
        )
    return _schedule_response(result.job, result.schedules)


async def _reschedule(call: ServiceCall) -> ServiceResponse:
    """Plan all devices of the site anew, since they share its prices and its fuse, and return one device's plan.

    Raises:
        HomeAssistantError: the device has no new plan.
    """
    target = device_of(call)
    unit = power_unit_of(call)
    before = target.plan
    try:
        await target.data.planner.async_reschedule()
    except HomeAssistantError:
        # It may be about another device of the site.
        if target.plan is None or target.plan is before:
            raise
    return target.site.schedule_answer(target, unit)


def _schedule_response(job: Job, schedules: Sequence[SensorSchedule]) -> ServiceResponse:
    """Return rows per sensor with unit and sign, and what the job tells about costs and unmet wishes."""
    return {
        "schedule": job.id,
        "sensors": [
            {
                "sensor": schedule.sensor_id,
                "unit": schedule.unit,
                "sign_convention": schedule.sign.value,
                "rows": rows(schedule.start, schedule.resolution, schedule.values),
            }
            for schedule in schedules
        ],
        "costs": dict(schedules[0].commitment_costs),
        "scheduler": schedules[0].scheduler,
        "unresolved_constraints": cast("JsonValueType", list(job.unresolved)),
    }
