"""What a server can do wrong: what is told, what is tried again, and what stays in force."""

from dataclasses import replace
from datetime import datetime, timedelta
import random
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    FieldMessage,
    JobFailedError,
    JobTimeoutError,
    RateLimitedError,
    ScheduleResult,
    ServerError,
    ValidationError,
)
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.plan_models import PlanStatus
from custom_components.flexmeasures.wishes import Wishes

from .. import site
from ..planning import (
    BOILER_POWER,
    LEVEL,
    NOON,
    battery,
    device,
    id_of,
    now,
    pass_time,
    percent,
    plan_home,
    planner_of,
    power_of,
    press,
    reason_of,
    status_of,
    triggers,
)

AWAY = ConnectionFailedError("refused")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConnectionFailedError("refused"), PlanStatus.SERVER_AWAY),
        (ServerError("broken", status=500, request="POST /"), PlanStatus.SERVER_AWAY),
        (
            RateLimitedError("slow", status=429, request="POST /", retry_after=100),
            PlanStatus.RATE_LIMITED,
        ),
        (JobFailedError("infeasible", job_id="job"), PlanStatus.FAILED),
        (JobTimeoutError("job", 200), PlanStatus.FAILED),
    ],
)
async def test_a_failure_becomes_the_status_since_then_and_the_plan_stays(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    error: Exception,
    status: PlanStatus,
) -> None:
    client.trigger_and_get_schedule.side_effect = error
    began = now(freezer)
    for _ in range(2):
        with pytest.raises(HomeAssistantError):
            await press(home)
        freezer.tick(60)

    state = planner_of(home).status(id_of(home, "Battery"))
    assert (state.status, state.since) == (status, began)
    assert state.problem
    assert power_of(home, now(freezer)) == 0.0

    client.trigger_and_get_schedule.side_effect = site.plan(700.0)
    await press(home)
    assert status_of(home) is PlanStatus.PLANNED
    assert power_of(home, now(freezer)) == 700.0


async def test_a_failure_is_tried_again_after_15_30_and_60_seconds(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = AWAY
    with pytest.raises(HomeAssistantError):
        await press(home)
    counts = []
    for pause in (15, 30, 60, 120):
        await pass_time(hass, freezer, seconds=pause * 0.9)
        counts.append(triggers(client))
        # Up to a fifth more, so that homes do not come back together.
        await pass_time(hass, freezer, seconds=pause * 0.35)
        counts.append(triggers(client))

    assert counts == [2, 3, 3, 4, 4, 5, 5, 6]


async def test_a_rate_limit_holds_back_what_happens_in_the_home(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.trigger_and_get_schedule.side_effect = RateLimitedError(
        "slow", status=429, request="POST /", retry_after=100
    )
    with pytest.raises(HomeAssistantError):
        await press(home)
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)

    home.runtime_data.wishes.async_wish(id_of(home, "Battery"), Wishes(keep_at_most=80.0))
    await pass_time(hass, freezer, seconds=90)
    assert triggers(client) == 2
    await pass_time(hass, freezer, seconds=30)
    await pass_time(hass, freezer, seconds=5)
    # One for both.
    assert triggers(client) == 3
    assert status_of(home) is PlanStatus.PLANNED


async def test_a_flat_fallback_is_not_put_in_the_place_of_a_good_plan(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    client.trigger_and_get_schedule.side_effect = fallback(3000.0)

    with pytest.raises(HomeAssistantError, match="fell back on one power"):
        await press(home)

    assert status_of(home) is PlanStatus.UNTRUSTED
    plan = planner_of(home).plan(id_of(home, "Battery"))
    assert plan
    assert plan.trusted
    assert plan.schedule.powers[0] == 0.0


async def test_a_flat_fallback_without_a_plan_before_is_shown_and_not_trusted(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    client.trigger_and_get_schedule.side_effect = fallback(3000.0)
    entry = await plan_home(hass, client, freezer, battery())

    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert not plan.trusted
    assert not plan.for_control.trusted
    assert status_of(entry) is PlanStatus.UNTRUSTED


def fallback(power: float) -> Any:
    """Return what triggering does on an older server that gives up: one power for all steps."""
    answer = site.plan(power)

    async def trigger_and_get(*args: Any, **kwargs: Any) -> ScheduleResult:
        result: ScheduleResult = await answer(*args, **kwargs)
        return replace(
            result,
            schedules=tuple(
                replace(each, scheduler="StorageFallbackScheduler") for each in result.schedules
            ),
        )

    return trigger_and_get


@pytest.mark.parametrize("shift", [timedelta(hours=-25), timedelta(days=-7)])
async def test_a_schedule_for_the_past_is_no_plan(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, shift: timedelta
) -> None:
    answer = site.plan(3000.0)

    async def late(*args: Any, **kwargs: Any) -> ScheduleResult:
        result: ScheduleResult = await answer(*args, **kwargs)
        return replace(
            result,
            schedules=tuple(replace(each, start=each.start + shift) for each in result.schedules),
        )

    client.trigger_and_get_schedule.side_effect = late

    with pytest.raises(HomeAssistantError, match="without a schedule for Battery"):
        await press(home)

    assert status_of(home) is PlanStatus.FAILED
    assert power_of(home, NOON) == 0.0


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (("json", "flex-model", "0", "soc-max"), "Not a valid quantity."),
        # As servers answer whose scheduler reads each flex-model by itself: of which device it is, they do not tell.
        (("json", "soc-max"), "soc-max: Not a valid quantity."),
    ],
)
async def test_a_device_that_the_server_refuses_does_not_stop_the_others(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    path: tuple[str, ...],
    reason: str,
) -> None:
    percent(hass, LEVEL, 35)
    generic = device(
        "Tank",
        "generic",
        power_sensor=BOILER_POWER,
        flex_model={"soc-max": "nine"},
        charging_power=3.0,
        discharging_power=0.0,
    )
    refusal = ValidationError(
        "refused",
        status=422,
        request="POST /",
        fields=(FieldMessage(path, "Not a valid quantity."),),
    )
    answer = site.plan(100.0)

    async def refuse(*args: Any, **kwargs: Any) -> ScheduleResult:
        if BOILER_POWER in kwargs["sensor_ids"]:
            raise refusal
        result: ScheduleResult = await answer(*args, **kwargs)
        return result

    client.trigger_and_get_schedule.side_effect = refuse
    entry = await plan_home(hass, client, freezer, generic, battery())

    assert status_of(entry, "Battery") is PlanStatus.PLANNED
    assert power_of(entry, NOON) == 100.0
    assert status_of(entry, "Tank") is PlanStatus.SETTINGS_WRONG
    assert reason_of(entry, "Tank") == f"FlexMeasures refuses to plan Tank: {reason}"
    issue_id = f"{entry.entry_id}_device_refused_{id_of(entry, 'Tank')}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id)


@pytest.mark.parametrize(
    "path",
    [
        ("json", "start"),
        ("json", "soc-max"),
        ("json", "flex-model"),
        ("json", "flex-model", "0", "soc-min"),
    ],
)
async def test_a_refusal_that_leaves_nothing_to_ask_for_is_the_status_of_all(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    path: tuple[str, ...],
) -> None:
    client.trigger_and_get_schedule.side_effect = ValidationError(
        "it is wrong", status=422, request="POST /", fields=(FieldMessage(path, "Wrong."),)
    )

    with pytest.raises(HomeAssistantError, match="refused the request: it is wrong"):
        await press(home)

    assert triggers(client) == 2
    assert status_of(home) is PlanStatus.FAILED
    assert power_of(home, NOON) == 0.0


async def test_an_answer_in_which_nothing_is_known_is_no_plan(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    client.trigger_and_get_schedule.side_effect = site.plan(None)

    with pytest.raises(HomeAssistantError, match="without a schedule for Battery"):
        await press(home)

    assert power_of(home, NOON) == 0.0


@pytest.mark.parametrize("seed", range(2))
async def test_after_a_day_of_faults_the_home_is_well_within_a_period(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    seed: int,
) -> None:
    chance = random.Random(seed)
    good_prices = client.get_sensor_data.side_effect
    good_plan = site.plan(0.0)
    errors = [
        AWAY,
        ServerError("broken", status=500, request="POST /"),
        RateLimitedError("slow", status=429, request="POST /", retry_after=200),
        JobFailedError("infeasible", job_id="job"),
        JobTimeoutError("job", 200),
    ]
    times: list[datetime] = []
    failing: list[Exception] = []

    async def answer(*args: Any, **kwargs: Any) -> ScheduleResult:
        times.append(now(freezer))
        if failing:
            raise failing[0]
        result: ScheduleResult = await good_plan(*args, **kwargs)
        return result

    client.trigger_and_get_schedule.side_effect = answer
    for _ in range(24 * 6):
        failing[:] = [chance.choice(errors)] if chance.random() < 0.6 else []
        client.get_sensor_data.side_effect = AWAY if chance.random() < 0.2 else good_prices
        level = chance.choice(["unavailable", "0", "30", "50", "101"])
        hass.states.async_set(LEVEL, level, {"unit_of_measurement": "%"})
        for _ in range(2):
            await pass_time(hass, freezer, minutes=5)

    failing.clear()
    client.get_sensor_data.side_effect = good_prices
    percent(hass, LEVEL, 50)
    for _ in range(6):
        await pass_time(hass, freezer, minutes=3)

    assert status_of(home) is PlanStatus.PLANNED
    assert power_of(home, now(freezer)) == 0.0
    five_minutes = timedelta(minutes=5)
    assert all(sum(begin <= time < begin + five_minutes for time in times) <= 8 for begin in times)
