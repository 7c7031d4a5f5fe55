"""The actions, registered once: schedules and measurements, each answered with what was done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import probatio

from .backfill_action import BACKFILL, async_backfill
from .client import Job, Sensor, SensorSchedule
from .const import DOMAIN
from .data import FlexMeasuresData
from .errors import errors_for_actions
from .s2_services import (
    S2_GET_SESSION,
    S2_SELECT_CONTROL_TYPE,
    S2_SEND_INSTRUCTION,
    async_get_session,
    async_select_control_type,
    async_send_instruction,
)
from .scheduling import floor_to_resolution
from .service_fields import (
    SENSOR_IDS,
    data_of,
    duration_of,
    flex_objects_of,
    positive_id,
    refused,
    required_duration_of,
    required_time_of,
    sensor_ids_in,
    time_of,
    values_of,
)
from .units import convert, convertible

# FlexMeasures plans at most 48 h; a day holds one cheap and one expensive time of every tariff.
_DEFAULT_DURATION: Final = timedelta(hours=24)
# A start that is not given is now on this grid: the one of FlexMeasures' own templates.
_DEFAULT_GRID: Final = timedelta(minutes=15)
_DEFAULT_UNIT: Final = "kW"

_ENTRY: Final[dict[probatio.Marker, Any]] = {probatio.Required("config_entry"): cv.string}
_TRIGGER_FIELDS: Final[dict[probatio.Marker, Any]] = {
    probatio.Optional("asset"): positive_id,
    probatio.Optional("start"): object,
    probatio.Optional("duration"): object,
    probatio.Optional("resolution"): object,
    probatio.Optional("prior"): object,
    probatio.Optional("flex_model"): object,
    probatio.Optional("flex_context"): object,
}

TRIGGER_SCHEDULE: Final = probatio.Schema({**_ENTRY, **_TRIGGER_FIELDS})
GET_SCHEDULE: Final = probatio.Schema(
    {
        **_ENTRY,
        probatio.Required("schedule"): cv.string,
        probatio.Required("sensors"): SENSOR_IDS,
        probatio.Optional("duration"): object,
        probatio.Optional("unit", default=_DEFAULT_UNIT): cv.string,
    }
)
TRIGGER_AND_GET_SCHEDULE: Final = probatio.Schema(
    {
        **_ENTRY,
        **_TRIGGER_FIELDS,
        probatio.Optional("sensors"): SENSOR_IDS,
        probatio.Optional("unit", default=_DEFAULT_UNIT): cv.string,
    }
)
POST_MEASUREMENTS: Final = probatio.Schema(
    {
        **_ENTRY,
        probatio.Required("sensor"): positive_id,
        probatio.Required("start"): object,
        probatio.Optional("duration"): object,
        probatio.Required("values"): object,
        probatio.Optional("unit"): cv.string,
        probatio.Optional("prior"): object,
    }
)
GET_MEASUREMENTS: Final = probatio.Schema(
    {
        **_ENTRY,
        probatio.Required("sensor"): positive_id,
        probatio.Required("start"): object,
        probatio.Required("duration"): object,
        probatio.Optional("unit"): cv.string,
        probatio.Optional("resolution"): object,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register every action."""
    for name, handler, schema, response in (
        ("trigger_schedule", _trigger_schedule, TRIGGER_SCHEDULE, SupportsResponse.OPTIONAL),
        ("get_schedule", _get_schedule, GET_SCHEDULE, SupportsResponse.ONLY),
        (
            "trigger_and_get_schedule",
            _trigger_and_get_schedule,
            TRIGGER_AND_GET_SCHEDULE,
            SupportsResponse.ONLY,
        ),
        ("post_measurements", _post_measurements, POST_MEASUREMENTS, SupportsResponse.OPTIONAL),
        ("backfill", async_backfill, BACKFILL, SupportsResponse.OPTIONAL),
        ("get_measurements", _get_measurements, GET_MEASUREMENTS, SupportsResponse.ONLY),
        (
            "s2_select_control_type",
            async_select_control_type,
            S2_SELECT_CONTROL_TYPE,
            SupportsResponse.OPTIONAL,
        ),
        (
            "s2_send_instruction",
            async_send_instruction,
            S2_SEND_INSTRUCTION,
            SupportsResponse.OPTIONAL,
        ),
        ("s2_get_session", async_get_session, S2_GET_SESSION, SupportsResponse.ONLY),
    ):
        hass.services.async_register(
            DOMAIN, name, handler, schema=schema, supports_response=response
        )


def _trigger_arguments(call: ServiceCall) -> dict[str, Any]:
    """Return what both triggering actions pass on, checked."""
    start = time_of(call, "start")
    arguments: dict[str, Any] = {
        "start": start or floor_to_resolution(dt_util.utcnow(), _DEFAULT_GRID),
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


async def _sensor(data: FlexMeasuresData, sensor_id: int) -> Sensor:
    """Return the sensor, also one from outside the site that the account may read."""
    known = data.inventory.data.sensors.get(sensor_id)
    return known or await data.connection.client.get_sensor(sensor_id)


async def _power_sensors(call: ServiceCall, data: FlexMeasuresData, ids: list[int]) -> list[int]:
    """Return the sensors to fetch, after making sure that each can be told in the wanted unit."""
    if not ids:
        raise refused("sensors", "no_sensors")
    unit = call.data["unit"]
    for sensor_id in ids:
        sensor = await _sensor(data, sensor_id)
        _check_unit(unit, sensor)
    return ids


def _check_unit(unit: str, sensor: Sensor) -> None:
    if not convertible(unit, sensor.unit):
        raise refused(
            "unit",
            "unit_not_convertible",
            value=unit,
            sensor=f"{sensor.name} ({sensor.id})",
            unit=sensor.unit,
        )


async def _trigger_schedule(call: ServiceCall) -> ServiceResponse:
    data = data_of(call)
    arguments = _trigger_arguments(call)
    asset_id = _asset(call, data)
    with errors_for_actions():
        schedule = await data.connection.client.trigger_schedule(asset_id, **arguments)
    return {
        "schedule": schedule,
        "start": _local(arguments["start"]),
        "end": _local(arguments["start"] + arguments["duration"]),
    }


async def _get_schedule(call: ServiceCall) -> ServiceResponse:
    data = data_of(call)
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


async def _trigger_and_get_schedule(call: ServiceCall) -> ServiceResponse:
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


async def _post_measurements(call: ServiceCall) -> ServiceResponse:
    data = data_of(call)
    start = required_time_of(call, "start")
    values = values_of(call, "values")
    with errors_for_actions():
        sensor = await _sensor(data, call.data["sensor"])
        unit = call.data.get("unit", sensor.unit)
        _check_unit(unit, sensor)
        duration = duration_of(call, "duration") or len(values) * sensor.resolution
        posted = await data.connection.client.post_sensor_data(
            sensor.id,
            start=start,
            duration=duration,
            values=values,
            unit=unit,
            prior=time_of(call, "prior"),
        )
        if posted.job_id:
            await data.connection.client.wait_for_job(posted.job_id)
    data.values.async_sent(
        sensor,
        start,
        duration / len(values),
        [None if value is None else convert(value, unit, sensor.unit) for value in values],
    )
    return {"sensor": sensor.id, "values": len(values), "unit": unit, "start": _local(start)}


async def _get_measurements(call: ServiceCall) -> ServiceResponse:
    data = data_of(call)
    start = required_time_of(call, "start")
    duration = required_duration_of(call, "duration")
    with errors_for_actions():
        sensor = await _sensor(data, call.data["sensor"])
        unit = call.data.get("unit", sensor.unit)
        _check_unit(unit, sensor)
        answer = await data.connection.client.get_sensor_data(
            sensor.id,
            start=start,
            duration=duration,
            unit=unit,
            resolution=duration_of(call, "resolution"),
        )
    return {
        "sensor": sensor.id,
        "unit": answer.unit,
        "values": _rows(answer.start, answer.resolution, answer.values),
    }


def _schedule_response(job: Job, schedules: Sequence[SensorSchedule]) -> ServiceResponse:
    """Return rows per sensor with unit and sign, and what the job tells about costs and unmet wishes."""
    return {
        "schedule": job.id,
        "sensors": [
            {
                "sensor": schedule.sensor_id,
                "unit": schedule.unit,
                "sign_convention": schedule.sign.value,
                "rows": _rows(schedule.start, schedule.resolution, schedule.values),
            }
            for schedule in schedules
        ],
        "costs": dict(schedules[0].commitment_costs),
        "scheduler": schedules[0].scheduler,
        "unresolved_constraints": cast("JsonValueType", list(job.unresolved)),
    }


def _rows(
    start: datetime, resolution: timedelta, values: tuple[float | None, ...]
) -> list[JsonValueType]:
    return [
        {
            "start": _local(start + index * resolution),
            "end": _local(start + (index + 1) * resolution),
            "value": value,
        }
        for index, value in enumerate(values)
    ]


def _local(time: datetime) -> str:
    return dt_util.as_local(time).isoformat()
