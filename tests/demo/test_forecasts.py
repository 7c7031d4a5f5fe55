"""The demo's automations turn the simulated home's attributes into calls of the action."""

from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from demo import forecasts
from demo.site import Site

CONNECTED = "binary_sensor.connected"
SITE = Site(
    site_id=1,
    planned_power={},
    consumption_price=3,
    feed_in_price=4,
    house_consumption=5,
    solar_production=6,
    measured=(),
)
TODAY = [
    {"start": "2026-11-22T00:00:00+01:00", "end": "2026-11-22T01:00:00+01:00", "value": 0.2},
    {"start": "2026-11-22T01:00:00+01:00", "end": "2026-11-22T02:00:00+01:00", "value": 0.1},
]
TOMORROW = [
    {"start": "2026-11-23T00:00:00+01:00", "end": "2026-11-23T01:00:00+01:00", "value": 0.3},
]
WATTS = {"2026-11-22T14:45:00+01:00": 3337.0, "2026-11-22T15:00:00+01:00": 3094.0}


@pytest.fixture
async def home(hass: HomeAssistant) -> AsyncIterator[HomeAssistant]:
    """Give a Home Assistant with the sensors' attributes and the automations."""
    hass.states.async_set(CONNECTED, "on")
    for entity in forecasts.PRICE_SENSORS.values():
        hass.states.async_set(entity, "0.2", {"raw_today": TODAY, "raw_tomorrow": TOMORROW})
    for entity in forecasts.FORECAST_SENSORS.values():
        hass.states.async_set(entity, "3337", {"watts": WATTS})
    automations = forecasts.automations("the entry", CONNECTED, SITE)
    assert await async_setup_component(hass, "automation", {"automation": automations})
    yield hass
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


@pytest.mark.parametrize(
    ("automation", "data"),
    [
        (
            "automation.send_electricity_price",
            {
                "config_entry": "the entry",
                "sensor": 3,
                "start": "2026-11-22T00:00:00+01:00",
                "duration": {"hours": 3},
                "values": [0.2, 0.1, 0.3],
                "unit": "EUR/kWh",
            },
        ),
        (
            "automation.send_solar_forecast",
            {
                "config_entry": "the entry",
                "sensor": 6,
                "start": "2026-11-22T14:45:00+01:00",
                "duration": {"minutes": 30},
                "values": [3337.0, 3094.0],
                "unit": "W",
            },
        ),
    ],
)
async def test_an_automation_sends_all_rows_in_one_call(
    home: HomeAssistant, automation: str, data: dict[str, object]
) -> None:
    """Start, duration and values come from the attribute, in its unit."""
    calls = async_mock_service(home, "flexmeasures", "post_measurements")
    await home.services.async_call(
        "automation", "trigger", {"entity_id": automation}, blocking=True
    )
    assert [call.data for call in calls] == [data]


async def test_nothing_is_sent_while_the_server_is_away(home: HomeAssistant) -> None:
    """The automations would only fail then; the connection's return sends what is new by then."""
    calls = async_mock_service(home, "flexmeasures", "post_measurements")
    home.states.async_set(CONNECTED, "off")
    for automation in forecasts.automations("the entry", CONNECTED, SITE):
        target = {"entity_id": forecasts.entity_id(automation), "skip_condition": False}
        await home.services.async_call("automation", "trigger", target, blocking=True)
    assert not calls
