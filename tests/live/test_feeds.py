"""Feeds from entities of Home Assistant to values on a real FlexMeasures server."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import FlexMeasuresClient
from custom_components.flexmeasures.const import SUBENTRY_MEASUREMENT

from .test_integration import home, settle

__all__ = ["home"]

METER = "sensor.meter_power"
QUARTER = timedelta(minutes=15)
METER_ATTRIBUTES = {
    "unit_of_measurement": "W",
    "device_class": "power",
    "friendly_name": "Meter",
}


async def add_feed(hass: HomeAssistant, entry: Any, sensor_id: int, **fields: Any) -> None:
    """Add a measurement of the meter through the flow that people use."""
    manager = hass.config_entries.subentries
    flow = await manager.async_init(
        (entry.entry_id, SUBENTRY_MEASUREMENT), context={"source": SOURCE_USER}
    )
    if flow["type"] == "menu":
        flow = await manager.async_configure(flow["flow_id"], {"next_step_id": "feed"})
    flow = await manager.async_configure(
        flow["flow_id"], {"entity": METER, "sensor": str(sensor_id)}
    )
    assert flow["step_id"] == "values", flow
    flow = await manager.async_configure(flow["flow_id"], fields)
    assert flow["type"] == "create_entry", flow


async def test_an_hour_of_readings_arrives_as_quarter_hourly_means(
    hass: HomeAssistant, outbox_file: Path, home: MockConfigEntry
) -> None:
    """The hour is the last one, told to the feed as if it had been there; all else is as it is."""
    entry: Any = home
    client: FlexMeasuresClient = entry.runtime_data.connection.client
    sensor = await client.add_sensor(
        asset_id=entry.data["site_id"], name="meter", unit="kW", resolution=QUARTER
    )
    await settle(hass, 601)
    hass.states.async_set(METER, "0", METER_ATTRIBUTES)
    await add_feed(hass, entry, sensor.id, aggregation="mean", direction="consumption")
    await hass.async_block_till_done()
    uploader = entry.runtime_data.uploader
    (feed,) = uploader.feeds
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)

    # 1 kW for 5 minutes and 4 kW for 10 are 3 kW; then 4 kW; then nothing is known; then -2 kW.
    for minutes, shown in ((0, "1000"), (5, "4000"), (30, "unavailable"), (45, "-2000")):
        feed.take(State(METER, shown, METER_ATTRIBUTES), start + timedelta(minutes=minutes))
    await uploader._async_write(start + 4 * QUARTER)
    await entry.runtime_data.delivery.async_recorded()
    await settle(hass, 61)

    data = await client.get_sensor_data(sensor.id, start=start, duration=4 * QUARTER, unit="kW")
    # The sensor stores production as positive, FlexMeasures' default.
    assert data.values == pytest.approx((-3.0, -4.0, None, 2.0))
    statistics = entry.runtime_data.delivery.statistics
    assert (statistics.backlog, statistics.lost, statistics.dropped) == (0, 0, 0)
    assert statistics.confirmed_at is not None
    assert entry.runtime_data.delivery.paused is None
