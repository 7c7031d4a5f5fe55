"""An alarm rings once, at the time that was set last."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flexmeasures.alarm import Alarm

MINUTE = timedelta(minutes=1)


class Bell:
    """Counts how often it rings, and what its alarm says meanwhile."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.alarm = Alarm(hass, self._ring)
        self.was_set: list[bool] = []

    def _ring(self) -> None:
        self.was_set.append(self.alarm.is_set)


@pytest.fixture
def bell(hass: HomeAssistant) -> Bell:
    return Bell(hass)


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, duration: timedelta
) -> None:
    freezer.tick(duration)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def test_it_rings_once_and_is_not_set_any_more(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, bell: Bell
) -> None:
    bell.alarm.async_set_at(dt_util.utcnow() + MINUTE)
    assert bell.alarm.is_set

    await pass_time(hass, freezer, MINUTE / 2)
    assert bell.was_set == []
    await pass_time(hass, freezer, MINUTE)
    await pass_time(hass, freezer, MINUTE)

    assert bell.was_set == [False]


async def test_only_the_time_that_was_set_last_counts(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, bell: Bell
) -> None:
    bell.alarm.async_set_at(dt_util.utcnow() + MINUTE)
    bell.alarm.async_set_in(3 * MINUTE)

    await pass_time(hass, freezer, 2 * MINUTE)
    assert bell.was_set == []
    bell.alarm.async_set_at(dt_util.utcnow() + MINUTE / 2)
    await pass_time(hass, freezer, MINUTE * 3 / 4)
    assert bell.was_set == [False]
    await pass_time(hass, freezer, 2 * MINUTE)

    assert bell.was_set == [False]


async def test_one_that_was_cancelled_does_not_ring_until_it_is_set_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, bell: Bell
) -> None:
    bell.alarm.async_cancel()
    bell.alarm.async_set_in(MINUTE)
    bell.alarm.async_cancel()
    assert not bell.alarm.is_set

    await pass_time(hass, freezer, 2 * MINUTE)
    assert bell.was_set == []
    bell.alarm.async_set_in(MINUTE)
    await pass_time(hass, freezer, 2 * MINUTE)

    assert bell.was_set == [False]
