"""Homes with Home Assistant's real recorder, of which the past is known."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WATT = {"unit_of_measurement": "W"}


@pytest.fixture(autouse=True)
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Let every test begin at noon, also for the recorder."""
    freezer.move_to(NOON)


@pytest.fixture(autouse=True)
def auto_enable_custom_integrations(
    noon: None, recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Let Home Assistant load our integration, and begin with the recorder."""


async def live(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entity_id: str,
    *changes: tuple[datetime, str | None],
    attributes: Mapping[str, object] = WATT,
) -> None:
    """Let an entity show states at these times, None for none, and the recorder write them down."""
    for time, value in changes:
        freezer.move_to(time)
        if value is None:
            hass.states.async_remove(entity_id)
        else:
            hass.states.async_set(entity_id, value, attributes, force_update=True)
        await hass.async_block_till_done()
    await async_wait_recording_done(hass)


def sent(client: AsyncMock, sensor_id: int) -> dict[datetime, float]:
    """Return what the server has been told of the sensor, the last value of each interval."""
    known = {}
    for call in client.post_sensor_data.call_args_list:
        if call.args == (sensor_id,):
            values = call.kwargs["values"]
            step = call.kwargs["duration"] / len(values)
            for position, value in enumerate(values):
                if value is not None:
                    known[call.kwargs["start"] + position * step] = value
    return known


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, until: datetime) -> None:
    """Let time pass in steps of a minute, and everything that is due happen."""
    while dt_util.utcnow() < until:
        freezer.tick(min(timedelta(minutes=1), until - dt_util.utcnow()))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
