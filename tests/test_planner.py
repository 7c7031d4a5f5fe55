"""When the home is planned, what each device's status says at every moment, and what stays in force."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    ScheduleResult,
    SensorData,
)
from custom_components.flexmeasures.plan_models import PlanCause, PlanStatus
from custom_components.flexmeasures.scheduling import FindingCode
from custom_components.flexmeasures.wishes import Wishes

from . import site
from .conftest import make_entry
from .device_stand_ins import CarCalendar, add_entities
from .planning import (
    CAR_LEVEL,
    CAR_POWER,
    HOUR,
    LEVEL,
    NOON,
    PLUG,
    QUARTER,
    SOLAR_FORECAST,
    asked,
    battery,
    car,
    device,
    home,
    id_of,
    just_past_noon,
    now,
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
from .test_init import set_up

__all__ = ["home", "just_past_noon"]

AWAY = ConnectionFailedError("refused")


async def test_before_the_first_answer_a_device_waits_and_is_then_planned(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    answered = asyncio.Event()
    answer = site.plan(500.0)

    async def slow(*args: Any, **kwargs: Any) -> ScheduleResult:
        await answered.wait()
        result: ScheduleResult = await answer(*args, **kwargs)
        return result

    client.trigger_and_get_schedule.side_effect = slow
    entry = await plan_home_without_waiting(hass, freezer)
    assert status_of(entry) is PlanStatus.COMPUTING
    assert power_of(entry, NOON) is None

    answered.set()
    await hass.async_block_till_done(wait_background_tasks=True)

    assert status_of(entry) is PlanStatus.PLANNED
    assert power_of(entry, NOON) == 500.0
    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert plan.cause is PlanCause.START
    assert plan.expires == now(freezer) + timedelta(hours=12)


async def plan_home_without_waiting(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Set the battery's home up and let the first plan begin to be made."""
    entry = make_entry(battery())
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    assert status_of(entry) is PlanStatus.WAITING
    freezer.tick(timedelta(seconds=5))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    return entry


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


async def test_nothing_is_asked_for_while_nothing_changes_and_the_plan_rolls_on_at_half(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    first = planner_of(home).plan(id_of(home, "Battery"))
    assert first
    for _ in range(44):
        await pass_time(hass, freezer, minutes=16)
    assert now(freezer) < NOON + 12 * HOUR
    assert triggers(client) == 1
    confirmed = planner_of(home).plan(id_of(home, "Battery"))
    assert confirmed
    assert confirmed.schedule == first.schedule
    # It stays in force for twelve hours from when it was last found to be still right.
    assert confirmed.expires == now(freezer) + 12 * HOUR

    for _ in range(2):
        await pass_time(hass, freezer, minutes=16)

    # Less than half of 24 hours is left.
    assert triggers(client) == 2
    assert status_of(home) is PlanStatus.PLANNED


async def test_a_site_whose_forecasts_may_change_is_planned_every_period(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await plan_home(hass, client, freezer, solar())

    for _ in range(90):
        await pass_time(hass, freezer, minutes=16)

    # A day has 24 * 60 / 16 = 90 of these periods, and no more triggers.
    assert triggers(client) == 91


async def test_a_period_is_jittered_by_up_to_a_minute(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await plan_home(hass, client, freezer, solar())

    await pass_time(hass, freezer, minutes=14, seconds=55)
    assert triggers(client) == 1
    await pass_time(hass, freezer, seconds=70)
    assert triggers(client) == 2


@pytest.mark.parametrize(
    ("level", "count"),
    [
        # The plan is idle, and 2 % of 10 kWh are 0.2 kWh.
        (37.0, 1),
        (37.1, 2),
        (32.9, 2),
    ],
)
async def test_a_followed_battery_off_its_path_is_planned_anew_when_it_stays_there(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    level: float,
    count: int,
) -> None:
    home.runtime_data.controllers[id_of(home, "Battery")].async_follow(True)
    await pass_time(hass, freezer, minutes=6)

    percent(hass, LEVEL, level)
    await pass_time(hass, freezer, seconds=50)
    assert triggers(client) == 1
    await pass_time(hass, freezer, seconds=15)
    await pass_time(hass, freezer, seconds=3)

    assert triggers(client) == count
    if count == 2:
        plan = planner_of(home).plan(id_of(home, "Battery"))
        assert plan
        assert plan.cause is PlanCause.STATE_OF_CHARGE
        assert asked(client)["flex_model"][0]["soc-at-start"] == f"{level / 10:.10g} kWh"


async def test_a_glitch_of_the_state_of_charge_asks_for_nothing(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    home.runtime_data.controllers[id_of(home, "Battery")].async_follow(True)
    await pass_time(hass, freezer, minutes=6)

    percent(hass, LEVEL, 80)
    await pass_time(hass, freezer, seconds=20)
    percent(hass, LEVEL, 35)
    await pass_time(hass, freezer, seconds=60)
    await pass_time(hass, freezer, seconds=5)

    assert triggers(client) == 1


async def test_a_battery_that_nobody_follows_is_no_surprise(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await pass_time(hass, freezer, minutes=6)
    percent(hass, LEVEL, 80)
    await pass_time(hass, freezer, seconds=70)
    await pass_time(hass, freezer, seconds=5)
    assert triggers(client) == 1

    # The period takes it up.
    await pass_time(hass, freezer, minutes=10)
    assert triggers(client) == 2


async def test_many_wishes_at_once_make_one_plan(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    battery_id, wishes = id_of(home, "Battery"), home.runtime_data.wishes
    for target in (50, 60, 70, 80):
        wishes.async_wish(battery_id, Wishes(target=target, ready_by=time(18)))
        await hass.async_block_till_done()
    await pass_time(hass, freezer, seconds=3)

    assert triggers(client) == 2
    plan = planner_of(home).plan(battery_id)
    assert plan
    assert plan.state
    assert [target.energy for target in plan.state.targets] == [8.0]
    assert plan.cause is PlanCause.WISH


async def test_the_same_wish_again_asks_for_nothing(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    wishes, battery_id = home.runtime_data.wishes, id_of(home, "Battery")
    wishes.async_wish(battery_id, Wishes(target=80.0))
    wishes.async_wish(battery_id, Wishes())
    await pass_time(hass, freezer, seconds=3)

    assert triggers(client) == 1


async def test_a_plan_whose_wish_changed_while_it_was_computed_is_dropped(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    battery_id, wishes = id_of(home, "Battery"), home.runtime_data.wishes
    answers = [site.plan(1111.0), site.plan(2222.0)]
    shown: list[float | None] = []

    async def changing(*args: Any, **kwargs: Any) -> ScheduleResult:
        if len(answers) == 2:
            wishes.async_wish(battery_id, Wishes(keep_at_least=50.0))
        result: ScheduleResult = await answers.pop(0)(*args, **kwargs)
        shown.append(power_of(home, NOON))
        return result

    client.trigger_and_get_schedule.side_effect = changing

    await press(home)
    await pass_time(hass, freezer, seconds=5)

    # The first answer never was in force, and nothing more is asked for.
    assert shown == [0.0, 0.0]
    assert power_of(home, NOON) == 2222.0
    assert triggers(client) == 3
    assert asked(client)["flex_model"][0]["soc-minima"]


async def test_somebody_who_keeps_changing_a_wish_gets_a_plan_after_two_dropped_ones(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    answer = site.plan(1500.0)
    levels = iter(range(20, 60))

    async def changing(*args: Any, **kwargs: Any) -> ScheduleResult:
        wish = Wishes(keep_at_least=float(next(levels)))
        home.runtime_data.wishes.async_wish(id_of(home, "Battery"), wish)
        result: ScheduleResult = await answer(*args, **kwargs)
        return result

    client.trigger_and_get_schedule.side_effect = changing
    await press(home)

    assert triggers(client) == 4
    assert power_of(home, NOON) == 1500.0


async def test_of_many_requests_during_a_run_one_waits(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    under_way: list[int] = []
    answer = site.plan(100.0)

    async def slow(*args: Any, **kwargs: Any) -> ScheduleResult:
        under_way.append(1)
        assert len(under_way) == 1
        for _ in range(5):
            await asyncio.sleep(0)
        result: ScheduleResult = await answer(*args, **kwargs)
        under_way.pop()
        return result

    client.trigger_and_get_schedule.side_effect = slow
    first = hass.async_create_task(press(home))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.gather(first, *(press(home) for _ in range(20)))

    assert triggers(client) == 3


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


async def test_the_mode_that_a_person_chose_asks_for_a_plan_even_if_it_is_the_same(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    planner_of(home).async_request(PlanCause.MODE)
    await pass_time(hass, freezer, seconds=3)

    assert triggers(client) == 2


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


async def test_after_a_restart_in_mid_block_the_plan_is_in_force_at_once(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = site.plan(1000.0, -2000.0)
    await press(home)
    before = planner_of(home).plan(id_of(home, "Battery"))
    assert before
    await pass_time(hass, freezer, minutes=4)
    client.trigger_and_get_schedule.side_effect = AWAY
    client.get_sensor_data.side_effect = AWAY

    await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()

    plan = planner_of(home).plan(id_of(home, "Battery"))
    assert plan
    assert plan.schedule == before.schedule
    assert (plan.expires, plan.cause) == (before.expires, PlanCause.PERSON)
    assert plan.tariff == before.tariff
    assert plan.energies == before.energies
    moment = NOON + QUARTER
    assert plan.expected_state_of_charge(moment) == before.expected_state_of_charge(moment)
    assert status_of(home) is PlanStatus.PLANNED

    # The server is away: the plan goes on until it is too old.
    await pass_time(hass, freezer, seconds=5)
    assert status_of(home) is PlanStatus.SERVER_AWAY
    assert power_of(home, now(freezer)) == 1000.0
    freezer.move_to(before.expires or NOON)
    assert planner_of(home).plan(id_of(home, "Battery")) is None


async def test_listeners_are_told_when_a_plan_has_become_too_old(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = AWAY
    client.get_sensor_data.side_effect = AWAY
    plan = planner_of(home).plan(id_of(home, "Battery"))
    assert plan
    assert plan.expires
    ended: list[bool] = []
    planner_of(home).listeners.async_add(
        lambda: ended.append(planner_of(home).plan(id_of(home, "Battery")) is None)
    )

    freezer.move_to(plan.expires)
    await pass_time(hass, freezer, seconds=0)

    assert ended[0]


async def test_after_the_entry_is_unloaded_nothing_is_asked_for(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    planner = planner_of(home)
    planner.async_request(PlanCause.WISH)
    await hass.config_entries.async_unload(home.entry_id)
    planner.async_request(PlanCause.MODE)

    await pass_time(hass, freezer, hours=2)

    assert triggers(client) == 1


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


@pytest.mark.parametrize(
    ("state", "is_told"), [("unavailable", False), ("unknown", False), ("36", True)]
)
async def test_a_state_of_charge_that_comes_back_is_planned_with_at_once(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    state: str,
    is_told: bool,
) -> None:
    hass.states.async_set(LEVEL, "unavailable")
    entry = await plan_home(hass, client, freezer, battery())
    assert status_of(entry) is PlanStatus.STATE_UNKNOWN

    hass.states.async_set(LEVEL, state, {"unit_of_measurement": "%"})
    await pass_time(hass, freezer, seconds=3)

    assert triggers(client) == (1 if is_told else 0)


async def test_a_state_of_charge_that_is_lost_while_it_settles_asks_for_nothing(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    home.runtime_data.controllers[id_of(home, "Battery")].async_follow(True)
    await pass_time(hass, freezer, minutes=6)
    percent(hass, LEVEL, 80)
    hass.states.async_set(LEVEL, "unavailable")
    await pass_time(hass, freezer, seconds=61)
    await pass_time(hass, freezer, seconds=3)
    assert triggers(client) == 1

    # Also when the entry is unloaded in the meantime.
    percent(hass, LEVEL, 35)
    await pass_time(hass, freezer, seconds=3)
    percent(hass, LEVEL, 80)
    await hass.config_entries.async_unload(home.entry_id)
    await pass_time(hass, freezer, seconds=61)
    assert triggers(client) == 1


@pytest.mark.parametrize(
    ("status", "is_problem"),
    [
        (PlanStatus.PLANNED, False),
        (PlanStatus.DEVICE_AWAY, False),
        (PlanStatus.TARGET_MISSED, True),
        (PlanStatus.UNTRUSTED, True),
    ],
)
def test_what_a_person_may_want_to_look_at_is_a_problem(
    status: PlanStatus, is_problem: bool
) -> None:
    assert status.is_problem is is_problem


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
