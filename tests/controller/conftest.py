"""A home at noon whose battery takes its power from a number, and is planned a power for each quarter-hour."""

from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..controlled_home import NOON, ControlledHome, by_quarter
from ..device_stand_ins import Inverter, add_entities


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
