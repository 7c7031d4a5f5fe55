"""What the energy dashboard learns of solar panels, in Wh and at the local hour."""

from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flexmeasures.client import ConnectionFailedError, SensorData
from custom_components.flexmeasures.energy import async_get_solar_forecast
from custom_components.flexmeasures.flexible_device import DeviceKind

from .device_samples import FORECAST, HOUR, home_of
from .shown_plans import NOON, ShownPlans
from .test_init import set_up

MIDNIGHT = datetime(2026, 11, 21, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def noon_in_amsterdam(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let it be noon in UTC, in a home that is an hour ahead."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    freezer.move_to(NOON)


async def test_the_forecast_sensor_of_solar_panels_is_the_forecast(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> None:
    entry = home_of(hass, client, DeviceKind.SOLAR, DeviceKind.BATTERY)
    await set_up(hass, entry)
    client.get_sensor_data.side_effect = None
    client.get_sensor_data.return_value = SensorData(
        sensor_id=FORECAST,
        start=MIDNIGHT,
        resolution=HOUR,
        unit="W",
        values=(0.0, None, 1500.0, -20.0),
    )

    forecast = await async_get_solar_forecast(hass, entry.entry_id)

    assert forecast == {
        "wh_hours": {
            "2026-11-22T00:00:00+01:00": 0.0,
            "2026-11-22T02:00:00+01:00": 1500.0,
            "2026-11-22T03:00:00+01:00": 0.0,
        }
    }
    call = client.get_sensor_data.call_args
    assert call.args == (FORECAST,)
    assert call.kwargs["start"] == MIDNIGHT
    assert call.kwargs["duration"] == timedelta(days=2)
    assert (call.kwargs["unit"], call.kwargs["resolution"]) == ("W", HOUR)


async def test_without_solar_panels_without_answer_and_without_entry_there_is_no_forecast(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> None:
    entry = home_of(hass, client, DeviceKind.SOLAR)
    assert await async_get_solar_forecast(hass, "unknown") is None
    assert await async_get_solar_forecast(hass, entry.entry_id) is None

    await set_up(hass, entry)
    client.get_sensor_data.side_effect = ConnectionFailedError("refused")
    assert await async_get_solar_forecast(hass, entry.entry_id) is None


async def test_a_site_without_solar_panels_has_no_forecast(
    hass: HomeAssistant, client: AsyncMock, plans: ShownPlans
) -> None:
    entry = home_of(hass, client, DeviceKind.BATTERY)
    await set_up(hass, entry)

    assert await async_get_solar_forecast(hass, entry.entry_id) is None
