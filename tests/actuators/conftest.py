"""A home at noon that makes controlled devices."""

from collections.abc import AsyncIterator, Mapping

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..controlled_device import NOON, ControlledDevice
from .devices import MakeDevice


@pytest.fixture
async def make_device(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[MakeDevice]:
    """Return what makes a device at noon, at 50 % and plugged in; it is released in the end."""
    freezer.move_to(NOON)
    hass.states.async_set("sensor.level", "50", {"unit_of_measurement": "%"})
    hass.states.async_set("binary_sensor.plugged_in", "on")
    devices: list[ControlledDevice] = []

    def make(settings: Mapping[str, object]) -> ControlledDevice:
        devices.append(ControlledDevice(hass, freezer, settings))
        return devices[-1]

    yield make
    for device in devices:
        await device.stop()
