"""S2 devices that are left out of the plan of their site, and what people read of that."""

import asyncio
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.flexmeasures.client import ConnectionFailedError, Sensor
from custom_components.flexmeasures.wishes import Wishes

from .. import site
from ..planning import NOON, asked, id_of, power_of, press, reason_of, status_of, triggers
from ..s2.samples import (
    actuator,
    element,
    fill_rate_description,
    fill_rate_mode,
    number_range,
    power_forecast,
    power_range,
    storage_status,
)
from ..s2_home import MINUTE, SECOND, S2Home
from ..s2_words import free_actuator
from .homes import beside_battery, plan_idle


async def test_wishes_that_contradict_each_other_leave_the_device_out(home: S2Home) -> None:
    await plan_idle(home)
    home.entry.runtime_data.wishes.async_wish(
        id_of(home.entry, "Battery"), Wishes(keep_at_least=60, keep_at_most=60)
    )
    await home.pass_minutes(1)

    assert status_of(home.entry) == "settings_wrong"


async def test_a_device_that_is_away_keeps_its_plan_and_says_so(home: S2Home) -> None:
    device = await plan_idle(home)
    await device.socket.close()
    await home.until(2 * MINUTE)

    await press(home.entry)

    assert status_of(home.entry) == "device_away"
    assert power_of(home.entry, NOON) == 0.0


async def test_a_device_that_leaves_while_prices_are_read_is_left_out(home: S2Home) -> None:
    device = await plan_idle(home)
    before, read = triggers(home.client), home.client.get_sensor_data.side_effect

    async def leave(*ids: int, **wanted: Any) -> Any:
        await device.socket.close()
        await home.hass.async_block_till_done()
        return await read(*ids, **wanted)

    home.client.get_sensor_data.side_effect = leave
    await press(home.entry)

    assert status_of(home.entry) == "device_away"
    assert triggers(home.client) == before
    assert power_of(home.entry, NOON) == 0.0


async def test_a_device_that_has_not_described_itself_is_left_out_by_name(home: S2Home) -> None:
    await home.connect()
    with pytest.raises(HomeAssistantError):
        await press(home.entry)

    assert status_of(home.entry) == "state_unknown"
    assert reason_of(home.entry) == "Battery has not described yet what it can do."


async def test_sensors_that_are_being_created_are_waited_for_and_told_when_they_cannot_be(
    home: S2Home, caplog: pytest.LogCaptureFixture
) -> None:
    answered = asyncio.Event()

    async def fail(**_: Any) -> Sensor:
        await answered.wait()
        raise ConnectionFailedError("away")

    home.client.add_sensor.side_effect = fail
    await home.connect(fill_rate_description(free_actuator()), storage_status(40))
    await press(home.entry)
    assert status_of(home.entry) == "waiting"
    assert "No new schedule" not in caplog.text

    answered.set()
    await home.until(SECOND)
    with pytest.raises(HomeAssistantError):
        await press(home.entry)
    assert status_of(home.entry) == "state_unknown"
    assert reason_of(home.entry) == "The sensors of Battery are not in FlexMeasures yet."


async def test_a_device_that_does_not_tell_its_energy_is_left_out_by_name(home: S2Home) -> None:
    """Modes whose fill rate is 0 tell nothing of what a unit of fill level is worth."""
    still = fill_rate_mode("idle", element(0, 100, number_range(0, 0), power_range(0, 5000)))
    inverter = actuator(operation_modes=[still], transitions=[], timers=[])
    await home.connect(fill_rate_description(inverter), storage_status(40))
    await home.pass_ten_seconds()

    assert status_of(home.entry) == "settings_wrong"
    assert reason_of(home.entry).startswith("Battery does not tell how much energy")
    assert home.hass.states.get("number.solar_panels_keep_at_least") is None


async def test_what_cannot_be_controlled_counts_for_the_others_and_has_nothing_to_plan(
    empty_home: S2Home,
) -> None:
    empty_home.plan(0.0)
    home = await beside_battery(empty_home, "Cooker")
    forecast = power_forecast() | {"start_time": "2026-11-22T12:00:00Z"}
    await home.connect(forecast, control_type="NOT_CONTROLABLE")
    await home.pass_ten_seconds()

    context = asked(home.client)["flex_context"]
    assert asked(home.client)["sensor_ids"] == [site.BATTERY_POWER]
    assert context["inflexible-production"] == [{"sensor": home.created_id("production forecast")}]
    assert status_of(home.entry, "Cooker") == "nothing_to_plan"
    for entity_id in (
        "switch.solar_panels_follow_schedule",
        "select.solar_panels_mode",
    ):
        assert home.state(entity_id).state == "unavailable", entity_id
    assert home.hass.states.get("number.solar_panels_power_setpoint") is None
    before = triggers(home.client)
    await home.pass_minutes(30)
    assert triggers(home.client) == before
