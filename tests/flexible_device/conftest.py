"""A home with a battery that is planned, and an inverter that takes its setpoints."""

from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Event, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from .. import site
from ..device_stand_ins import Inverter, add_entities
from ..planning import just_past_noon, pass_time
from ..test_init import set_up

__all__ = ["just_past_noon"]


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
    await pass_time(hass, freezer, seconds=5)
    return battery_entry
