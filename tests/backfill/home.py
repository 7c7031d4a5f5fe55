"""A home whose meter has a past, and what people see while that is sent."""

from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .. import site_actions
from ..conftest import make_entry
from ..fed_site import METER, SOLAR
from ..recorded import NOON, live
from ..test_init import set_up

BUTTON = "button.our_account_send_history"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
STATES = "custom_components.flexmeasures.recorder_states.get_significant_states"


def hours(count: float) -> datetime:
    """Return a time after noon."""
    return NOON + count * HOUR


async def lived(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, *subentries: Any
) -> MockConfigEntry:
    """Return an entry, set up two days after its meter began to show 1 kW, then 2 kW and so on, each for six hours."""
    await live(
        hass, freezer, METER, *((hours(6 * step), str(1000 * (step + 1))) for step in range(8))
    )
    freezer.move_to(hours(48))
    entry = make_entry(*(subentries or (SOLAR,)))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


async def call(hass: HomeAssistant, **fields: Any) -> list[Any]:
    """Call the action and return what it tells of the sensors."""
    sensors = (await site_actions.call(hass, "backfill", **fields))["sensors"]
    assert isinstance(sensors, list)
    return sensors


def progress(hass: HomeAssistant) -> dict[str, str]:
    """Return what the button tells."""
    state = hass.states.get(BUTTON)
    assert state
    return dict(state.attributes["progress"])
