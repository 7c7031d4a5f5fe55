"""A device in a home with faults: what it shows at every moment is the plan's value or its safe value."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import Context, CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.control import (
    ControlStatus,
    GuardRail,
    Mode,
    NoticeKind,
    SetpointSource,
)
from custom_components.flexmeasures.engine_runner import EngineRunner

from .controlled_home import (
    LEVEL,
    MINUTE,
    NOON,
    SECOND,
    ControlledHome,
    by_quarter,
    plan_by_time,
)
from .device_stand_ins import Inverter, add_entities
from .test_init import set_up


@pytest.fixture
async def inverter(hass: HomeAssistant) -> Inverter:
    """Return the number that takes the battery's setpoint; it shows 0 kW."""
    inverter = Inverter("Inverter power")
    await add_entities(hass, "number", [inverter])
    return inverter


@pytest.fixture
async def home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, client: AsyncMock, inverter: Inverter
) -> ControlledHome:
    """Return a home at noon with a battery at 50 %; planned are 1, -2, 0.5 and 2 kW, a quarter-hour each, in turn."""
    freezer.move_to(NOON)
    client.trigger_and_get_schedule.side_effect = by_quarter(1000.0, -2000.0, 500.0, 2000.0)
    return ControlledHome(hass=hass, clock=freezer, client=client)


async def test_the_device_has_each_step_s_power_from_its_beginning_on(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    await home.follow()
    await home.until(61)

    assert home.shown == [(0.1, "1.0"), (15, "-2.0"), (30, "0.5"), (45, "2.0"), (60, "1.0")]
    assert inverter.values == [1, -2, 0.5, 2, 1]
    assert home.controller.status is ControlStatus.FOLLOWING
    assert home.controller.statistics.writes == 5
    assert home.controller.statistics.last_write == NOON + 60 * MINUTE


async def test_what_rounding_gives_too_much_is_held_back_in_the_next_step(
    home: ControlledHome, inverter: Inverter
) -> None:
    """The inverter takes tenths of a kW, and nothing limits the site. A plan anew changes no step that is under way."""
    home.client.trigger_and_get_schedule.side_effect = by_quarter(1050.0, 1040.0, -1030.0, 0.0)
    await home.start()
    await home.follow()
    await home.until(50)

    # 50 W too much, then 40 W too little, and -1.1 kW would leave the battery short.
    assert home.shown == [(0.1, "1.1"), (15, "1.0"), (30, "-1.0"), (45, "0.0")]
    assert home.controller.setpoint.power == 0


async def test_a_device_that_is_away_gets_the_power_of_now_when_it_is_back(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    await home.follow()
    await home.until(10)
    inverter.show_availability(False)
    await home.until(20)
    assert home.controller.held
    assert home.controller.held.rail is GuardRail.UNAVAILABLE

    inverter.show_availability(True)
    await home.until(29)

    assert home.shown == [(0.1, "1.0"), (10, "unavailable"), (20, "1.0"), (20, "-2.0")]
    assert inverter.values == [1, -2]


async def test_a_renamed_number_is_followed_at_once(
    hass: HomeAssistant, hass_admin_user: MockUser, home: ControlledHome, inverter: Inverter
) -> None:
    registered = er.async_get(hass).async_get("number.inverter_power")
    assert registered
    await home.start({"setpoint_entity": registered.id})
    await home.follow()

    er.async_get(hass).async_update_entity(registered.entity_id, new_entity_id="number.renamed")
    await home.settle()
    home.entity_id = "number.renamed"
    home.watch()
    await home.until(16)
    await home.act("number", "set_value", context=Context(user_id=hass_admin_user.id), value=0.3)

    assert inverter.values == [1, -2, 0.3]
    assert home.controller.status is ControlStatus.SUSPENDED


async def test_a_device_that_takes_less_is_believed(
    home: ControlledHome, inverter: Inverter
) -> None:
    inverter.most = 1.5
    await home.start()
    await home.follow()

    await home.until(44)

    assert home.shown == [(0.1, "1.0"), (15, "-1.5"), (30, "0.5")]
    assert inverter.values == [1, -2, 0.5]
    assert home.notices == []


async def test_a_device_that_ignores_writes_is_told_four_times_and_then_once_a_step(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.ignores = True
    await home.follow()

    await home.until(14)
    assert inverter.values == [1, 1, 1, 1]
    assert home.notices == [NoticeKind.NOT_FOLLOWING]
    assert home.controller.status is ControlStatus.NOT_FOLLOWING
    await home.until(29)
    assert inverter.values == [1, 1, 1, 1, -2]

    inverter.ignores = False
    await home.until(31)
    assert home.shown == [(30, "0.5")]
    assert home.notices == [NoticeKind.NOT_FOLLOWING, NoticeKind.FOLLOWING_AGAIN]


@pytest.mark.parametrize("error", [OSError("bus error"), HomeAssistantError("no connection")])
async def test_a_write_that_fails_is_repeated_and_told_once(
    home: ControlledHome,
    inverter: Inverter,
    error: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await home.start()
    inverter.error = error
    await home.follow()
    await home.wait(15 * SECOND)
    assert inverter.values == [1, 1]

    inverter.error = None
    await home.wait(30 * SECOND)

    assert inverter.values == [1, 1, 1]
    assert [state for _, state in home.shown] == ["1.0"]
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [
        "number.inverter_power did not take its setpoint" in record.message for record in warnings
    ].count(True) == 1


async def test_a_value_that_the_device_refuses_is_not_repeated_before_the_next_step(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.error = ServiceValidationError("not while the grid is away")
    await home.follow()
    await home.until(14)

    assert inverter.values == [1]
    assert home.controller.status is ControlStatus.NOT_FOLLOWING


async def test_when_the_plan_ends_and_none_follows_the_device_gets_its_safe_value(
    home: ControlledHome, inverter: Inverter
) -> None:
    async def one_hour(asset_id: int, **request: Any) -> Any:
        return await by_quarter(1000.0)(asset_id, **{**request, "duration": timedelta(hours=1)})

    home.client.trigger_and_get_schedule.side_effect = one_hour
    await home.start()
    await home.follow()
    home.client.trigger_and_get_schedule.side_effect = ConnectionFailedError("refused")

    await home.until(90)

    assert home.shown == [(0.1, "1.0"), (60, "0.0")]
    assert home.controller.setpoint.source is SetpointSource.SCHEDULE_ENDED
    assert home.controller.status is ControlStatus.SAFE


async def test_a_device_whose_state_of_charge_is_lost_is_safe_until_it_is_back(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start({"safe_power": -0.3})
    await home.follow()
    await home.until(5)
    hass.states.async_set(LEVEL, "unavailable")
    await home.until(20)
    assert home.controller.setpoint.source is SetpointSource.INPUT_LOST

    hass.states.async_set(LEVEL, "49", {"unit_of_measurement": "%"})
    await home.until(21)

    # A minute after it fell silent: it might have come back by itself.
    assert home.shown == [(0.1, "1.0"), (6, "-0.3"), (20, "-2.0")]


async def test_a_state_of_charge_that_is_silent_for_a_moment_stops_nothing(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start({"safe_power": -0.3})
    await home.follow()
    await home.until(5)
    hass.states.async_set(LEVEL, "unavailable")
    await home.until(5.5)
    assert home.controller.setpoint.source is SetpointSource.SCHEDULE

    hass.states.async_set(LEVEL, "51", {"unit_of_measurement": "%"})
    await home.until(9)

    assert home.shown == [(0.1, "1.0")]


async def test_a_state_of_charge_that_is_wrong_is_lost_at_once(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start({"safe_power": -0.3})
    await home.follow()
    await home.until(5)
    hass.states.async_set(LEVEL, "700", {"unit_of_measurement": "%"})
    await home.until(9)

    assert home.shown == [(0.1, "1.0"), (5, "-0.3")]


async def test_silence_is_not_waited_for_longer_than_the_last_reading_is_believed(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start({"safe_power": -0.3, "state_of_charge_age": 10})
    await home.follow()
    await home.until(9.5)
    hass.states.async_set(LEVEL, "unavailable")
    await home.until(12)

    assert home.shown == [(0.1, "1.0"), (10, "-0.3")]


async def test_a_state_of_charge_that_is_no_longer_reported_is_lost(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start({"state_of_charge_age": 10})
    await home.follow()
    await home.until(8)
    # The same value again is a report, though nothing changed.
    hass.states.async_set(LEVEL, "50", {"unit_of_measurement": "%"})

    await home.until(30)

    assert home.shown == [(0.1, "1.0"), (15, "-2.0"), (18, "0.0")]
    hass.states.async_set(LEVEL, "50", {"unit_of_measurement": "%"}, force_update=True)
    await home.settle()
    assert home.shown[-1] == (30, "0.5")


async def test_only_while_the_owner_s_conditions_hold_anything_is_carried_out(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    hass.states.async_set("binary_sensor.battery_allowed", "on")
    await home.start({"conditions": ["binary_sensor.battery_allowed"]})
    await home.follow()
    await home.until(5)
    hass.states.async_set("binary_sensor.battery_allowed", "off")
    await home.until(6)
    home.controller.async_override(700)
    await home.until(7)
    hass.states.async_set("binary_sensor.battery_allowed", "on")
    await home.until(8)

    assert home.shown == [(0.1, "1.0"), (5, "0.0"), (7, "0.7")]


async def test_switching_off_gives_the_safe_value(home: ControlledHome, inverter: Inverter) -> None:
    await home.start()
    await home.follow()
    await home.until(5)
    await home.follow(False)
    await home.until(31)

    assert home.shown == [(0.1, "1.0"), (5, "0.0")]
    assert home.controller.status is ControlStatus.IDLE


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        ({}, "0.0"),
        ({"safe_power": 0.2}, "0.2"),
        ({"safe_action": "leave"}, "1.0"),
        ({"safe_action": "restore"}, "0.4"),
    ],
)
@pytest.mark.parametrize("ending", ["unload", "stop", "disable"])
async def test_control_ends_with_the_chosen_safe_value(
    hass: HomeAssistant,
    home: ControlledHome,
    inverter: Inverter,
    settings: dict[str, object],
    last: str,
    ending: str,
) -> None:
    inverter.show(0.4)
    await home.start(settings)
    await home.follow()
    await home.until(5)

    match ending:
        case "unload":
            await hass.config_entries.async_unload(home.entry.entry_id)
        case "stop":
            await hass.async_stop(force=True)
        case "disable":
            await hass.config_entries.async_set_disabled_by(
                home.entry.entry_id, ConfigEntryDisabler.USER
            )

    state = hass.states.get("number.inverter_power")
    assert state
    assert state.state == last
    assert len(inverter.values) == (1 if settings.get("safe_action") == "leave" else 2)


async def test_a_hung_device_keeps_nobody_from_stopping(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.hangs = True
    home.controller.async_follow(True)
    assert inverter.values == [1]

    unloading = asyncio.create_task(hass.config_entries.async_unload(home.entry.entry_id))
    await home.tick(1)
    assert inverter.values == [1]
    await home.tick(2)
    assert inverter.values == [1, 0]
    assert not unloading.done()
    await home.tick(4)
    assert unloading.done()


async def test_a_slow_device_gets_its_safe_value_after_what_is_on_its_way(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.hangs = True
    home.controller.async_follow(True)
    hass.loop.call_soon(inverter.go_on)

    assert await hass.config_entries.async_unload(home.entry.entry_id)

    assert inverter.values == [1, 0]
    assert hass.states.get("number.inverter_power").state == "0.0"  # type: ignore[union-attr]


async def test_a_device_that_never_answers_is_looked_at_and_told_again(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.hangs = True
    home.controller.async_follow(True)
    for seconds in (9, 2, 9, 2):
        await home.tick(seconds)
    assert inverter.values == [1, 1]

    inverter.go_on()
    await home.settle()
    assert home.shown == [(0.5, "1.0")]  # 27 s after noon


async def kill_and_restart(home: ControlledHome) -> None:
    """End everything without giving devices their safe values, as a power cut does, and begin again."""
    with patch.object(EngineRunner, "async_release"):
        await home.hass.config_entries.async_unload(home.entry.entry_id)
    await set_up(home.hass, home.entry)


async def test_after_a_kill_in_mid_block_the_value_stands_and_control_goes_on(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    await home.follow()
    await home.until(5)

    await kill_and_restart(home)
    assert home.controller.following
    assert home.controller.statistics.writes == 1
    await home.until(16)

    assert home.shown == [(0.1, "1.0"), (15, "-2.0")]
    await home.follow(False)
    assert home.shown[2:] == [(16, "0.0")]


async def test_after_a_restart_the_device_waits_a_minute_for_what_is_missing(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    await home.follow()
    await home.until(5)
    hass.states.async_remove(LEVEL)
    home.shown.clear()
    inverter.show(1.0)
    await home.until(5.5)

    hass.set_state(CoreState.starting)
    await kill_and_restart(home)
    await home.until(14)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await home.until(20)
    hass.states.async_set(LEVEL, "50", {"unit_of_measurement": "%"})
    await home.entry.runtime_data.planner.async_reschedule()
    await home.until(21)

    # A minute and no longer: then what is missing counts as lost.
    assert home.shown[-2:] == [(15, "0.0"), (20, "-2.0")]


async def test_a_memory_that_makes_no_sense_is_told_and_left(
    home: ControlledHome,
    inverter: Inverter,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await home.start()
    await home.follow()
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    (record,) = hass_storage[f"{DOMAIN}.{home.entry.entry_id}"]["data"]["control"].values()
    assert record["following"] is True
    record["version"] = 99

    await set_up(home.hass, home.entry)

    assert not home.controller.following
    assert "What was kept of controlling Battery is lost: version 99" in caplog.text


async def test_a_person_s_change_is_left_alone_until_the_next_block(
    hass_admin_user: MockUser, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    await home.follow()
    await home.until(5)
    await home.act("number", "set_value", Context(user_id=hass_admin_user.id), value=2.5)
    assert home.controller.status is ControlStatus.SUSPENDED
    assert home.controller.suspended_until == NOON + 15 * MINUTE
    await home.until(16)

    assert home.shown == [(0.1, "1.0"), (5, "2.5"), (15, "-2.0")]
    assert inverter.values == [1, 2.5, -2]
    assert home.notices == [NoticeKind.SUSPENDED, NoticeKind.RESUMED]


async def test_a_person_gives_control_back_at_once(
    hass_admin_user: MockUser, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start({"suspension": 60})
    await home.follow()
    await home.until(5)
    await home.act("number", "set_value", Context(user_id=hass_admin_user.id), value=2.5)
    assert home.controller.suspended_until == NOON + 65 * MINUTE
    await home.until(20)
    home.controller.async_resume()
    await home.until(21)

    assert home.shown == [(0.1, "1.0"), (5, "2.5"), (20, "-2.0")]


async def test_an_automation_that_runs_at_a_time_of_day_suspends_too(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {"trigger": "time_pattern", "minutes": 6},
                "actions": {
                    "action": "number.set_value",
                    "target": {"entity_id": "number.inverter_power"},
                    "data": {"value": -1.2},
                },
            }
        },
    )
    await home.start()
    await home.follow()
    await home.until(16)

    assert home.shown == [(0.1, "1.0"), (6, "-1.2"), (15, "-2.0")]
    assert home.notices == [NoticeKind.SUSPENDED, NoticeKind.RESUMED]
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


async def test_what_the_device_changes_by_itself_is_put_right_after_a_minute(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    await home.follow()
    await home.until(5)
    inverter.show(0.2)
    await home.until(14)

    assert home.shown == [(0.1, "1.0"), (5, "0.2"), (6, "1.0")]
    assert home.notices == []


async def test_a_plan_that_comes_while_a_write_is_under_way_is_written_after_it_and_nothing_else(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    inverter.hangs = True
    home.controller.async_follow(True)

    for power in (1500.0, 800.0):
        home.client.trigger_and_get_schedule.side_effect = by_quarter(power)
        await home.entry.runtime_data.planner.async_reschedule()
    inverter.go_on()
    await home.wait(40 * SECOND)

    assert inverter.values == [1, 0.8]
    assert home.controller.statistics.writes == 2


async def test_no_more_is_written_than_an_inverter_s_memory_bears(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    await home.follow()
    for change in range(230):
        home.controller.async_override(1000.0 + 100 * (change % 2))
        await home.wait(40 * SECOND)

    home.controller.async_override(700.0)
    await home.settle()
    assert len(inverter.told) == 180
    assert home.controller.held
    assert home.controller.held.rail is GuardRail.BUDGET
    # The rest is kept for the safe value.
    await home.follow(False)
    assert home.shown[-1][1] == "0.0"
    assert len(inverter.told) == 181


async def test_in_shadow_mode_everything_is_computed_and_nothing_written(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start({"shadow_mode": True})
    await home.follow()
    await home.until(16)
    assert inverter.values == []
    assert home.controller.shadow
    assert home.controller.setpoint.power == -2000
    assert home.controller.status is ControlStatus.SHADOW

    home.controller.async_shadow(False)
    await home.until(17)
    home.controller.async_shadow(True)
    await home.until(18)
    assert home.shown == [(16, "-2.0"), (17, "0.0")]


async def test_the_shadow_switch_survives_a_restart_until_the_setting_is_changed(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    home.controller.async_shadow(True)
    await home.hass.config_entries.async_reload(home.entry.entry_id)
    assert home.controller.shadow

    (subentry,) = home.entry.subentries.values()
    for setting in (True, False):
        home.hass.config_entries.async_update_subentry(
            home.entry, subentry, data={**subentry.data, "shadow_mode": setting}
        )
        await home.settle()
        assert home.controller.shadow is setting


async def test_a_mode_holds_until_its_end_and_the_schedule_takes_over(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await home.start({"charging_power": 2.5})
    await home.follow()
    await home.until(5)
    home.controller.async_choose_mode(Mode.CHARGE_NOW)
    await home.until(20)
    assert home.controller.mode is Mode.CHARGE_NOW
    hass.states.async_set(LEVEL, "90", {"unit_of_measurement": "%"})
    await home.until(21)
    home.controller.async_choose_mode(Mode.MANUAL, -700, NOON + 25 * MINUTE)
    await home.until(31)

    # The battery is kept at 90 % at the most.
    assert home.shown == [
        (0.1, "1.0"),
        (5, "2.5"),
        (20, "-2.0"),
        (21, "-0.7"),
        (25, "-2.0"),
        (30, "0.5"),
    ]
    assert home.notices == [NoticeKind.MODE_ENDED, NoticeKind.MODE_ENDED]


async def test_whoever_stops_listening_is_told_no_more(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    told: list[NoticeKind] = []
    stop = home.controller.async_listen_notices(lambda notice: told.append(notice.kind))
    home.controller.async_choose_mode(Mode.PAUSE, until=NOON + MINUTE)
    await home.until(2)
    stop()
    home.controller.async_choose_mode(Mode.PAUSE, until=NOON + 3 * MINUTE)
    await home.until(4)

    assert told == [NoticeKind.MODE_ENDED]
    assert home.notices == [NoticeKind.MODE_ENDED, NoticeKind.MODE_ENDED]


async def test_an_override_is_taken_back(home: ControlledHome, inverter: Inverter) -> None:
    await home.start()
    await home.follow()
    await home.until(1)
    home.controller.async_override(-300, NOON + 40 * MINUTE)
    await home.until(20)
    assert home.controller.override
    home.controller.async_clear_override()
    await home.until(21)

    assert home.shown == [(0.1, "1.0"), (1, "-0.3"), (20, "-2.0")]


async def test_a_setpoint_entity_that_is_gone_is_told_until_it_is_back(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    issue_id = "entry_of_the_site_setpoint_entity_missing_"
    registered = er.async_get(hass).async_get("number.inverter_power")
    assert registered
    await home.start()
    await home.follow()
    issues = ir.async_get(hass)
    assert not [key for _, key in issues.issues if key.startswith(issue_id)]

    er.async_get(hass).async_remove("number.inverter_power")
    await home.settle()
    (found,) = [issue for key, issue in issues.issues.items() if key[1].startswith(issue_id)]
    assert found.translation_placeholders == {
        "site": "Home",
        "device": "Battery",
        "entity": "number.inverter_power",
    }
    assert home.controller.problem

    hass.states.async_set(
        "number.inverter_power", "1", {"unit_of_measurement": "kW", "min": -3, "max": 3}
    )
    await home.settle()
    assert not [key for _, key in issues.issues if key.startswith(issue_id)]
    assert home.controller.problem is None


async def test_a_number_that_changes_its_unit_is_told_in_the_new_one(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.start()
    await home.follow()
    await home.until(5)
    inverter._attr_native_min_value, inverter._attr_native_max_value = -3000, 3000
    inverter.show(1000, "W")
    await home.until(16)

    assert inverter.values == [1, -2000]
    assert home.controller.statistics.writes == 2


async def test_a_number_without_a_usable_unit_is_never_written_to(
    home: ControlledHome, inverter: Inverter
) -> None:
    inverter.show(0, "V")
    await home.start()
    await home.follow()
    await home.until(16)

    assert inverter.values == []
    assert home.controller.setpoint.power == -2000
    assert home.controller.problem
    assert home.controller.problem.translation_placeholders == {
        "device": "Battery",
        "entity": "number.inverter_power",
        "unit": "V",
    }


async def test_in_the_night_when_the_clock_is_set_back_every_step_comes_once(
    hass: HomeAssistant, home: ControlledHome, inverter: Inverter
) -> None:
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    # At 01:00 UTC on 25 October 2026 the clocks go back from 03:00 to 02:00.
    before = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    home.clock.move_to(before)
    home.client.trigger_and_get_schedule.side_effect = plan_by_time(
        lambda time: 300.0 * ((time - before) // timedelta(minutes=15) + 1)
    )
    await home.start()
    await home.follow()
    await home.wait(timedelta(hours=2))

    assert inverter.values == pytest.approx([0.3 * step for step in range(1, 10)])
    times = [time - before for time, _ in inverter.told[1:]]
    assert times == [timedelta(minutes=15) * step for step in range(1, 9)]
