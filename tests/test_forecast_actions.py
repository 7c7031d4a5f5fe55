"""The actions about forecasts: what they send, what they answer, and what they refuse before anything is sent."""

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import JobFailedError, SensorForecast, ServerTooOldError

from . import site
from .site_actions import NOON, NOON_TEXT, call
from .test_init import set_up
from .test_sensor import settle

FORECAST = SensorForecast(
    sensor_id=site.SOLAR_POWER,
    forecast_id="forecast",
    start=NOON,
    resolution=site.QUARTER,
    unit="MW",
    values=(0.0015, None, 0.002),
)
ROWS = [
    {
        "start": "2026-11-22T04:00:00-08:00",
        "end": "2026-11-22T04:15:00-08:00",
        "value": pytest.approx(1.5),
    },
    {
        "start": "2026-11-22T04:15:00-08:00",
        "end": "2026-11-22T04:30:00-08:00",
        "value": None,
    },
    {
        "start": "2026-11-22T04:30:00-08:00",
        "end": "2026-11-22T04:45:00-08:00",
        "value": pytest.approx(2.0),
    },
]
NOTHING = dict.fromkeys(
    (
        "start",
        "end",
        "duration",
        "prior",
        "train_start",
        "train_period",
        "retrain_frequency",
        "regressors",
        "past_regressors",
        "future_regressors",
        "config",
    )
)


@pytest.fixture(autouse=True)
async def loaded(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Load the entry at seven past noon, on a server that forecasts."""
    client.trigger_forecast.return_value = "forecast"
    client.get_forecast.return_value = FORECAST
    client.trigger_and_get_forecast.return_value = FORECAST
    freezer.move_to(NOON + timedelta(minutes=7))
    await set_up(hass, entry)
    client.reset_mock()


async def test_a_forecast_is_triggered_with_all_that_is_left_to_the_server(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    response = await call(hass, "trigger_forecast", sensor=site.SOLAR_POWER)

    client.trigger_forecast.assert_called_once_with(site.SOLAR_POWER, **NOTHING)
    assert response == {"forecast": "forecast", "sensor": site.SOLAR_POWER}


async def test_every_field_of_a_forecast_reaches_the_server(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    await call(
        hass,
        "trigger_forecast",
        sensor="13",
        start=NOON_TEXT,
        end="2026-11-23T12:00:00Z",
        prior="2026-11-22T11:00:00Z",
        train_start="2026-10-01T00:00:00Z",
        train_period="P30D",
        retrain_frequency={"days": 1},
        regressors=31,
        past_regressors=["32"],
        future_regressors=[33, 34],
        config={"ensure_positive": True},
    )

    client.trigger_forecast.assert_called_once_with(
        site.SOLAR_POWER,
        start=NOON,
        end=NOON + timedelta(days=1),
        duration=None,
        prior=NOON - timedelta(hours=1),
        train_start=NOON.replace(month=10, day=1, hour=0),
        train_period=timedelta(days=30),
        retrain_frequency=timedelta(days=1),
        regressors=[31],
        past_regressors=[32],
        future_regressors=[33, 34],
        config={"ensure_positive": True},
    )


async def test_a_forecast_that_was_triggered_before_comes_back_in_the_wanted_unit(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    response = await call(
        hass, "get_forecast", sensor=site.SOLAR_POWER, forecast="forecast", unit="kW"
    )

    client.get_forecast.assert_called_once_with(site.SOLAR_POWER, "forecast")
    client.trigger_and_get_forecast.assert_not_called()
    assert response == {
        "forecast": "forecast",
        "sensor": site.SOLAR_POWER,
        "unit": "kW",
        "start": "2026-11-22T04:00:00-08:00",
        "end": "2026-11-22T04:45:00-08:00",
        "rows": ROWS,
    }


async def test_a_forecast_is_triggered_and_awaited_when_none_is_named(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    response = await call(hass, "get_forecast", sensor=site.SOLAR_POWER, duration="PT45M")

    client.trigger_and_get_forecast.assert_called_once_with(
        site.SOLAR_POWER, **{**NOTHING, "duration": timedelta(minutes=45)}
    )
    assert response["unit"] == "MW"
    assert [row["value"] for row in response["rows"]] == [0.0015, None, 0.002]


async def test_a_new_forecast_is_shown_without_asking_the_server(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await settle(hass, freezer)
    client.reset_mock()

    await call(hass, "get_forecast", sensor=site.SOLAR_POWER)

    # The quarter-hour of noon holds, of which the forecast says 0.0015 MW.
    assert hass.states.get("sensor.solar_panels_roof_east").state == "0.0015"  # type: ignore[union-attr]
    client.get_sensor_data.assert_not_called()


GET = {"sensor": site.SOLAR_POWER}


@pytest.mark.parametrize(
    ("action", "fields", "message"),
    [
        ("trigger_forecast", {"start": "2026-11-22T13:00:00"}, "start: .* has no time zone"),
        ("trigger_forecast", {"end": "tomorrow"}, "end: tomorrow is not a time"),
        ("trigger_forecast", {"train_start": "last year"}, "train_start: last year is not a time"),
        ("trigger_forecast", {"train_period": "P1M"}, "train_period: P1M is not a duration"),
        ("trigger_forecast", {"config": [{}]}, "config: expected an object"),
        (
            "trigger_forecast",
            {"start": NOON_TEXT, "end": "2026-11-22T12:00:00Z"},
            "end: 2026-11-22T12:00:00Z is not later than the start",
        ),
        (
            "trigger_forecast",
            {"end": "2026-11-23T12:00:00Z", "duration": "PT24H"},
            "duration: PT24H says the same as the end",
        ),
        ("get_forecast", {"unit": "°C"}, "unit: °C cannot be converted to MW"),
        (
            "get_forecast",
            {"forecast": "f", "duration": "PT24H"},
            "duration: forecast f is computed already",
        ),
    ],
)
async def test_bad_input_is_refused_by_name_before_anything_is_sent(
    hass: HomeAssistant, client: AsyncMock, action: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ServiceValidationError, match=message):
        await call(hass, action, **GET, **fields)

    assert client.method_calls == []


async def test_a_server_that_cannot_forecast_is_said_to_be_too_old(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    client.trigger_forecast.side_effect = ServerTooOldError(
        version="0.30.0", minimum="0.31.0", call="trigger_forecast"
    )

    with pytest.raises(HomeAssistantError, match=r"0\.30\.0 is older than 0\.31\.0"):
        await call(hass, "trigger_forecast", **GET)


async def test_a_forecast_that_failed_tells_the_server_s_reason(
    hass: HomeAssistant, client: AsyncMock
) -> None:
    client.get_forecast.side_effect = JobFailedError("No history", job_id="forecast")

    with pytest.raises(HomeAssistantError, match="could not finish the job: No history"):
        await call(hass, "get_forecast", **GET, forecast="forecast")
