"""A battery that follows its schedule, is told otherwise by people, and is left safe."""

from datetime import timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.client import ConnectionFailedError

from .. import site
from ..conftest import BATTERY_SUBENTRY, make_entry
from ..planning import NOON, pass_time
from ..states import act, state_of
from ..test_init import set_up
from .battery import PLANNED, SETPOINT, SWITCH, values


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
    await pass_time(hass, freezer, seconds=5)

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
    await pass_time(hass, freezer, seconds=31)
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
        await pass_time(hass, freezer, seconds=15 * 60)

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
    await pass_time(hass, freezer, seconds=5)
    await pass_time(hass, freezer, seconds=31)

    assert state_of(hass, SWITCH) == "on"
    assert values(written)[-1] == 1.0
