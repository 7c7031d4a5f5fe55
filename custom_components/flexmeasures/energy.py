"""The energy dashboard's forecast of solar production."""

from datetime import timedelta

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .client import FlexMeasuresError
from .const import CONF_FORECAST_SENSOR, KIND_SOLAR, LOGGER
from .data import FlexMeasuresConfigEntry

# The dashboard draws a line through hours, of the day that is looked at; people look at today and tomorrow.
_HOUR = timedelta(hours=1)
_TWO_DAYS = timedelta(days=2)


async def async_get_solar_forecast(
    hass: HomeAssistant, config_entry_id: str
) -> dict[str, dict[str, float | int]] | None:
    """Return the Wh of each hour of today and tomorrow that the site's solar panels could produce, by its start.

    None when the site has no solar panels that can be planned, or nothing is known of what they could produce.
    """
    entry: FlexMeasuresConfigEntry | None = hass.config_entries.async_get_entry(config_entry_id)
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        return None
    forecast_sensors = {
        device.settings[CONF_FORECAST_SENSOR]
        for device in entry.runtime_data.devices.values()
        if device.kind == KIND_SOLAR
    }
    hours: dict[str, float | int] = {}
    for sensor_id in sorted(forecast_sensors):
        for start, energy in (await _async_forecast(entry, sensor_id)).items():
            hours[start] = hours.get(start, 0) + energy
    return {"wh_hours": hours} if hours else None


async def _async_forecast(entry: FlexMeasuresConfigEntry, sensor_id: int) -> dict[str, float]:
    """Return the Wh by the local start of each hour that is known of one sensor; the mean W of an hour are its Wh."""
    try:
        data = await entry.runtime_data.connection.client.get_sensor_data(
            sensor_id,
            start=dt_util.start_of_local_day(),
            duration=_TWO_DAYS,
            unit=UnitOfPower.WATT,
            resolution=_HOUR,
        )
    except FlexMeasuresError as error:
        LOGGER.debug("No solar forecast from sensor %s: %s", sensor_id, error)
        return {}
    return {
        dt_util.as_local(data.start + index * data.resolution).isoformat(): max(
            0.0, round(value, 1)
        )
        for index, value in enumerate(data.values)
        if value is not None
    }
