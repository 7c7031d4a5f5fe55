"""What can be wrong with a home or a wish: what is told, and what stays in force."""

from dataclasses import replace
from datetime import time
from types import MappingProxyType
from typing import Any
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    JsonObject,
)
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.plan_models import PlanStatus
from custom_components.flexmeasures.scheduling import FindingCode
from custom_components.flexmeasures.wishes import Wishes

from .. import site
from ..conftest import make_entry
from ..planning import (
    CAR_LEVEL,
    HOUR,
    LEVEL,
    NOON,
    PLUG,
    asked,
    battery,
    car,
    id_of,
    pass_time,
    percent,
    plan_home,
    planner_of,
    power_of,
    press,
    prices_until,
    reason_of,
    status_of,
    triggers,
    washer,
)
from ..test_init import set_up


async def test_a_target_that_the_plan_misses_is_told_with_its_share(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    wishes = Wishes(target=39.0, ready_by=time(18))
    home.runtime_data.wishes.async_wish(id_of(home, "Battery"), wishes)
    await pass_time(hass, freezer, seconds=3)

    # The answer leaves the battery at 35 %.
    assert status_of(home) is PlanStatus.TARGET_MISSED
    assert reason_of(home) == "At 2026-11-22 18:00 4.0 % (0.4 kWh) will be missing."
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
    assert reason_of(entry, "Car") == "At 2026-11-22 15:00 10.0 % (5.0 kWh) will be missing."


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

    with pytest.raises(
        HomeAssistantError, match="Car cannot be kept at least at 80% and at most at 40%"
    ):
        await press(entry)

    assert asked(client)["sensor_ids"] == [site.BATTERY_POWER]
    assert status_of(entry, "Battery") is PlanStatus.PLANNED
    assert status_of(entry, "Car") is PlanStatus.SETTINGS_WRONG
    issues = ir.async_get(hass)
    issue_id = f"{entry.entry_id}_wishes_contradict_{id_of(entry, 'Car')}"
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
        "The state of charge is 31.1 minutes old; it may be 30.0 minutes old."
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


async def test_a_calendar_that_does_not_answer_keeps_the_last_plan(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    percent(hass, CAR_LEVEL, 40)
    hass.states.async_set(PLUG, "on")
    entry = await plan_home(hass, client, freezer, car(calendar_entity="calendar.car"))

    assert status_of(entry, "Car") is PlanStatus.STATE_UNKNOWN
    assert reason_of(entry, "Car").startswith("calendar.car does not tell its events")
    assert triggers(client) == 0


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
