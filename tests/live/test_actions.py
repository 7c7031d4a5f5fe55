"""The actions on forecasts and on flexible devices, against a real server."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import DOMAIN

from .test_integration import HOUR, QUARTER, add_prices, call, home, state_of

__all__ = ["home"]

SETPOINT = "number.battery_power_setpoint"


async def call_on_battery(hass: HomeAssistant, action: str, **fields: Any) -> dict[str, Any]:
    """Call an action on the battery."""
    entity = er.async_get(hass).async_get(SETPOINT)
    assert entity
    response = await hass.services.async_call(
        DOMAIN,
        action,
        {"device_id": entity.device_id, **fields},
        blocking=True,
        return_response=True,
    )
    assert isinstance(response, dict)
    return response


async def test_a_steady_sensor_is_forecast_as_steady_in_another_unit(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    sensor_id = state_of(hass, "sensor.battery_power").attributes["sensor_id"]
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    await call(
        hass,
        home,
        "post_measurements",
        sensor=sensor_id,
        start=(start - timedelta(days=3)).isoformat(),
        values=[2.0] * 288,
        unit="kW",
    )

    forecast = await call(
        hass,
        home,
        "get_forecast",
        sensor=sensor_id,
        unit="W",
        start=start.isoformat(),
        duration="PT6H",
        config={"ensure_positive": True},
    )
    again = await call(
        hass, home, "get_forecast", sensor=sensor_id, unit="W", forecast=forecast["forecast"]
    )

    assert [row["value"] for row in forecast["rows"]] == pytest.approx([2000.0] * 24)
    assert datetime.fromisoformat(forecast["start"]) == start
    assert datetime.fromisoformat(forecast["end"]) == start + 6 * HOUR
    assert again == forecast


async def test_a_battery_is_planned_explained_and_overridden(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """Now is cheap, the fourth hour is dear, all others in between."""
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    prices = [200.0] * 30
    prices[0] = prices[1] = 10.0
    prices[4] = 500.0
    await add_prices(hass, home, start, prices)

    plan = await call_on_battery(hass, "trigger_and_get_schedule")
    explained = await call_on_battery(hass, "explain_schedule")

    assert (plan["status"], plan["unit"], plan["cause"]) == ("planned", "kW", "person")
    in_force = await call_on_battery(hass, "get_schedule")
    assert in_force == plan
    first = datetime.fromisoformat(plan["rows"][0]["start"])
    assert timedelta(0) <= dt_util.utcnow() - first < 2 * QUARTER
    by_price = {block["price"]: block for block in explained["blocks"] if block["kind"] != "idle"}
    # EUR/MWh were posted, EUR/kWh are told: bought at the best of all prices, sold at the best of all.
    assert by_price[0.01]["kind"] == "charge"
    assert by_price[0.5]["kind"] == "discharge"
    assert by_price[0.01]["rank"] == by_price[0.5]["rank"] == 1
    assert by_price[0.01]["next_best"]["price"] > 0
    assert explained["cost"] < explained["cost_of_charging_at_once"]
    assert explained["saving"] == pytest.approx(
        explained["cost_of_charging_at_once"] - explained["cost"], abs=2e-4
    )
    assert max(row["value"] for row in plan["state_of_charge"]) == pytest.approx(70.0, abs=0.2)

    override = await call_on_battery(hass, "override_setpoint", power=-2.5, unit="kW")

    assert (override["power"], override["source"]) == (-2500.0, "override")
    assert float(state_of(hass, SETPOINT).state) == -2500.0
