"""The actions that send and read measurements."""

from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
import probatio

from .errors import errors_for_actions
from .service_answers import local, rows
from .service_fields import (
    duration_of,
    positive_id,
    required_duration_of,
    required_time_of,
    sensor_and_unit_of,
    time_of,
    values_of,
)
from .service_targets import SITE, data_of
from .units import convert

POST_MEASUREMENTS: Final = probatio.Schema(
    {
        **SITE,
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
        **SITE,
        probatio.Required("sensor"): positive_id,
        probatio.Required("start"): object,
        probatio.Required("duration"): object,
        probatio.Optional("unit"): cv.string,
        probatio.Optional("resolution"): object,
    }
)


async def async_post_measurements(call: ServiceCall) -> ServiceResponse:
    """Send values and wait until the server has stored them."""
    data = data_of(call)
    start = required_time_of(call, "start")
    values = values_of(call, "values")
    with errors_for_actions():
        sensor, unit = await sensor_and_unit_of(call, data)
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
    return {"sensor": sensor.id, "values": len(values), "unit": unit, "start": local(start)}


async def async_get_measurements(call: ServiceCall) -> ServiceResponse:
    """Read a sensor's values over a span of time."""
    data = data_of(call)
    start = required_time_of(call, "start")
    duration = required_duration_of(call, "duration")
    with errors_for_actions():
        sensor, unit = await sensor_and_unit_of(call, data)
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
        "values": rows(answer.start, answer.resolution, answer.values),
    }
