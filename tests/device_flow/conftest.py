"""An entry whose flexible devices are added and changed, and a battery that can be one."""

from unittest.mock import MagicMock

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..device_dialogs import SETPOINT, STATE_OF_CHARGE
from ..flow_samples import (
    HOME,
    add_entry,
    asset,
    entry,
    fake_client,
    mark_loaded,
    sensor,
    setup_entry,
)
from .devices import device

__all__ = ["entry", "setup_entry"]


@pytest.fixture
def client() -> MagicMock:
    """Return the entry's client."""
    client = fake_client()
    client.add_asset.return_value = asset(99, "Cellar battery", parent_id=HOME)
    client.add_sensor.return_value = sensor(98, "power", "kW", 99)
    return client


@pytest.fixture(autouse=True)
def entities(hass: HomeAssistant) -> None:
    """Have a battery in Home Assistant that is not in the entity registry."""
    hass.states.async_set(STATE_OF_CHARGE, "40", {"unit_of_measurement": "%"})
    hass.states.async_set(SETPOINT, "0", {"unit_of_measurement": "W"})


@pytest.fixture
def entry_with_device(hass: HomeAssistant, client: MagicMock) -> MockConfigEntry:
    """Return a loaded entry with one device."""
    entry = add_entry(hass, subentries=(device(),))
    mark_loaded(hass, entry, client)
    return entry
