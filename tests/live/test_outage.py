"""A real FlexMeasures server stands still while feeds go on: what closed then is read back from it afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
import os
from pathlib import Path
import signal
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import FlexMeasuresClient
from custom_components.flexmeasures.running_feed import RunningFeed
from tests.conftest import feed_subentry

from .conftest import LiveServer
from .test_feeds import METER, METER_ATTRIBUTES
from .test_integration import home, settle

__all__ = ["home"]

FEEDS = 8
STEP = timedelta(minutes=5)
SLOTS = 144  # twelve hours


def processes_below(pid: int) -> list[int]:
    """Return the processes that a process started, and those that these did."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [each for child in map(int, below.split()) for each in (child, *processes_below(child))]


@contextmanager
def standing_still(server: LiveServer) -> Iterator[None]:
    """Stop all processes of the server where they are: it takes connections and never answers."""
    assert server._host is not None
    stopped = processes_below(server._host.pid)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def watts(number: int, slot: int) -> int:
    """Return what a meter shows in the first two minutes of a slot; in the other three it shows 500 W more."""
    return 1000 * number + slot


def show(feeds: list[RunningFeed], start: datetime) -> None:
    """Let the meters show half a day, told to the feeds as if it had been there."""
    for slot in range(SLOTS):
        begin = start + slot * STEP
        for number, feed in enumerate(feeds):
            shown = watts(number, slot)
            feed.take(State(METER, str(shown), METER_ATTRIBUTES), begin)
            later = State(METER, str(shown + 500), METER_ATTRIBUTES)
            feed.take(later, begin + timedelta(minutes=2))
    for feed in feeds:
        # Else the last value would hold until now, and be sent when a boundary is passed while the test runs.
        feed.take(None, start + SLOTS * STEP)


async def test_every_interval_is_read_back_after_the_server_stood_still_and_home_was_set_up_anew(
    hass: HomeAssistant, outbox_file: Path, home: MockConfigEntry, flexmeasures_server: LiveServer
) -> None:
    entry: Any = home
    client: FlexMeasuresClient = entry.runtime_data.connection.client
    sensors = [
        await client.add_sensor(
            asset_id=entry.data["site_id"], name=f"meter {number}", unit="kW", resolution=STEP
        )
        for number in range(FEEDS)
    ]
    await settle(hass, 601)
    for sensor in sensors:
        feed = feed_subentry(sensor.id, METER, direction="consumption")
        subentry = ConfigSubentry(
            data=MappingProxyType(dict(feed["data"])),
            subentry_type=feed["subentry_type"],
            title=feed["title"],
            unique_id=feed["unique_id"],
        )
        hass.config_entries.async_add_subentry(entry, subentry)
    await hass.async_block_till_done(wait_background_tasks=True)
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(hours=13)

    # Half a minute is what a request may take; nobody waits for it here.
    with (
        standing_still(flexmeasures_server),
        patch("custom_components.flexmeasures.client.transport.ATTEMPT_TIME", 0.5),
    ):
        show(entry.runtime_data.uploader.feeds, start)
        await entry.runtime_data.uploader._async_write(start + SLOTS * STEP)
        await entry.runtime_data.delivery.async_recorded()
        await settle(hass, 61)
        assert "did not answer in time" in entry.runtime_data.delivery.paused
        assert entry.runtime_data.delivery.statistics.backlog == FEEDS * SLOTS
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await settle(hass, 61)

    for number, sensor in enumerate(sensors):
        data = await client.get_sensor_data(
            sensor.id, start=start, duration=SLOTS * STEP, unit="kW"
        )
        # Production is positive on the server; (2 x + 3 (x + 500)) / 5 is x + 300.
        assert data.values == pytest.approx(
            [-(watts(number, slot) + 300) / 1000 for slot in range(SLOTS)], rel=1e-9
        )
    statistics = entry.runtime_data.delivery.statistics
    assert (statistics.backlog, statistics.lost, statistics.dropped) == (0, 0, 0)
