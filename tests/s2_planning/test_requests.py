"""S2 devices in the plan of their site: described, and planned together with the rest."""

import asyncio
from contextlib import nullcontext
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flexmeasures.client import (
    FlexMeasuresError,
    JobFailedError,
    ScheduleResult,
    ValidationError,
)

from .. import site
from ..planning import NOON, QUARTER, asked, power_of, reason_of, status_of
from ..s2.samples import (
    demand_driven_description,
    number_range,
    power_constraints,
    power_forecast,
    power_range,
    storage_status,
)
from ..s2_devices import ConnectedDevice
from ..s2_home import MINUTE, SECOND, S2Home
from ..s2_words import idle_storage, programme
from .homes import beside_battery


async def test_nothing_is_asked_for_while_the_device_is_away(home: S2Home) -> None:
    await home.until(10 * SECOND)

    home.client.trigger_and_get_schedule.assert_not_called()


async def test_a_described_device_is_planned_at_once(home: S2Home, device: ConnectedDevice) -> None:
    request, power = asked(home.client), home.created_id("power")

    assert request["sensor_ids"] == [power]
    (model,) = request["flex_model"]
    assert model["sensor"] == power
    # 5000 W at 0.02 % per second are 0.0694 kWh per %: 40 % are 2.78 kWh.
    assert float(model["soc-at-start"].removesuffix(" kWh")) == pytest.approx(2.778, abs=0.001)
    assert model["consumption-capacity"] == "5000 W"
    assert request["start"] == NOON


async def test_a_plan_is_shown_and_not_carried_out_before_the_person_says_so(
    home: S2Home, device: ConnectedDevice
) -> None:
    assert power_of(home.entry, NOON + MINUTE) == 2500.0
    assert power_of(home.entry, NOON + 16 * MINUTE) == 0.0
    assert home.s2_device.instructor.last is None


async def test_a_flexible_device_and_an_s2_device_are_planned_in_one_request(
    empty_home: S2Home,
) -> None:
    home = await beside_battery(empty_home, "Boiler")

    await home.connect_storage()

    request, power = asked(home.client), home.created_id("power")
    assert request["sensor_ids"] == [site.BATTERY_POWER, power]
    assert [model["sensor"] for model in request["flex_model"]] == [site.BATTERY_POWER, power]


@pytest.mark.parametrize(
    "refusal",
    [
        ValidationError("no such mode", status=422, request="POST trigger"),
        JobFailedError("infeasible", job_id="1"),
    ],
)
async def test_an_s2_device_that_the_server_refuses_does_not_stop_the_others(
    empty_home: S2Home, refusal: FlexMeasuresError
) -> None:
    trigger = empty_home.client.trigger_and_get_schedule
    plan = trigger.side_effect

    async def refuse_guests(*ids: int, **wanted: Any) -> ScheduleResult:
        if len(wanted["flex_model"]) > 1:
            raise refusal
        result: ScheduleResult = await plan(*ids, **wanted)
        return result

    trigger.side_effect = refuse_guests
    home = await beside_battery(empty_home, "Boiler")

    await home.connect_storage(is_refused=True)

    assert asked(home.client)["sensor_ids"] == [site.BATTERY_POWER]
    assert status_of(home.entry, "Battery") == "planned"
    assert status_of(home.entry, "Boiler") == "failed"
    assert reason_of(home.entry, "Boiler") == f"FlexMeasures refuses to plan Boiler: {refusal}"
    # The battery has its new plan; what is wrong with the boiler is told at the boiler.
    for button, refused in (("battery", False), ("solar_panels", True)):
        pressing = home.hass.services.async_call(
            "button", "press", {"entity_id": f"button.{button}_reschedule"}, blocking=True
        )
        with pytest.raises(HomeAssistantError) if refused else nullcontext():
            await pressing
    assert power_of(home.entry, NOON, "Boiler") is None


async def test_forecasts_are_stored_before_they_are_planned_with(home: S2Home) -> None:
    """Panels that foresee 1.5 kW of production from 12:00 on may be planned up to that."""
    stored: list[int] = []
    home.client.post_sensor_data.side_effect = lambda number, **_: stored.append(number)
    home.plan(-1500.0)
    forecast = power_forecast() | {"start_time": "2026-11-22T12:00:00Z"}
    async with home.first_plan():
        await home.connect(
            forecast, power_constraints(), control_type="POWER_ENVELOPE_BASED_CONTROL"
        )

    production = home.created_id("production forecast")
    assert production in stored
    (post,) = home.posts("production forecast")
    assert post["wait"] is True
    assert post["unit"] == "kW"
    assert post["values"][:5] == (1.5, 1.5, 1.5, 1.5, None)
    (model,) = asked(home.client)["flex_model"]
    assert model["sensor"] == home.created_id("power")
    assert model["production-capacity"] == {"sensor": production}


async def test_a_dishwasher_places_its_own_profile_by_the_prices_and_is_told_when_to_start(
    home: S2Home,
) -> None:
    """Each hour costs its number in UTC, so that the cheapest hour within 12:00 to 18:00 is the first whole minute."""
    device = await home.connect(control_type="POWER_PROFILE_BASED_CONTROL")
    home.controller.async_follow(True)
    await device.say(programme("12:00", "18:00"))
    await home.pass_ten_seconds()

    heard = await device.hear_until("PPBC.ScheduleInstruction")

    assert heard["power_profile_id"] == "eco"
    assert heard["execution_time"].startswith("2026-11-22T12:01")
    home.client.trigger_and_get_schedule.assert_not_called()
    assert status_of(home.entry) == "planned"
    # 2000 W for an hour from 12:01 on, as means of the quarter-hours.
    quarters = [NOON + step * QUARTER for step in range(6)]
    assert [power_of(home.entry, quarter) for quarter in quarters] == pytest.approx(
        [28000 / 15, 2000, 2000, 2000, 2000 / 15, 0]
    )


async def test_gas_is_planned_beside_electricity_and_is_no_power_of_the_device(
    home: S2Home,
) -> None:
    """A heat pump and a gas boiler share a demand of 4 kW; only the schedule of the heat pump is fetched."""
    home.plan(1000.0)
    rate = number_range(4, 4)
    description: Any = demand_driven_description("pump", "boiler", present_demand_rate=rate)
    boiler = description["actuators"][1]
    gas = {"power_ranges": [power_range(0, 0.2, "NATURAL_GAS.FLOW_RATE")]}
    boiler["operation_modes"] = [mode | gas for mode in boiler["operation_modes"]]
    async with home.first_plan():
        device = await home.connect(control_type="DEMAND_DRIVEN_BASED_CONTROL")
        assert await device.say(description) == "OK"

    request = asked(home.client)
    assert request["sensor_ids"] == [home.created_id("power pump")]
    pump, burner, store = request["flex_model"]
    assert (pump["sensor"], pump["commodity"]) == (home.created_id("power pump"), "electricity")
    assert (burner["sensor"], burner["commodity"]) == (home.created_id("power boiler"), "gas")
    assert store["soc-usage"] == [{"sensor": home.created_id("demand forecast")}]
    (stored,) = home.posts("demand forecast")
    assert (set(stored["values"]), stored["unit"]) == ({4.0}, "kW")
    assert power_of(home.entry, NOON + MINUTE) == 1000.0


async def test_a1_a_message_is_answered_while_a_plan_is_computed(home: S2Home) -> None:
    asked, computed = asyncio.Event(), asyncio.Event()

    async def plan(*ids: int, **wanted: Any) -> ScheduleResult:
        asked.set()
        await computed.wait()
        result: ScheduleResult = await site.plan(2500.0)(*ids, **wanted)
        return result

    home.client.trigger_and_get_schedule.side_effect = plan
    device = await home.connect(*idle_storage())
    for second in (1, 2, 5, 10):
        home.clock.move_to(NOON + second * SECOND)
        async_fire_time_changed(home.hass)
        await home.hass.async_block_till_done()
    await asked.wait()

    assert await device.say(storage_status(41)) == "OK"
    assert not computed.is_set()
    computed.set()
    await home.hass.async_block_till_done()
