"""Plans while they are carried out: what they cost, and processes from ready to done."""

from dataclasses import replace
from datetime import time
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ScheduleResult, SensorData
from custom_components.flexmeasures.plan_models import NO_SAVINGS, PlanCause, PlanStatus
from custom_components.flexmeasures.process_runs import RunPhase
from custom_components.flexmeasures.wishes import Wishes

from . import site
from .planning import (
    HOUR,
    LEVEL,
    NOON,
    QUARTER,
    SOLAR_FORECAST,
    WASHER_POWER,
    asked,
    battery,
    id_of,
    pass_time,
    percent,
    plan_home,
    planner_of,
    solar,
    triggers,
    washer,
)

READY = "binary_sensor.washer_ready"


@pytest.fixture(autouse=True)
async def at_noon_in_utc(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin at the begin of a step, with the clock on the wall in UTC."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOON)


def follow(entry: MockConfigEntry, title: str, following: bool = True) -> None:
    """Let a device's plan be carried out, or stop that."""
    entry.runtime_data.controllers[id_of(entry, title)].async_follow(following)


def as_forced() -> Any:
    """Return what triggering does: what the flex-models leave no choice about, nothing else."""
    answer = site.plan(0.0)

    async def trigger_and_get(*args: Any, **kwargs: Any) -> ScheduleResult:
        result: ScheduleResult = await answer(*args, **kwargs)
        models = {model["sensor"]: model for model in kwargs["flex_model"]}
        return replace(
            result,
            schedules=tuple(
                replace(each, values=forced(models[each.sensor_id], each.values))
                for each in result.schedules
            ),
        )

    return trigger_and_get


def forced(model: dict[str, Any], idle: tuple[float | None, ...]) -> tuple[float | None, ...]:
    """Return the W of each step that a flex-model asks for."""
    capacity = model.get("consumption-capacity")
    if not isinstance(capacity, list):
        return idle
    return tuple(float(window["value"].removesuffix(" W")) for window in capacity)


async def test_only_what_is_followed_costs_and_by_the_price_of_its_step(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    client.trigger_and_get_schedule.side_effect = site.plan(2000.0)
    entry = await plan_home(hass, client, freezer, battery())
    battery_id = id_of(entry, "Battery")
    await pass_time(hass, freezer, minutes=29, seconds=55)
    assert planner_of(entry).savings(battery_id) is NO_SAVINGS

    follow(entry, "Battery")
    for _ in range(4):
        await pass_time(hass, freezer, minutes=15)
    follow(entry, "Battery", following=False)
    await pass_time(hass, freezer, hours=1)

    savings = planner_of(entry).savings(battery_id)
    # From 12:30 to 13:30 at 2 kW: 1 kWh for 12 EUR and 1 kWh for 13 EUR, as the site's prices are the hour.
    assert savings.cost_today == pytest.approx(25.0)
    assert savings.saving_today == pytest.approx(-25.0)
    assert savings.currency == "EUR"
    assert savings.since == NOON + HOUR / 2


async def test_panels_save_what_they_do_not_give_at_a_negative_price(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    """2 kW are forecast for an hour at -2 EUR/kWh, and nothing is planned to be given: 4 EUR are not paid."""
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    read = client.get_sensor_data.side_effect

    async def known(sensor_id: int, **asked: Any) -> SensorData:
        told: SensorData = await read(sensor_id, **asked)
        value = 2000.0 if sensor_id == SOLAR_FORECAST else -2.0
        return replace(told, values=(value,) * len(told.values))

    client.get_sensor_data.side_effect = known
    entry = await plan_home(hass, client, freezer, solar())
    await pass_time(hass, freezer, minutes=7, seconds=55)
    follow(entry, "Solar")
    for _ in range(4):
        await pass_time(hass, freezer, minutes=15)
    follow(entry, "Solar", following=False)

    savings = planner_of(entry).savings(id_of(entry, "Solar"))
    assert savings.cost_today == pytest.approx(0.0)
    assert savings.saving_today == pytest.approx(4.0)
    assert savings.saving_this_month == pytest.approx(4.0)


async def test_in_the_shadow_nothing_is_counted(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    entry = await plan_home(hass, client, freezer, battery(shadow_mode=True))
    follow(entry, "Battery")

    await pass_time(hass, freezer, minutes=30)

    assert planner_of(entry).savings(id_of(entry, "Battery")) is NO_SAVINGS


async def test_a_piece_under_way_counts_when_the_entry_is_unloaded(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    entry = await plan_home(hass, client, freezer, battery())
    planner, battery_id = planner_of(entry), id_of(entry, "Battery")
    follow(entry, "Battery")
    freezer.tick(360)

    await hass.config_entries.async_unload(entry.entry_id)

    # A tenth of an hour at 1 kW and 12 EUR/kWh.
    assert planner.savings(battery_id).cost_today == pytest.approx(1.2)


async def test_a_washer_that_is_ready_runs_once_when_it_is_cheapest(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = as_forced()
    hass.states.async_set(READY, "off")
    entry = await plan_home(hass, client, freezer, washer(ready_entity=READY))
    planner, washer_id = planner_of(entry), id_of(entry, "Washer")
    follow(entry, "Washer")
    assert planner.status(washer_id).status is PlanStatus.NOTHING_TO_PLAN
    assert triggers(client) == 0

    hass.states.async_set(READY, "on")
    await pass_time(hass, freezer, seconds=3)
    run = planner.process_run(washer_id)
    assert run
    # The price is the hour of the day, so it is 0 from midnight on.
    midnight = NOON + 12 * HOUR
    assert (run.phase, run.placed_at) == (RunPhase.PLACED, midnight)
    plan = planner.plan(washer_id)
    assert plan
    assert plan.cause is PlanCause.PROCESS
    assert [plan.schedule.power_at(midnight + step * QUARTER) for step in range(-1, 4)] == [
        0.0,
        2000.0,
        2000.0,
        1000.0,
        0.0,
    ]
    assert asked(client)["sensor_ids"] == [WASHER_POWER]

    phases = []
    for _ in range(4 * 13):
        await pass_time(hass, freezer, minutes=15)
        await pass_time(hass, freezer, seconds=3)
        now = planner.process_run(washer_id)
        phases.append(now.phase if now else None)

    # It ran for 45 minutes after midnight, and does not run again while it stays ready.
    started = [index for index, phase in enumerate(phases) if phase is RunPhase.STARTED]
    assert started
    assert RunPhase.PLACED not in phases[started[0] :]
    assert phases[-1] is RunPhase.DONE
    assert planner.status(washer_id).status is PlanStatus.NOTHING_TO_PLAN
    assert planner.plan(washer_id) is None
    # 2 kW for half an hour and 1 kW for a quarter, at 0 EUR/kWh.
    assert planner.savings(washer_id).cost_today == 0.0

    hass.states.async_set(READY, "off")
    await pass_time(hass, freezer, seconds=3)
    assert planner.process_run(washer_id) is None


async def test_a_washer_that_says_no_longer_ready_because_it_runs_keeps_its_plan(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    """Its word comes within the step in which it started, long before a step of it has been counted."""
    client.trigger_and_get_schedule.side_effect = as_forced()
    hass.states.async_set(READY, "on")
    entry = await plan_home(hass, client, freezer, washer(ready_entity=READY))
    planner, washer_id = planner_of(entry), id_of(entry, "Washer")
    entry.runtime_data.wishes.async_wish(washer_id, Wishes(ready_by=time(12, 45)))
    follow(entry, "Washer")
    await pass_time(hass, freezer, seconds=3)

    hass.states.async_set(READY, "off")
    await pass_time(hass, freezer, seconds=3)

    run = planner.process_run(washer_id)
    assert run
    assert run.phase is RunPhase.STARTED
    assert planner.plan(washer_id)


async def test_a_run_under_way_keeps_its_profile_in_the_next_plan(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = as_forced()
    entry = await plan_home(hass, client, freezer, washer())
    planner, washer_id = planner_of(entry), id_of(entry, "Washer")
    follow(entry, "Washer")
    # To be done by 12:50, so it has to begin at once.
    entry.runtime_data.wishes.async_wish(washer_id, Wishes(ready_by=time(12, 50)))
    planner.async_request_run(washer_id)
    await pass_time(hass, freezer, seconds=3)
    await pass_time(hass, freezer, minutes=16)
    run = planner.process_run(washer_id)
    assert run
    assert run.phase is RunPhase.STARTED
    started_at = run.started_at

    await planner.async_reschedule()

    again = planner.process_run(washer_id)
    assert again
    assert again.started_at == started_at
    plan = planner.plan(washer_id)
    assert plan
    assert plan.schedule.start == NOON + QUARTER
    # What is left of it: nearly all of the second quarter-hour at 2 kW, then 1 kW.
    assert plan.schedule.powers[0] == pytest.approx(2000.0)
    assert plan.schedule.powers[3:] == tuple([0.0] * 93)


async def test_a_run_that_nobody_started_is_placed_again(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = as_forced()
    entry = await plan_home(hass, client, freezer, washer())
    planner, washer_id = planner_of(entry), id_of(entry, "Washer")
    planner.async_request_run(washer_id)
    await pass_time(hass, freezer, seconds=3)
    midnight = NOON + 12 * HOUR
    first = planner.process_run(washer_id)
    assert first
    assert first.placed_at == midnight

    freezer.move_to(midnight)
    await pass_time(hass, freezer, minutes=17)

    run = planner.process_run(washer_id)
    assert run
    # Midnight has passed; until 01:00 it is still free.
    assert (run.phase, run.placed_at) == (RunPhase.PLACED, midnight + QUARTER)


async def test_a_run_that_no_longer_fits_is_told_and_can_be_asked_for_anew(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = as_forced()
    entry = await plan_home(hass, client, freezer, washer())
    planner, washer_id = planner_of(entry), id_of(entry, "Washer")
    entry.runtime_data.wishes.async_wish(washer_id, Wishes(ready_by=time(12, 30)))
    planner.async_request_run(washer_id)
    await pass_time(hass, freezer, seconds=3)

    state = planner.status(washer_id)
    assert state.status is PlanStatus.TARGET_MISSED
    assert str(state.problem) == "It takes 0.8 h, and until 2026-11-22 12:30 there are 0.5 h left"
    assert triggers(client) == 0

    entry.runtime_data.wishes.async_wish(washer_id, Wishes(ready_by=time(14, 0)))
    planner.async_request_run(washer_id)
    await pass_time(hass, freezer, seconds=3)
    assert planner.status(washer_id).status is PlanStatus.PLANNED

    planner.async_withdraw_run(washer_id)
    await pass_time(hass, freezer, seconds=3)
    assert planner.status(washer_id).status is PlanStatus.NOTHING_TO_PLAN
    assert planner.plan(washer_id) is None


async def test_a_process_that_may_pause_asks_for_what_remains_of_it(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = site.plan(2000.0)
    entry = await plan_home(hass, client, freezer, washer(profile=[2.0] * 4, interruptible=True))
    planner, washer_id = planner_of(entry), id_of(entry, "Washer")
    follow(entry, "Washer")
    planner.async_request_run(washer_id)
    await pass_time(hass, freezer, seconds=3)
    # An hour at 2 kW.
    assert asked(client)["flex_model"][0]["soc-max"] == "2 kWh"

    await pass_time(hass, freezer, minutes=14, seconds=52)
    await pass_time(hass, freezer, minutes=16)
    # It ran from 12:00:08 until 12:31: 29 minutes are left, rounded up to two steps.
    assert asked(client)["flex_model"][0]["soc-max"] == "1 kWh"

    for _ in range(3):
        await pass_time(hass, freezer, minutes=15)
        await pass_time(hass, freezer, seconds=3)
    run = planner.process_run(washer_id)
    assert run
    assert run.phase is RunPhase.DONE
    assert run.ran >= HOUR


async def test_a_run_survives_a_restart(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = as_forced()
    entry = await plan_home(hass, client, freezer, washer())
    washer_id = id_of(entry, "Washer")
    planner_of(entry).async_request_run(washer_id)
    await pass_time(hass, freezer, seconds=3)
    before = planner_of(entry).process_run(washer_id)
    assert before

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert planner_of(entry).process_run(washer_id) == before
