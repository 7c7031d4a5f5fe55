"""How one run of the planner follows another: while one is under way, after a restart, and when nobody needs it any more."""

import asyncio
from datetime import time, timedelta
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    ScheduleResult,
)
from custom_components.flexmeasures.plan_models import PlanCause, PlanStatus
from custom_components.flexmeasures.wishes import Wishes

from .. import site
from ..conftest import make_entry
from ..planning import (
    LEVEL,
    NOON,
    QUARTER,
    asked,
    battery,
    id_of,
    now,
    pass_time,
    percent,
    planner_of,
    power_of,
    press,
    status_of,
    triggers,
)
from ..test_init import set_up

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
