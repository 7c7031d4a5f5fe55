"""The small site with two measurements: the power of its panels and the energy in its battery."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flexmeasures.const import DOMAIN

from . import site
from .conftest import feed_subentry, make_entry

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
METER = "sensor.inverter_power"
LEVEL = "sensor.battery_level"
SERVER = "our_account"
KWH = {"unit_of_measurement": "kWh"}
# What 2000 W of the meter are on the server, in MW.
SOLAR_VALUE = pytest.approx(0.002)

SOLAR = feed_subentry(site.SOLAR_POWER, METER, direction="production")
CHARGE = feed_subentry(site.BATTERY_ENERGY, LEVEL, aggregation="last")


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin at noon."""
    freezer.move_to(NOON)


@pytest.fixture
def fed(hass: HomeAssistant, client: AsyncMock) -> MockConfigEntry:
    """Return an entry with two feeds, not yet set up."""
    hass.states.async_set(METER, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(SOLAR, CHARGE)
    entry.add_to_hass(hass)
    return entry


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, minutes: float, step: float = 1
) -> None:
    """Let time pass in steps of minutes, and everything that is due happen."""
    for _ in range(round(minutes / step)):
        freezer.tick(timedelta(minutes=step))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)


def posts(client: AsyncMock, sensor_id: int) -> list[tuple[datetime, tuple[float | None, ...]]]:
    """Return start and values of every post for the sensor."""
    return [
        (call.kwargs["start"], call.kwargs["values"])
        for call in client.post_sensor_data.call_args_list
        if call.args == (sensor_id,)
    ]


def shown(hass: HomeAssistant, name: str) -> str:
    """Return what an entity of the server's device shows."""
    state = hass.states.get(f"sensor.{SERVER}_{name}") or hass.states.get(
        f"binary_sensor.{SERVER}_{name}"
    )
    assert state, name
    return state.state


def issue(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> ir.IssueEntry | None:
    """Return an issue of the entry."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{entry.entry_id}_{key}")


def change_solar(client: AsyncMock, **changes: object) -> None:
    """Let the server have another solar sensor from its next answer on."""
    client.get_sensors.return_value = tuple(
        replace(sensor, **changes) if sensor.id == site.SOLAR_POWER else sensor
        for sensor in client.get_sensors.return_value
    )
