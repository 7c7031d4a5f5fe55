"""A home that starts without its server: its devices are controlled, and what is measured is kept."""

from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.flexmeasures.control import ControlStatus

from .. import site
from ..absent_server import away
from ..conftest import feed_subentry
from ..controlled_home import MINUTE, NOON, ControlledHome, kill_and_restart, plan_by_time
from ..device_stand_ins import Inverter
from ..states import state_of

METER = "sensor.roof_power"
SOLAR = feed_subentry(site.SOLAR_POWER, METER, direction="production")


@pytest.fixture
async def home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, client: AsyncMock, inverter: Inverter
) -> ControlledHome:
    """Return a home at noon whose battery is to charge with 2 kW, from 12:15 on 1 kW, and whose plan ends at 12:30."""
    freezer.move_to(NOON)

    client.trigger_and_get_schedule.side_effect = plan_by_time(
        lambda time: (
            2000.0 if time < NOON + 15 * MINUTE else (1000.0 if time < NOON + 30 * MINUTE else None)
        )
    )
    hass.states.async_set(METER, "4000", {"unit_of_measurement": "W"})
    return ControlledHome(hass=hass, clock=freezer, client=client)


async def test_a_home_that_is_killed_without_its_server_follows_its_plan_and_ends_it_safely(
    home: ControlledHome, inverter: Inverter, client: AsyncMock
) -> None:
    await home.carry_out(until=5)

    with away(client):
        await kill_and_restart(home)
        assert home.entry.state is ConfigEntryState.LOADED
        await home.until(29)
        assert home.controller.status is ControlStatus.FOLLOWING
        await home.until(31)

    assert home.shown == [(0.1, "2.0"), (15, "1.0"), (30, "0.0")]
    assert inverter.values == [2, 1, 0]
    assert home.controller.status is ControlStatus.SAFE


async def test_what_is_measured_after_a_start_without_server_is_sent_when_it_is_back(
    hass: HomeAssistant, home: ControlledHome, client: AsyncMock
) -> None:
    await home.start(None, SOLAR)
    with away(client):
        await kill_and_restart(home)
        await home.until(46)
        assert int(state_of(hass, "sensor.our_account_upload_backlog")) == 3
    assert client.stored.own == {}

    await home.until(66)

    # 4 kW of production are 0.004 MW; before the restart at 12:00:05 nothing else was seen.
    assert client.stored.own[site.SOLAR_POWER] == {
        NOON + step * site.QUARTER: pytest.approx(0.004) for step in range(4)
    }


async def test_what_the_server_tells_is_unavailable_until_it_is_back(
    hass: HomeAssistant, home: ControlledHome, client: AsyncMock, caplog: pytest.LogCaptureFixture
) -> None:
    await home.start(None, SOLAR)
    before = dict.fromkeys(er.async_get(hass).entities)
    with away(client):
        await kill_and_restart(home)
        await home.until(3)

        assert state_of(hass, "binary_sensor.our_account_connected") == "off"
        assert state_of(hass, "sensor.solar_panels_roof_east") == "unavailable"
        assert state_of(hass, "sensor.battery_scheduled_power") == "2000.0"
        assert state_of(hass, "sensor.our_account_upload_backlog") == "0"
        assert dict.fromkeys(er.async_get(hass).entities) == before
        assert caplog.text.count("Home goes on with its site as it was known: ") == 1

    await home.until(5)

    assert state_of(hass, "binary_sensor.our_account_connected") == "on"
    assert state_of(hass, "sensor.solar_panels_roof_east") == "12.0"
