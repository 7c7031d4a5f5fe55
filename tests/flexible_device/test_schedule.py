"""A battery's schedule: what is asked for, when, and what is shown of it."""

import asyncio
from datetime import timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import Asset

from .. import site
from ..conftest import BATTERY_SUBENTRY, make_entry
from ..planning import NOON, pass_time
from ..states import act, state_of
from ..test_init import set_up
from .battery import PLANNED, SETPOINT, SWITCH


async def test_the_schedule_is_asked_for_with_the_state_of_charge_on_the_grid(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    call = client.trigger_and_get_schedule.call_args

    assert call.args == (1,)
    assert call.kwargs["start"] == NOON
    assert call.kwargs["duration"] == timedelta(hours=24)
    assert call.kwargs["unit"] == "W"
    assert call.kwargs["sensor_ids"] == [site.BATTERY_POWER]
    assert call.kwargs["flex_context"] is None
    assert call.kwargs["force_new_job_creation"] is True
    assert call.kwargs["flex_model"] == [
        {
            "sensor": site.BATTERY_POWER,
            "soc-at-start": "3.5 kWh",
            "soc-min": "1 kWh",
            "soc-max": "9 kWh",
            "power-capacity": "5000 W",
            "consumption-capacity": "5000 W",
            "production-capacity": "4000 W",
            "roundtrip-efficiency": "92%",
        }
    ]


async def test_prices_chosen_in_the_options_are_sent(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.config_entries.async_update_entry(home, options={"consumption_price_sensor": 15})
    await hass.async_block_till_done()
    await pass_time(hass, freezer, seconds=5)

    assert client.trigger_and_get_schedule.call_args.kwargs["flex_context"] == {
        "consumption-price": {"sensor": 15},
        "relax-constraints": True,
    }
    assert hass.states.get("sensor.home_other_prices")


async def test_the_plan_is_shown_with_its_sign_and_rows(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    state = hass.states.get(PLANNED)

    assert state
    assert state.state == "1000.0"
    assert state.attributes["unit_of_measurement"] == "W"
    assert state.attributes["sign_convention"] == "consumption-positive"
    assert len(state.attributes["forecast"]) == 96
    assert state.attributes["forecast"][1] == {
        "start": "2026-11-22T04:15:00-08:00",
        "end": "2026-11-22T04:30:00-08:00",
        "value": -2000.0,
    }


async def test_the_power_sensor_on_the_server_is_known_without_asking_and_with_its_own_sign(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    assert state_of(hass, "sensor.battery_power") == "-1.0"

    await pass_time(hass, freezer, seconds=8 * 60)

    assert state_of(hass, "sensor.battery_power") == "2.0"


async def test_a_battery_without_number_still_shows_its_setpoint(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    data = {key: value for key, value in BATTERY_SUBENTRY["data"].items() if "setpoint" not in key}
    entry = make_entry({**BATTERY_SUBENTRY, "data": data})
    entry.add_to_hass(hass)
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    await set_up(hass, entry)
    await pass_time(hass, freezer, seconds=5)

    await act(hass, "switch", "turn_on", SWITCH)

    assert state_of(hass, SETPOINT) == "1000.0"


async def test_a_renamed_state_of_charge_is_still_found(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    registry = er.async_get(hass)
    level = registry.async_get_or_create("sensor", "inverter", "level")
    data = {**BATTERY_SUBENTRY["data"], "state_of_charge_entity": level.id}
    entry = make_entry({**BATTERY_SUBENTRY, "data": data})
    entry.add_to_hass(hass)
    registry.async_update_entity(level.entity_id, new_entity_id="sensor.renamed")
    hass.states.async_set("sensor.renamed", "50", {"unit_of_measurement": "%"})

    await set_up(hass, entry)
    await pass_time(hass, freezer, seconds=5)

    (model,) = client.trigger_and_get_schedule.call_args.kwargs["flex_model"]
    assert model["soc-at-start"] == "5 kWh"


async def test_after_a_quarter_hour_a_battery_that_does_something_else_is_planned_anew(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    assert client.trigger_and_get_schedule.call_count == 1
    hass.states.async_set("sensor.home_battery_level", "50", {"unit_of_measurement": "%"})

    await pass_time(hass, freezer, seconds=16 * 60 + 1)

    assert client.trigger_and_get_schedule.call_count == 2
    assert client.trigger_and_get_schedule.call_args.kwargs["start"] == NOON + timedelta(minutes=15)


async def test_presses_that_wait_share_one_schedule(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    client.trigger_and_get_schedule.reset_mock()
    planner = home.runtime_data.planner

    await asyncio.gather(*(planner.async_reschedule() for _ in range(5)))

    client.trigger_and_get_schedule.assert_called_once()


async def test_an_asset_below_the_battery_keeps_its_own_device(
    hass: HomeAssistant, client: AsyncMock, battery_entry: MockConfigEntry
) -> None:
    client.get_assets.return_value = (
        *site.ASSETS,
        Asset(id=7, name="Cell", type_name="battery", account_id=3, parent_id=2),
    )
    client.get_sensors.return_value = (*site.SENSORS, site.make_sensor(30, "power", "kW", 7))

    await set_up(hass, battery_entry)

    assert hass.states.get("sensor.cell_power")
