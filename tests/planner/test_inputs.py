"""What the home is planned with: devices of all kinds, states, wishes, prices and calendars."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    ScheduleResult,
    SensorData,
)
from custom_components.flexmeasures.plan_models import PlanCause, PlanStatus
from custom_components.flexmeasures.scheduling import FindingCode
from custom_components.flexmeasures.wishes import Wishes

from .. import site
from ..device_stand_ins import CarCalendar, add_entities
from ..planning import (
    CAR_LEVEL,
    CAR_POWER,
    HOUR,
    LEVEL,
    NOON,
    PLUG,
    SOLAR_FORECAST,
    asked,
    battery,
    car,
    device,
    id_of,
    pass_time,
    percent,
    plan_home,
    planner_of,
    power_of,
    press,
    prices_until,
    solar,
    status_of,
    triggers,
    washer,
)


async def test_devices_of_different_kinds_are_planned_in_one_trigger(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    percent(hass, CAR_LEVEL, 40)
    hass.states.async_set(PLUG, "on")
    entry = await plan_home(hass, client, freezer, battery(), car(), solar(), washer())

    assert triggers(client) == 1
    assert asked(client)["sensor_ids"] == [site.BATTERY_POWER, CAR_POWER, site.SOLAR_POWER]
    assert [model.get("soc-at-start") for model in asked(client)["flex_model"]] == [
        "3.5 kWh",
        "20 kWh",
        None,
    ]
    assert asked(client)["start"] == NOON
    assert {title: status_of(entry, title) for title in ("Battery", "Car", "Solar", "Washer")} == {
        "Battery": PlanStatus.PLANNED,
        "Car": PlanStatus.PLANNED,
        "Solar": PlanStatus.PLANNED,
        "Washer": PlanStatus.NOTHING_TO_PLAN,
    }


async def test_a_car_that_leaves_has_no_plan_and_gets_one_when_it_is_back(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, CAR_LEVEL, 40)
    hass.states.async_set(PLUG, "on")
    entry = await plan_home(hass, client, freezer, car())
    assert power_of(entry, NOON, "Car") == 1000.0

    hass.states.async_set(PLUG, "off")
    hass.states.async_set(CAR_LEVEL, "unavailable")
    await pass_time(hass, freezer, seconds=3)
    assert status_of(entry, "Car") is PlanStatus.DEVICE_AWAY
    assert power_of(entry, NOON, "Car") is None
    assert planner_of(entry).problem is None
    assert triggers(client) == 1

    hass.states.async_set(PLUG, "on")
    percent(hass, CAR_LEVEL, 15)
    await pass_time(hass, freezer, seconds=3)
    plan = planner_of(entry).plan(id_of(entry, "Car"))
    assert plan
    assert plan.cause is PlanCause.PLUG
    assert asked(client)["flex_model"][0]["soc-at-start"] == "7.5 kWh"


@pytest.mark.parametrize(
    ("field", "unit", "named", "told"),
    [
        ("charging_power", "kW", "consumption-capacity", {"3": "3000 W", "2": "2000 W"}),
        ("charging_efficiency", "%", "charging-efficiency", {"90": "90%", "80": "80%"}),
        ("discharging_efficiency", "%", "discharging-efficiency", {"90": "90%", "80": "80%"}),
        ("usage", "W", "soc-usage", {"300": ["0.3 kW"], "200": ["0.2 kW"]}),
        ("gain", "W", "soc-gain", {"300": ["0.3 kW"], "200": ["0.2 kW"]}),
    ],
)
async def test_a_value_that_lives_in_an_entity_is_planned_with_when_it_changes(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    field: str,
    unit: str,
    named: str,
    told: dict[str, Any],
) -> None:
    percent(hass, LEVEL, 35)
    measured = {"unit_of_measurement": unit}
    first, second = told
    hass.states.async_set("input_number.value", first, measured)
    changes: dict[str, Any] = {field: "input_number.value"}
    if "efficiency" in field:
        changes["roundtrip_efficiency"] = None
    await plan_home(hass, client, freezer, battery(**changes))
    assert asked(client)["flex_model"][0][named] == told[first]

    hass.states.async_set("input_number.value", second, measured)
    await pass_time(hass, freezer, seconds=3)

    assert asked(client)["flex_model"][0][named] == told[second]
    assert triggers(client) == 2


async def test_prices_that_end_early_shorten_the_plan_and_are_taken_up_when_they_grow(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    known = [NOON + 12 * HOUR]
    client.get_sensor_data.side_effect = prices_until(known)
    entry = await plan_home(hass, client, freezer, battery())
    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert asked(client)["duration"] == 12 * HOUR
    assert [finding.code for finding in plan.findings] == [FindingCode.PRICES_END_EARLY]
    await pass_time(hass, freezer, minutes=17)
    assert triggers(client) == 1

    known[0] = NOON + 36 * HOUR
    await pass_time(hass, freezer, minutes=17)

    assert asked(client)["duration"] == 24 * HOUR
    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert plan.cause is PlanCause.PRICES


async def test_a_target_beyond_the_known_prices_is_planned_for(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("UTC")
    percent(hass, CAR_LEVEL, 20)
    hass.states.async_set(PLUG, "on")
    client.get_sensor_data.side_effect = prices_until([NOON + 12 * HOUR])
    entry = await plan_home(hass, client, freezer, car())
    assert asked(client)["duration"] == 12 * HOUR

    wish = Wishes(target=80.0, ready_by=time(7))
    entry.runtime_data.wishes.async_wish(id_of(entry, "Car"), wish)
    await pass_time(hass, freezer, seconds=3)

    assert asked(client)["duration"] == 19 * HOUR
    assert asked(client)["flex_model"][0]["soc-minima"]


async def test_a_night_of_25_hours_is_planned_on_the_clock_of_the_world(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    """In Amsterdam 2026-10-25 has 25 hours: from 21:00 until 07:00 are eleven."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    evening = datetime(2026, 10, 24, 19, 0, tzinfo=UTC)
    freezer.move_to(evening)
    percent(hass, CAR_LEVEL, 20)
    hass.states.async_set(PLUG, "on")
    entry = await plan_home(hass, client, freezer, car())
    wish = Wishes(target=80.0, ready_by=time(7))
    entry.runtime_data.wishes.async_wish(id_of(entry, "Car"), wish)
    await pass_time(hass, freezer, seconds=3)

    plan = planner_of(entry).plan(id_of(entry, "Car"))
    assert plan
    assert plan.state
    assert [target.time - evening for target in plan.state.targets] == [11 * HOUR]
    assert len(plan.schedule.powers) == 96
    assert plan.schedule.start == evening


async def test_own_measurements_are_confirmed_before_the_server_is_asked(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    order: list[str] = []

    class Delivery:
        async def async_ingested(self, *, until: datetime, within: timedelta, **_: Any) -> bool:
            order.append(f"ingested until {until - NOON} within {within.total_seconds():.0f} s")
            return True

    answer = site.plan(100.0)

    async def trigger(*args: Any, **kwargs: Any) -> ScheduleResult:
        order.append("asked")
        result: ScheduleResult = await answer(*args, **kwargs)
        return result

    client.trigger_and_get_schedule.side_effect = trigger
    home.runtime_data.delivery = Delivery()

    await press(home)

    assert order == ["ingested until 0:07:05 within 20 s", "asked"]
    home.runtime_data.delivery = None


async def test_a_generic_device_is_planned_with_its_own_flex_model(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set("sensor.tank", "4", {"unit_of_measurement": "kWh"})
    generic = device(
        "Tank",
        "generic",
        power_sensor=site.BATTERY_POWER,
        flex_model={"power-capacity": "3 kW", "soc-max": "9 kWh"},
        state_of_charge_entity="sensor.tank",
        charging_power=3.0,
        discharging_power=0.0,
    )
    entry = await plan_home(hass, client, freezer, generic)

    assert asked(client)["flex_model"] == [
        {
            "power-capacity": "3 kW",
            "soc-max": "9 kWh",
            "sensor": site.BATTERY_POWER,
            "soc-at-start": "4 kWh",
        }
    ]
    assert status_of(entry, "Tank") is PlanStatus.PLANNED


async def test_a_car_s_calendar_is_planned_for_beside_the_wishes(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    calendar = CarCalendar("Car", NOON + 4 * HOUR, NOON + 6 * HOUR, "Grandma, 60 %")
    await add_entities(hass, "calendar", [calendar])
    percent(hass, CAR_LEVEL, 40)
    hass.states.async_set(PLUG, "on")
    entry = await plan_home(hass, client, freezer, car(calendar_entity="calendar.car"))

    plan = planner_of(entry).plan(id_of(entry, "Car"))
    assert plan
    assert plan.state
    assert [(target.time, target.energy) for target in plan.state.targets] == [
        (NOON + 4 * HOUR, 30.0)
    ]
    # While it is away it takes nothing.
    (away,) = plan.state.power_windows
    assert (away.start, away.end, away.consumption) == (NOON + 4 * HOUR, NOON + 6 * HOUR, 0.0)

    # The calendar tells of a change; what it asks for is the same.
    calendar.rename("Grandfather, 60 %")
    await pass_time(hass, freezer, seconds=3)
    assert triggers(client) == 1
    await calendar.async_remove()


async def test_panels_are_limited_only_where_their_plan_takes_less_than_the_forecast(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    """The forecast's first two quarters are 2,000 W; of the second the plan takes half."""
    read = client.get_sensor_data.side_effect

    async def forecast(sensor_id: int, **asked: Any) -> SensorData:
        told: SensorData = await read(sensor_id, **asked)
        if sensor_id != SOLAR_FORECAST:
            return told
        return replace(told, values=(2000.0,) * (len(told.values) or 1))

    client.get_sensor_data.side_effect = forecast
    client.trigger_and_get_schedule.side_effect = site.plan(-2000.0, -1000.0)
    entry = await plan_home(hass, client, freezer, solar())

    plan = planner_of(entry).plan(id_of(entry, "Solar"))
    assert plan is not None
    assert plan.available[:2] == (2000.0, 2000.0)
    assert 0 in plan.for_control.unlimited
    assert 1 not in plan.for_control.unlimited


async def test_an_entity_that_was_renamed_is_followed_on(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    registry = er.async_get(hass)
    plug = registry.async_get_or_create("binary_sensor", "charger", "plug")
    hass.states.async_set(plug.entity_id, "off")
    percent(hass, CAR_LEVEL, 50)
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    home = await plan_home(hass, client, freezer, car(plugged_in_entity=plug.id))
    assert status_of(home, "Car") is PlanStatus.DEVICE_AWAY

    registry.async_update_entity(plug.entity_id, new_entity_id="binary_sensor.renamed")
    hass.states.async_set("binary_sensor.renamed", "on")
    await pass_time(hass, freezer, seconds=3)

    assert status_of(home, "Car") is PlanStatus.PLANNED


async def test_a_machine_is_planned_by_the_entity_that_has_the_name_now(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    registry = er.async_get(hass)
    ready = registry.async_get_or_create("binary_sensor", "washer", "ready")
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    home = await plan_home(hass, client, freezer, washer(ready_entity=ready.id))

    registry.async_update_entity(ready.entity_id, new_entity_id="binary_sensor.renamed")
    hass.states.async_set("binary_sensor.renamed", "on")
    await pass_time(hass, freezer, seconds=3)

    assert planner_of(home).process_run(id_of(home, "Washer"))
