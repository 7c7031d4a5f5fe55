"""How control ends and begins again: every way in which the safe value is the last that is written."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
import pytest

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.control import (
    ControlStatus,
    SetpointSource,
)

from ..controlled_home import (
    LEVEL,
    ControlledHome,
    by_quarter,
    kill_and_restart,
)
from ..device_stand_ins import Inverter
from ..test_init import set_up


async def test_when_the_plan_ends_and_none_follows_the_device_gets_its_safe_value(
    home: ControlledHome, inverter: Inverter
) -> None:
    async def one_hour(asset_id: int, **request: Any) -> Any:
        return await by_quarter(1000.0)(asset_id, **{**request, "duration": timedelta(hours=1)})

    home.client.trigger_and_get_schedule.side_effect = one_hour
    await home.carry_out()
    home.client.trigger_and_get_schedule.side_effect = ConnectionFailedError("refused")

    await home.until(90)

    assert home.shown == [(0.1, "1.0"), (60, "0.0")]
    assert home.controller.setpoint.source is SetpointSource.SCHEDULE_ENDED
    assert home.controller.status is ControlStatus.SAFE


async def test_switching_off_gives_the_safe_value(home: ControlledHome, inverter: Inverter) -> None:
    await home.carry_out(until=5)
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
    await home.carry_out(settings, until=5)

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


async def test_after_a_kill_in_mid_block_the_value_stands_and_control_goes_on(
    home: ControlledHome, inverter: Inverter
) -> None:
    await home.carry_out(until=5)

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
    await home.carry_out(until=5)
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
    await home.carry_out()
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    (record,) = hass_storage[f"{DOMAIN}.{home.entry.entry_id}"]["data"]["control"].values()
    assert record["following"] is True
    record["version"] = 99

    await set_up(home.hass, home.entry)

    assert not home.controller.following
    assert "What was kept of controlling Battery is lost: version 99" in caplog.text
