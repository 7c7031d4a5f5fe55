"""What keeps a battery from being planned, and what is said and shown meanwhile."""

from dataclasses import replace
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    JobFailedError,
    RateLimitedError,
    ScheduleResult,
    WrongPasswordError,
)
from custom_components.flexmeasures.const import DOMAIN

from .. import site
from ..planning import pass_time
from ..states import act, state_of
from ..test_init import set_up
from .battery import BUTTON, PLANNED


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
    await pass_time(hass, freezer, seconds=5)

    client.trigger_and_get_schedule.assert_not_called()
    with pytest.raises(HomeAssistantError, match=message):
        await act(hass, "button", "press", BUTTON)
    assert message in hass.states.get(PLANNED).attributes["problem"]  # type: ignore[union-attr]


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
    await pass_time(hass, freezer, seconds=5)
    await pass_time(hass, freezer, seconds=90)
    assert client.trigger_and_get_schedule.call_count == 1

    await pass_time(hass, freezer, seconds=30)
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
    await pass_time(hass, freezer, seconds=11)

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

    await pass_time(hass, freezer, seconds=16 * 60)

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
