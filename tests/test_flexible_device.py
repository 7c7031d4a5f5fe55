"""A battery from its state of charge to the inverter: planned, shown, followed, and left safe."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.flexmeasures.client import (
    Asset,
    ConnectionFailedError,
    JobFailedError,
    RateLimitedError,
    ScheduleResult,
    WrongPasswordError,
)
from custom_components.flexmeasures.const import DOMAIN

from . import site
from .conftest import BATTERY_SUBENTRY, make_entry
from .device_stand_ins import Inverter, add_entities
from .states import state_of
from .test_init import set_up

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SWITCH = "switch.battery_follow_schedule"
SETPOINT = "number.battery_power_setpoint"
PLANNED = "sensor.battery_scheduled_power"
BUTTON = "button.battery_reschedule"


@pytest.fixture(autouse=True)
def just_past_noon(freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin seven minutes into a quarter-hour."""
    freezer.move_to(NOON + timedelta(minutes=7))


@pytest.fixture
async def written(hass: HomeAssistant) -> list[Event]:
    """Return the actions that are called, among them what is written to an inverter that takes -3 to 3 kW."""
    await add_entities(hass, "number", [Inverter("Inverter power")])
    return async_capture_events(hass, EVENT_CALL_SERVICE)


@pytest.fixture
async def home(
    hass: HomeAssistant,
    client: AsyncMock,
    battery_entry: MockConfigEntry,
    written: list[Event],
    freezer: FrozenDateTimeFactory,
) -> MockConfigEntry:
    """Return an entry with a battery at 35 % and its first schedule: 1 kW, then -2 kW, in turn."""
    client.trigger_and_get_schedule.side_effect = site.plan(1000.0, -2000.0)
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    await set_up(hass, battery_entry)
    await pass_seconds(hass, freezer, 5)
    return battery_entry


async def pass_seconds(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass, and everything that is due happen."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def act(
    hass: HomeAssistant, domain: str, action: str, entity_id: str, **data: object
) -> None:
    """Call an action on an entity and let everything settle."""
    await hass.services.async_call(domain, action, {"entity_id": entity_id, **data}, blocking=True)
    await hass.async_block_till_done(wait_background_tasks=True)


def values(written: list[Event]) -> list[float]:
    """Return the numbers that were written, in order."""
    calls = [event.data["service_data"] for event in written]
    return [call["value"] for call in calls if call.get("entity_id") == "number.inverter_power"]


async def test_the_schedule_is_asked_for_with_the_state_of_charge_on_the_grid(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    call = client.trigger_and_get_schedule.call_args

    assert call.args == (1,)
    assert call.kwargs["start"] == NOON
    assert call.kwargs["duration"] == timedelta(hours=24)
    assert call.kwargs["unit"] == "W"
    assert call.kwargs["sensor_ids"] == [site.BATTERY_POWER]
    assert call.kwargs["flex_context"] is None
    assert call.kwargs["force_new_job_creation"] is True
    assert call.kwargs["flex_model"] == [
        {
            "sensor": site.BATTERY_POWER,
            "soc-at-start": "3.5 kWh",
            "soc-min": "1 kWh",
            "soc-max": "9 kWh",
            "power-capacity": "5000 W",
            "consumption-capacity": "5000 W",
            "production-capacity": "4000 W",
            "roundtrip-efficiency": "92%",
        }
    ]


async def test_prices_chosen_in_the_options_are_sent(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.config_entries.async_update_entry(home, options={"consumption_price_sensor": 15})
    await hass.async_block_till_done()
    await pass_seconds(hass, freezer, 5)

    assert client.trigger_and_get_schedule.call_args.kwargs["flex_context"] == {
        "consumption-price": {"sensor": 15},
        "relax-constraints": True,
    }
    assert hass.states.get("sensor.home_other_prices")


async def test_the_plan_is_shown_with_its_sign_and_rows(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    state = hass.states.get(PLANNED)

    assert state
    assert state.state == "1000.0"
    assert state.attributes["unit_of_measurement"] == "W"
    assert state.attributes["sign_convention"] == "consumption-positive"
    assert len(state.attributes["forecast"]) == 96
    assert state.attributes["forecast"][1] == {
        "start": "2026-11-22T04:15:00-08:00",
        "end": "2026-11-22T04:30:00-08:00",
        "value": -2000.0,
    }


async def test_the_power_sensor_on_the_server_is_known_without_asking_and_with_its_own_sign(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    assert state_of(hass, "sensor.battery_power") == "-1.0"

    await pass_seconds(hass, freezer, 8 * 60)

    assert state_of(hass, "sensor.battery_power") == "2.0"


async def test_nothing_is_written_until_the_user_lets_the_schedule_be_followed(
    hass: HomeAssistant, home: MockConfigEntry, written: list[Event]
) -> None:
    assert values(written) == []
    assert state_of(hass, SWITCH) == "off"
    assert state_of(hass, SETPOINT) == "unknown"

    await act(hass, "switch", "turn_on", SWITCH)

    assert values(written) == [1.0]
    assert state_of(hass, SETPOINT) == "1000.0"


async def test_each_step_is_written_when_it_begins(
    hass: HomeAssistant,
    home: MockConfigEntry,
    written: list[Event],
    freezer: FrozenDateTimeFactory,
) -> None:
    await act(hass, "switch", "turn_on", SWITCH)

    freezer.move_to(NOON + timedelta(minutes=15, seconds=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert values(written) == [1.0, -2.0]
    assert state_of(hass, PLANNED) == "-2000.0"


async def test_the_number_s_own_limits_and_sign_are_kept(
    hass: HomeAssistant, client: AsyncMock, written: list[Event], freezer: FrozenDateTimeFactory
) -> None:
    turned = {
        **BATTERY_SUBENTRY,
        "data": {**BATTERY_SUBENTRY["data"], "setpoint_sign": "production_positive"},
    }
    entry = make_entry(turned)  # type: ignore[arg-type]
    entry.add_to_hass(hass)
    client.trigger_and_get_schedule.side_effect = site.plan(4500.0)
    hass.states.async_set("sensor.home_battery_level", "3.5", {"unit_of_measurement": "kWh"})
    await set_up(hass, entry)
    await pass_seconds(hass, freezer, 5)

    await act(hass, "switch", "turn_on", SWITCH)

    assert values(written) == [-3.0]
    assert state_of(hass, SETPOINT) == "4500.0"


async def test_a_power_set_by_a_person_holds_until_the_next_step(
    hass: HomeAssistant,
    home: MockConfigEntry,
    written: list[Event],
    freezer: FrozenDateTimeFactory,
) -> None:
    await act(hass, "switch", "turn_on", SWITCH)
    await pass_seconds(hass, freezer, 31)
    await act(hass, "number", "set_value", SETPOINT, value=-500)
    assert values(written) == [1.0, -0.5]
    assert hass.states.get(SETPOINT).attributes["source"] == "override"  # type: ignore[union-attr]

    freezer.move_to(NOON + timedelta(minutes=15, seconds=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert values(written) == [1.0, -0.5, -2.0]


async def test_switching_off_gives_the_device_its_safe_power(
    hass: HomeAssistant, home: MockConfigEntry, written: list[Event]
) -> None:
    await act(hass, "switch", "turn_on", SWITCH)
    await act(hass, "switch", "turn_off", SWITCH)

    assert values(written) == [1.0, 0.0]
    assert state_of(hass, SETPOINT) == "unknown"


async def test_when_the_schedule_ends_and_none_follows_the_device_is_safe(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    written: list[Event],
    freezer: FrozenDateTimeFactory,
) -> None:
    await act(hass, "switch", "turn_on", SWITCH)
    client.trigger_and_get_schedule.side_effect = ConnectionFailedError("refused")
    client.get_sensor_data.side_effect = ConnectionFailedError("refused")

    for _ in range(25 * 4):
        await pass_seconds(hass, freezer, 15 * 60)

    # Asked for at 12:07, it is followed for 12 hours: at 48 quarter-hours, the last of which is 23:52.
    assert values(written)[:3] == [1.0, -2.0, 1.0]
    assert values(written)[-1] == 0.0
    assert len(values(written)) == 49
    assert state_of(hass, SETPOINT) == "0.0"
    assert state_of(hass, PLANNED) == "unknown"


@pytest.mark.parametrize("ending", ["unload", "stop"])
async def test_when_the_entry_or_home_assistant_ends_the_device_is_safe(
    hass: HomeAssistant, home: MockConfigEntry, written: list[Event], ending: str
) -> None:
    await act(hass, "switch", "turn_on", SWITCH)

    if ending == "unload":
        await hass.config_entries.async_unload(home.entry_id)
    else:
        await hass.async_stop(force=True)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert values(written) == [1.0, 0.0]


async def test_after_a_reload_the_schedule_is_followed_again(
    hass: HomeAssistant,
    home: MockConfigEntry,
    written: list[Event],
    freezer: FrozenDateTimeFactory,
) -> None:
    await act(hass, "switch", "turn_on", SWITCH)

    await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_seconds(hass, freezer, 5)
    await pass_seconds(hass, freezer, 31)

    assert state_of(hass, SWITCH) == "on"
    assert values(written)[-1] == 1.0


async def test_a_battery_without_number_still_shows_its_setpoint(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    data = {key: value for key, value in BATTERY_SUBENTRY["data"].items() if "setpoint" not in key}
    entry = make_entry({**BATTERY_SUBENTRY, "data": data})
    entry.add_to_hass(hass)
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    await set_up(hass, entry)
    await pass_seconds(hass, freezer, 5)

    await act(hass, "switch", "turn_on", SWITCH)

    assert state_of(hass, SETPOINT) == "1000.0"


@pytest.mark.parametrize(
    ("state", "unit", "message"),
    [
        (None, None, "sensor.home_battery_level does not exist"),
        ("unavailable", "%", "sensor.home_battery_level says unavailable"),
        ("unknown", "%", "sensor.home_battery_level says unknown"),
        ("35", None, "neither % nor energy"),
        ("35", "°C", "neither % nor energy"),
        ("101", "%", "does not fit in the battery"),
        ("-1", "%", "does not fit in the battery"),
        ("nan", "%", "is not known"),
        ("20", "kWh", "does not fit in the battery"),
    ],
)
async def test_without_a_believable_state_of_charge_nothing_is_asked_for(
    hass: HomeAssistant,
    client: AsyncMock,
    battery_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    state: str | None,
    unit: str | None,
    message: str,
) -> None:
    if state is not None:
        hass.states.async_set(
            "sensor.home_battery_level", state, {"unit_of_measurement": unit} if unit else {}
        )
    await set_up(hass, battery_entry)
    await pass_seconds(hass, freezer, 5)

    client.trigger_and_get_schedule.assert_not_called()
    with pytest.raises(HomeAssistantError, match=message):
        await act(hass, "button", "press", BUTTON)
    assert message in hass.states.get(PLANNED).attributes["problem"]  # type: ignore[union-attr]


async def test_a_renamed_state_of_charge_is_still_found(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    registry = er.async_get(hass)
    level = registry.async_get_or_create("sensor", "inverter", "level")
    data = {**BATTERY_SUBENTRY["data"], "state_of_charge_entity": level.id}
    entry = make_entry({**BATTERY_SUBENTRY, "data": data})
    entry.add_to_hass(hass)
    registry.async_update_entity(level.entity_id, new_entity_id="sensor.renamed")
    hass.states.async_set("sensor.renamed", "50", {"unit_of_measurement": "%"})

    await set_up(hass, entry)
    await pass_seconds(hass, freezer, 5)

    (model,) = client.trigger_and_get_schedule.call_args.kwargs["flex_model"]
    assert model["soc-at-start"] == "5 kWh"


async def test_without_any_price_nothing_is_asked_for(
    hass: HomeAssistant, client: AsyncMock, battery_entry: MockConfigEntry
) -> None:
    client.get_assets.return_value = (replace(site.ASSETS[0], flex_context={}), *site.ASSETS[1:])
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    await set_up(hass, battery_entry)

    with pytest.raises(HomeAssistantError, match="choose a consumption price under Configure"):
        await act(hass, "button", "press", BUTTON)

    client.trigger_and_get_schedule.assert_not_called()
    issues = ir.async_get(hass)
    assert issues.async_get_issue(DOMAIN, f"{battery_entry.entry_id}_no_prices")

    # Stored on the server, it is found at once.
    client.get_assets.return_value = site.ASSETS
    await act(hass, "button", "press", BUTTON)
    client.trigger_and_get_schedule.assert_called_once()
    assert issues.async_get_issue(DOMAIN, f"{battery_entry.entry_id}_no_prices") is None


async def test_a_power_sensor_that_left_the_server_is_told(
    hass: HomeAssistant, client: AsyncMock, battery_entry: MockConfigEntry
) -> None:
    client.get_sensors.return_value = site.SENSORS[1:]
    await set_up(hass, battery_entry)

    with pytest.raises(HomeAssistantError, match="Battery: sensor 11 is no longer on the server"):
        await act(hass, "button", "press", BUTTON)

    issue = ir.async_get(hass).async_get_issue(
        DOMAIN,
        f"{battery_entry.entry_id}_power_sensor_missing_{next(iter(battery_entry.subentries))}",
    )
    assert issue
    assert issue.translation_placeholders == {"site": "Home", "device": "Battery", "sensor": "11"}


async def test_a_failed_job_is_told_once_and_the_last_schedule_stays(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client.trigger_and_get_schedule.side_effect = JobFailedError("Infeasible", job_id="job")

    for _ in range(2):
        with pytest.raises(HomeAssistantError, match="could not finish the job: Infeasible"):
            await act(hass, "button", "press", BUTTON)

    assert state_of(hass, PLANNED) == "1000.0"
    assert caplog.text.count("No new schedule for Home") == 1

    client.trigger_and_get_schedule.side_effect = site.plan(700.0)
    await act(hass, "button", "press", BUTTON)
    assert state_of(hass, PLANNED) == "700.0"
    assert "Schedules for Home are computed again" in caplog.text


async def test_after_a_quarter_hour_a_battery_that_does_something_else_is_planned_anew(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    assert client.trigger_and_get_schedule.call_count == 1
    hass.states.async_set("sensor.home_battery_level", "50", {"unit_of_measurement": "%"})

    await pass_seconds(hass, freezer, 16 * 60 + 1)

    assert client.trigger_and_get_schedule.call_count == 2
    assert client.trigger_and_get_schedule.call_args.kwargs["start"] == NOON + timedelta(minutes=15)


async def test_a_rate_limit_is_waited_for(
    hass: HomeAssistant,
    client: AsyncMock,
    battery_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    client.trigger_and_get_schedule.side_effect = RateLimitedError(
        "slow", status=429, request="POST /", retry_after=100
    )
    await set_up(hass, battery_entry)
    await pass_seconds(hass, freezer, 5)
    await pass_seconds(hass, freezer, 90)
    assert client.trigger_and_get_schedule.call_count == 1

    await pass_seconds(hass, freezer, 30)
    assert client.trigger_and_get_schedule.call_count == 2


async def test_a_refused_sign_in_asks_people_for_the_password(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    client.trigger_and_get_schedule.side_effect = WrongPasswordError(
        "wrong", status=401, request="POST /"
    )

    with pytest.raises(HomeAssistantError, match="does not accept the e-mail and password"):
        await act(hass, "button", "press", BUTTON)

    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"


async def test_a_server_that_is_lost_while_planning_is_noticed_by_all(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    client.trigger_and_get_schedule.side_effect = ConnectionFailedError("refused")
    client.get_assets.side_effect = ConnectionFailedError("refused")

    with pytest.raises(HomeAssistantError, match="cannot be reached: refused"):
        await act(hass, "button", "press", BUTTON)
    await pass_seconds(hass, freezer, 11)

    assert state_of(hass, "binary_sensor.our_account_connected") == "off"
    assert state_of(hass, PLANNED) == "1000.0"


async def test_a_defect_does_not_end_planning(
    hass: HomeAssistant,
    client: AsyncMock,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    answer = client.trigger_and_get_schedule.side_effect
    client.trigger_and_get_schedule.side_effect = RuntimeError("a defect")
    with pytest.raises(RuntimeError, match="a defect"):
        await home.runtime_data.planner.async_reschedule()
    client.trigger_and_get_schedule.side_effect = answer
    client.trigger_and_get_schedule.reset_mock()

    await pass_seconds(hass, freezer, 16 * 60)

    client.trigger_and_get_schedule.assert_called_once()


async def test_presses_that_wait_share_one_schedule(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    client.trigger_and_get_schedule.reset_mock()
    planner = home.runtime_data.planner

    await asyncio.gather(*(planner.async_reschedule() for _ in range(5)))

    client.trigger_and_get_schedule.assert_called_once()


async def test_an_answer_without_values_leaves_the_last_schedule(
    hass: HomeAssistant, client: AsyncMock, home: MockConfigEntry
) -> None:
    client.trigger_and_get_schedule.side_effect = None
    client.trigger_and_get_schedule.return_value = ScheduleResult(
        job=site.finished("job"), schedules=()
    )

    with pytest.raises(HomeAssistantError, match="without a schedule for Battery"):
        await act(hass, "button", "press", BUTTON)

    assert state_of(hass, PLANNED) == "1000.0"


async def test_an_asset_below_the_battery_keeps_its_own_device(
    hass: HomeAssistant, client: AsyncMock, battery_entry: MockConfigEntry
) -> None:
    client.get_assets.return_value = (
        *site.ASSETS,
        Asset(id=7, name="Cell", type_name="battery", account_id=3, parent_id=2),
    )
    client.get_sensors.return_value = (*site.SENSORS, site.make_sensor(30, "power", "kW", 7))

    await set_up(hass, battery_entry)

    assert hass.states.get("sensor.cell_power")
