"""When the home is planned, what its status says at every moment, and what stays in force."""

from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.plan_models import PlanCause, PlanStatus
from custom_components.flexmeasures.wishes import Wishes

from ..planning import (
    HOUR,
    LEVEL,
    NOON,
    asked,
    battery,
    id_of,
    now,
    pass_time,
    percent,
    plan_home,
    planner_of,
    solar,
    status_of,
    triggers,
)


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


async def test_the_same_wish_again_asks_for_nothing(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    wishes, battery_id = home.runtime_data.wishes, id_of(home, "Battery")
    wishes.async_wish(battery_id, Wishes(target=80.0))
    wishes.async_wish(battery_id, Wishes())
    await pass_time(hass, freezer, seconds=3)

    assert triggers(client) == 1


async def test_the_mode_that_a_person_chose_asks_for_a_plan_even_if_it_is_the_same(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    planner_of(home).async_request(PlanCause.MODE)
    await pass_time(hass, freezer, seconds=3)

    assert triggers(client) == 2


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
