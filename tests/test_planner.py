"""When the home is planned, what each device's status says at every moment, and what stays in force."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    FieldMessage,
    JobFailedError,
    JobTimeoutError,
    JsonObject,
    RateLimitedError,
    ScheduleResult,
    ServerError,
    ValidationError,
)
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.plan_models import PlanCause, PlanStatus
from custom_components.flexmeasures.scheduling import FindingCode
from custom_components.flexmeasures.wishes import Wishes

from . import site
from .conftest import make_entry
from .planning import (
    BOILER_POWER,
    CAR_LEVEL,
    CAR_POWER,
    HOUR,
    LEVEL,
    NOON,
    PLUG,
    QUARTER,
    asked,
    battery,
    car,
    device,
    id_of,
    pass_time,
    percent,
    plan_home,
    planner_of,
    solar,
    triggers,
    washer,
)
from .test_init import set_up

AWAY = ConnectionFailedError("refused")


@pytest.fixture(autouse=True)
def just_past_noon(freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin seven minutes into a quarter-hour."""
    freezer.move_to(NOON + timedelta(minutes=7))


@pytest.fixture
async def home(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return a home with a battery at 35 % and an idle plan."""
    client.trigger_and_get_schedule.side_effect = site.plan(0.0)
    percent(hass, LEVEL, 35)
    return await plan_home(hass, client, freezer, battery())


def status_of(entry: MockConfigEntry, title: str = "Battery") -> PlanStatus:
    """Return how it stands with a device's plan."""
    return planner_of(entry).status(id_of(entry, title)).status


def reason_of(entry: MockConfigEntry, title: str = "Battery") -> str:
    """Return why it stands so."""
    return planner_of(entry).status(id_of(entry, title)).reason or ""


def power_of(entry: MockConfigEntry, moment: datetime, title: str = "Battery") -> float | None:
    """Return the W that are planned for a moment; None without a plan in force."""
    plan = planner_of(entry).plan(id_of(entry, title))
    return plan.schedule.power_at(moment) if plan else None


def now(freezer: FrozenDateTimeFactory) -> datetime:
    """Return the time of the test."""
    moment: datetime = freezer.time_to_freeze.replace(tzinfo=UTC)
    return moment


async def press(entry: MockConfigEntry) -> None:
    """Ask for a plan as a person does."""
    await planner_of(entry).async_reschedule()


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


async def test_a_target_that_the_plan_misses_is_told_with_its_share(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    wishes = Wishes(target=39.0, ready_by=time(18))
    home.runtime_data.wishes.async_wish(id_of(home, "Battery"), wishes)
    await pass_time(hass, freezer, seconds=3)

    # The answer leaves the battery at 35 %.
    assert status_of(home) is PlanStatus.TARGET_MISSED
    assert reason_of(home) == "At 2026-11-22 18:00 4.0 % (0.4 kWh) will be missing"
    assert power_of(home, NOON) == 0.0


async def test_an_impossible_target_is_planned_and_told_in_numbers(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, CAR_LEVEL, 20)
    hass.states.async_set(PLUG, "on")
    client.trigger_and_get_schedule.side_effect = site.plan(10000.0)
    entry = await plan_home(hass, client, freezer, car())
    await hass.config.async_set_time_zone("UTC")
    wishes = Wishes(target=90.0, ready_by=time(15))
    entry.runtime_data.wishes.async_wish(id_of(entry, "Car"), wishes)
    await pass_time(hass, freezer, seconds=3)

    plan = planner_of(entry).plan(id_of(entry, "Car"))
    assert plan
    (finding,) = plan.findings
    # 35 kWh are needed, and three hours at 10 kW give 30 kWh.
    assert finding.code is FindingCode.TARGET_UNREACHABLE
    assert finding.numbers["needed"] == pytest.approx(35)
    assert finding.numbers["reachable"] == pytest.approx(30)
    assert status_of(entry, "Car") is PlanStatus.TARGET_MISSED
    assert reason_of(entry, "Car") == "At 2026-11-22 15:00 10.0 % (5.0 kWh) will be missing"


async def test_a_minimum_above_the_maximum_leaves_only_that_device_out(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    percent(hass, CAR_LEVEL, 20)
    hass.states.async_set(PLUG, "on")
    entry = await plan_home(hass, client, freezer, battery(), car())
    entry.runtime_data.wishes.async_wish(
        id_of(entry, "Car"), Wishes(keep_at_least=80.0, keep_at_most=40.0)
    )

    with pytest.raises(HomeAssistantError, match="Car cannot be planned with these values"):
        await press(entry)

    assert asked(client)["sensor_ids"] == [site.BATTERY_POWER]
    assert status_of(entry, "Battery") is PlanStatus.PLANNED
    assert status_of(entry, "Car") is PlanStatus.SETTINGS_WRONG
    issues = ir.async_get(hass)
    issue_id = f"{entry.entry_id}_device_values_{id_of(entry, 'Car')}"
    assert issues.async_get_issue(DOMAIN, issue_id)

    entry.runtime_data.wishes.async_wish(id_of(entry, "Car"), Wishes())
    await press(entry)
    assert status_of(entry, "Car") is PlanStatus.PLANNED
    assert issues.async_get_issue(DOMAIN, issue_id) is None


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("unknown", "sensor.home_battery_level says unknown"),
        ("unavailable", "sensor.home_battery_level says unavailable"),
        ("nan", "sensor.home_battery_level says nan"),
        ("101", "sensor.home_battery_level says 101 %"),
        ("-1", "sensor.home_battery_level says -1 %"),
        ("0", "it fell to exactly 0 at once"),
    ],
)
async def test_a_state_of_charge_that_is_not_believed_keeps_the_last_plan(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    state: str,
    reason: str,
) -> None:
    hass.states.async_set(LEVEL, state, {"unit_of_measurement": "%"})

    with pytest.raises(HomeAssistantError, match="state of charge"):
        await press(home)

    assert triggers(client) == 1
    assert status_of(home) is PlanStatus.STATE_UNKNOWN
    assert reason in reason_of(home)
    assert power_of(home, NOON + HOUR) == 0.0

    # It comes back by itself.
    percent(hass, LEVEL, 36)
    await pass_time(hass, freezer, minutes=17)
    assert status_of(home) is PlanStatus.PLANNED
    assert triggers(client) == 2


async def test_a_stale_state_of_charge_is_told_with_its_age(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    entry = await plan_home(hass, client, freezer, battery(state_of_charge_age=30))
    await pass_time(hass, freezer, minutes=31)

    with pytest.raises(HomeAssistantError):
        await press(entry)

    assert status_of(entry) is PlanStatus.STATE_UNKNOWN
    assert reason_of(entry) == (
        "The state of charge is 31.1 minutes old; it may be 30.0 minutes old"
    )


async def test_a_battery_that_its_plan_emptied_is_believed_at_0(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 10)
    client.trigger_and_get_schedule.side_effect = site.plan(-4000.0)
    entry = await plan_home(hass, client, freezer, battery(minimum_state_of_charge=0.0))
    await pass_time(hass, freezer, minutes=16)
    percent(hass, LEVEL, 0)

    await press(entry)

    assert asked(client)["flex_model"][0]["soc-at-start"] == "0 kWh"


async def test_outside_its_band_a_battery_is_planned_back(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 5)
    entry = await plan_home(hass, client, freezer, battery())

    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert [finding.code for finding in plan.findings] == [FindingCode.STATE_OF_CHARGE_BELOW_BAND]
    assert asked(client)["flex_model"][0]["soc-at-start"] == "0.5 kWh"
    assert asked(client)["flex_model"][0]["soc-min"] == "0.5 kWh"


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
    assert state.reason
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


async def test_a_plug_that_does_not_tell_keeps_the_plan(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, CAR_LEVEL, 40)
    hass.states.async_set(PLUG, "on")
    entry = await plan_home(hass, client, freezer, car())

    hass.states.async_set(PLUG, "unavailable")
    await pass_time(hass, freezer, seconds=3)

    assert status_of(entry, "Car") is PlanStatus.STATE_UNKNOWN
    assert power_of(entry, NOON, "Car") == 1000.0
    assert triggers(client) == 1


async def test_the_mode_that_a_person_chose_asks_for_a_plan_even_if_it_is_the_same(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    planner_of(home).async_request(PlanCause.MODE)
    await pass_time(hass, freezer, seconds=3)

    assert triggers(client) == 2


async def test_a_value_that_lives_in_an_entity_is_planned_with_when_it_changes(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    kilowatt = {"unit_of_measurement": "kW"}
    hass.states.async_set("input_number.charging", "3", kilowatt)
    await plan_home(hass, client, freezer, battery(charging_power="input_number.charging"))
    assert asked(client)["flex_model"][0]["consumption-capacity"] == "3000 W"

    hass.states.async_set("input_number.charging", "2", kilowatt)
    await pass_time(hass, freezer, seconds=3)

    assert asked(client)["flex_model"][0]["consumption-capacity"] == "2000 W"
    assert triggers(client) == 2


async def test_an_entity_that_is_gone_becomes_an_issue_that_ends_by_itself(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    hass.states.async_remove(LEVEL)
    with pytest.raises(HomeAssistantError, match="does not exist"):
        await press(home)

    issue_id = f"{home.entry_id}_state_of_charge_missing_{id_of(home, 'Battery')}"
    issues = ir.async_get(hass)
    issue = issues.async_get_issue(DOMAIN, issue_id)
    assert issue
    assert issue.translation_placeholders
    assert issue.translation_placeholders["device"] == "Battery"

    percent(hass, LEVEL, 35)
    await press(home)
    assert issues.async_get_issue(DOMAIN, issue_id) is None


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


def prices_until(known: list[datetime]) -> Any:
    """Return what reading prices does that are known until a moment."""

    async def read(sensor_id: int, *, start: datetime, **asked_for: Any) -> Any:
        data = await site._hour_of_the_day(sensor_id, start=start, **asked_for)
        values = tuple(
            value if start + index * data.resolution < known[0] else None
            for index, value in enumerate(data.values)
        )
        return replace(data, values=values)

    return read


async def test_without_a_price_for_now_nothing_is_asked_for_and_people_are_told(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    readable = client.get_sensor_data.side_effect
    client.get_sensor_data.side_effect = prices_until([NOON])
    with pytest.raises(HomeAssistantError, match="No price is known for"):
        await press(home)

    assert triggers(client) == 1
    assert status_of(home) is PlanStatus.PRICES_MISSING
    assert power_of(home, NOON) == 0.0
    issues = ir.async_get(hass)
    assert issues.async_get_issue(DOMAIN, f"{home.entry_id}_prices_not_known")

    client.get_sensor_data.side_effect = readable
    await pass_time(hass, freezer, seconds=20)
    assert status_of(home) is PlanStatus.PLANNED
    assert issues.async_get_issue(DOMAIN, f"{home.entry_id}_prices_not_known") is None


async def test_negative_prices_are_prices(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)

    async def read(sensor_id: int, **asked_for: Any) -> Any:
        data = await site._hour_of_the_day(sensor_id, **asked_for)
        return replace(data, values=tuple(-0.05 for _ in data.values))

    client.get_sensor_data.side_effect = read
    entry = await plan_home(hass, client, freezer, battery())

    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert plan.explanation
    # 1 kW for 24 hours, which somebody pays for.
    assert plan.explanation.cost == pytest.approx(-0.05 * 24)


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
    async def get_events(call: ServiceCall) -> Any:
        event = {
            "start": (NOON + 4 * HOUR).isoformat(),
            "end": (NOON + 6 * HOUR).isoformat(),
            "summary": "Grandma, 60 %",
        }
        return {"calendar.car": {"events": [event]}}

    hass.services.async_register(
        "calendar", "get_events", get_events, supports_response=SupportsResponse.ONLY
    )
    hass.states.async_set("calendar.car", "off")
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
    hass.states.async_set("calendar.car", "off", {"message": "Grandma"})
    await pass_time(hass, freezer, seconds=3)
    assert triggers(client) == 1


async def test_a_calendar_that_does_not_answer_keeps_the_last_plan(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, CAR_LEVEL, 40)
    hass.states.async_set(PLUG, "on")
    entry = await plan_home(hass, client, freezer, car(calendar_entity="calendar.car"))

    assert status_of(entry, "Car") is PlanStatus.STATE_UNKNOWN
    assert reason_of(entry, "Car").startswith("calendar.car does not tell its events")
    assert triggers(client) == 0


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


async def test_prices_that_only_the_server_reads_do_not_stop_planning(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, LEVEL, 35)
    context: JsonObject = {"commodities": [{"commodity": "electricity"}]}
    client.get_assets.return_value = (
        replace(site.ASSETS[0], flex_context=context),
        *site.ASSETS[1:],
    )
    entry = await plan_home(hass, client, freezer, battery(), washer())
    planner_of(entry).async_request_run(id_of(entry, "Washer"))
    await pass_time(hass, freezer, seconds=3)

    plan = planner_of(entry).plan(id_of(entry, "Battery"))
    assert plan
    assert (plan.tariff, plan.explanation) == (None, None)
    assert asked(client)["duration"] == 24 * HOUR
    run = planner_of(entry).process_run(id_of(entry, "Washer"))
    assert run
    assert run.placed_at == NOON


async def test_a_kept_plan_that_makes_no_sense_is_dropped(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = make_entry(battery())
    entry.add_to_hass(hass)
    hass_storage[f"flexmeasures.{entry.entry_id}"] = {
        "version": 1,
        "data": {"plans": {id_of(entry, "Battery"): {"schedule": "all day"}}},
    }

    await set_up(hass, entry)

    assert planner_of(entry).plan(id_of(entry, "Battery")) is None
    assert status_of(entry) is PlanStatus.WAITING
    assert "A kept plan is dropped: this is no stored schedule" in caplog.text


async def test_the_issue_of_a_device_that_was_removed_ends(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    hass.states.async_remove(LEVEL)
    with pytest.raises(HomeAssistantError):
        await press(home)
    issue_id = f"{home.entry_id}_state_of_charge_missing_{id_of(home, 'Battery')}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id)

    hass.config_entries.async_remove_subentry(home, id_of(home, "Battery"))
    await hass.async_block_till_done()

    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


async def test_a_car_without_any_state_of_charge_is_told_what_it_lacks(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    lacking = {key: value for key, value in car()["data"].items() if "charge_entity" not in key}
    entry = await plan_home(hass, client, freezer, {**car(), "data": MappingProxyType({**lacking})})
    hass.states.async_set(PLUG, "on")
    await pass_time(hass, freezer, seconds=3)

    assert reason_of(entry, "Car").startswith("Car needs an entity that tells its state of charge")


async def test_a_device_that_the_server_refuses_does_not_stop_the_others(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
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
        fields=(FieldMessage(("json", "flex-model", "0", "soc-max"), "Not a valid quantity."),),
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
    assert reason_of(entry, "Tank") == "FlexMeasures refuses to plan Tank: Not a valid quantity."
    issue_id = f"{entry.entry_id}_device_refused_{id_of(entry, 'Tank')}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id)


@pytest.mark.parametrize(
    "path", [("json", "start"), ("json", "flex-model"), ("json", "flex-model", "0", "soc-min")]
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


@pytest.mark.parametrize(
    ("power", "status"), [(5000.0, PlanStatus.PLANNED), (2000.0, PlanStatus.TARGET_MISSED)]
)
async def test_below_what_is_kept_a_plan_misses_nothing_that_nobody_could_reach(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    power: float,
    status: PlanStatus,
) -> None:
    client.trigger_and_get_schedule.side_effect = site.plan(power)
    wishes = home.runtime_data.wishes
    wishes.async_wish(id_of(home, "Battery"), Wishes(keep_at_least=50.0))

    await press(home)

    # From 3.5 to 5 kWh takes two quarter-hours at 5 kW, and four at 2 kW.
    assert status_of(home) is status
