"""The actions that let FlexMeasures forecast a sensor, and read what it forecast."""

from typing import Any, Final

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
import probatio

from .client import Sensor, SensorForecast
from .data import FlexMeasuresData
from .errors import errors_for_actions
from .service_answers import local, rows
from .service_fields import (
    SENSOR_IDS,
    duration_of,
    object_of,
    positive_id,
    sensor_and_unit_of,
    time_of,
)
from .service_targets import SITE, data_of, refused
from .units import convert

_REGRESSORS: Final = ("regressors", "past_regressors", "future_regressors")
_TRIGGER_FIELDS: Final[dict[probatio.Marker, Any]] = {
    probatio.Optional("start"): object,
    probatio.Optional("end"): object,
    probatio.Optional("duration"): object,
    probatio.Optional("prior"): object,
    probatio.Optional("train_start"): object,
    probatio.Optional("train_period"): object,
    probatio.Optional("retrain_frequency"): object,
    **{probatio.Optional(name): SENSOR_IDS for name in _REGRESSORS},
    probatio.Optional("config"): object,
}

TRIGGER_FORECAST: Final = probatio.Schema(
    {**SITE, probatio.Required("sensor"): positive_id, **_TRIGGER_FIELDS}
)
GET_FORECAST: Final = probatio.Schema(
    {
        **SITE,
        probatio.Required("sensor"): positive_id,
        probatio.Optional("forecast"): cv.string,
        probatio.Optional("unit"): cv.string,
        **_TRIGGER_FIELDS,
    }
)


async def async_trigger_forecast(call: ServiceCall) -> ServiceResponse:
    """Let FlexMeasures compute a forecast, without waiting for it."""
    data = data_of(call)
    arguments = _trigger_arguments(call)
    sensor_id: int = call.data["sensor"]
    with errors_for_actions():
        forecast_id = await data.connection.client.trigger_forecast(sensor_id, **arguments)
    return {"forecast": forecast_id, "sensor": sensor_id}


async def async_get_forecast(call: ServiceCall) -> ServiceResponse:
    """Return the forecast that is named, or a new one, as soon as it is there."""
    data = data_of(call)
    arguments = _trigger_arguments(call)
    forecast_id: str | None = call.data.get("forecast")
    if forecast_id is not None:
        _refuse_trigger_fields(call)
    client = data.connection.client
    with errors_for_actions():
        sensor, unit = await sensor_and_unit_of(call, data)
        if forecast_id is None:
            forecast = await client.trigger_and_get_forecast(sensor.id, **arguments)
            _show(data, sensor, forecast)
        else:
            forecast = await client.get_forecast(sensor.id, forecast_id)
    values = [
        None if value is None else convert(value, forecast.unit, unit) for value in forecast.values
    ]
    return {
        "forecast": forecast.forecast_id,
        "sensor": sensor.id,
        "unit": unit,
        "start": local(forecast.start),
        "end": local(forecast.start + len(values) * forecast.resolution),
        "rows": rows(forecast.start, forecast.resolution, values),
    }


def _trigger_arguments(call: ServiceCall) -> dict[str, Any]:
    """Return what the client takes, checked; None for what is left to the server."""
    start, end = time_of(call, "start"), time_of(call, "end")
    duration = duration_of(call, "duration")
    if end is not None and duration is not None:
        raise refused("duration", "end_and_duration", value=str(call.data["duration"]))
    if start is not None and end is not None and end <= start:
        raise refused("end", "end_before_start", value=str(call.data["end"]))
    return {
        "start": start,
        "end": end,
        "duration": duration,
        "prior": time_of(call, "prior"),
        "train_start": time_of(call, "train_start"),
        "train_period": duration_of(call, "train_period"),
        "retrain_frequency": duration_of(call, "retrain_frequency"),
        **{name: call.data.get(name) for name in _REGRESSORS},
        "config": object_of(call, "config"),
    }


def _refuse_trigger_fields(call: ServiceCall) -> None:
    """Refuse what only a new forecast could follow: it would be ignored without a word."""
    for marker in _TRIGGER_FIELDS:
        if str(marker) in call.data:
            raise refused(str(marker), "forecast_is_named", value=call.data["forecast"])


def _show(data: FlexMeasuresData, sensor: Sensor, forecast: SensorForecast) -> None:
    """Let the sensor's entity tell the new forecast, which is stored on the same sensor."""
    data.values.async_sent(sensor, forecast.start, forecast.resolution, forecast.values)
