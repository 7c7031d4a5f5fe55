"""History from Home Assistant's real recorder to values on a real FlexMeasures server."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from .test_feeds import METER, METER_ATTRIBUTES, QUARTER, add_feed
from .test_integration import home, settle

__all__ = ["home"]


@pytest.fixture(autouse=True)
def auto_enable_custom_integrations(
    recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Let Home Assistant load our integration, and begin with the recorder."""


async def test_what_was_shown_before_the_feed_was_added_arrives(
    hass: HomeAssistant, outbox_file: Path, home: MockConfigEntry
) -> None:
    entry: Any = home
    client = entry.runtime_data.connection.client
    sensor = await client.add_sensor(
        asset_id=entry.data["site_id"], name="meter", unit="kW", resolution=QUARTER
    )
    await settle(hass, 601)
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    for minutes, shown in ((0, "1000"), (30, "3000"), (50, "unavailable"), (60, "2000")):
        time = start + timedelta(minutes=minutes)
        hass.states.async_set(METER, shown, METER_ATTRIBUTES, timestamp=time.timestamp())
    hass.states.async_set(METER, "2000", METER_ATTRIBUTES)
    await async_wait_recording_done(hass)

    await add_feed(
        hass, entry, sensor.id, aggregation="mean", direction="consumption", history_days=1
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    await settle(hass, 61)

    data = await client.get_sensor_data(sensor.id, start=start, duration=4 * QUARTER, unit="kW")
    # Of the last quarter-hour only 5 minutes are known. The sensor stores production as positive.
    assert data.values == pytest.approx((-1.0, -1.0, -3.0, None))
    assert entry.runtime_data.backfill.progress[sensor.id].is_done
    assert entry.runtime_data.delivery.statistics.backlog == 0
