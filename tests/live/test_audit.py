"""The audit against a real FlexMeasures server that has lost what it confirmed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import FlexMeasuresClient, SensorData
from custom_components.flexmeasures.measurements import Interval

from .test_feeds import METER, METER_ATTRIBUTES, QUARTER, add_feed
from .test_integration import home, settle

__all__ = ["home"]

MINUTE = timedelta(minutes=1)


async def test_what_the_server_lost_is_found_and_sent_again(
    hass: HomeAssistant, outbox_file: Path, home: MockConfigEntry
) -> None:
    """Quarter-hourly power and the moments of a level: deleted in part, and overwritten in part."""
    entry: Any = home
    client: FlexMeasuresClient = entry.runtime_data.connection.client
    site_id = entry.data["site_id"]
    power = await client.add_sensor(asset_id=site_id, name="meter", unit="kW", resolution=QUARTER)
    level = await client.add_sensor(
        asset_id=site_id, name="level", unit="kWh", resolution=timedelta(0)
    )
    await settle(hass, 601)
    hass.states.async_set(METER, "0", METER_ATTRIBUTES)
    await add_feed(hass, entry, power.id, aggregation="mean", direction="consumption")
    await hass.async_block_till_done()
    data = entry.runtime_data
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    rows = [
        (sensor.id, sensor.resolution, Interval(start=start + offset, value=value, coverage=1.0))
        for sensor, offset, value in (
            (power, 0 * QUARTER, 1.25),
            (power, 1 * QUARTER, -2.5),
            (power, 3 * QUARTER, 0.1 + 0.2),
            (level, 7 * MINUTE, 5.5),
            (level, 23 * MINUTE, 6.5),
        )
    ]
    # The level was added to the server after the outbox was opened.
    await hass.config_entries.async_reload(entry.entry_id)
    data = entry.runtime_data
    outbox = data.uploader._outbox
    await hass.async_add_executor_job(lambda: outbox.record(rows, now=dt_util.utcnow()))
    assert await data.delivery.async_ingested(until=dt_util.utcnow(), within=timedelta(seconds=30))
    whole = await data.audit.async_audit()
    assert (whole.compared, whole.resent, whole.unread) == (5, 0, {})

    await client.delete_sensor_data(power.id, start=start + QUARTER, until=start + 4 * QUARTER)
    await client.delete_sensor_data(level.id, start=start, until=start + 10 * MINUTE)
    lossy = await data.audit.async_audit()
    assert (lossy.compared, lossy.resent, lossy.unread) == (5, 3, {})
    await settle(hass, 61)

    async def stored(sensor_id: int, unit: str, step: timedelta) -> SensorData:
        return await client.get_sensor_data(
            sensor_id, start=start, duration=timedelta(hours=1), unit=unit, resolution=step
        )

    assert (await stored(power.id, "kW", QUARTER)).values == pytest.approx((1.25, -2.5, None, 0.3))
    levels = (await stored(level.id, "kWh", MINUTE)).values
    assert (levels[7], levels[23]) == (5.5, 6.5)
    healed = await data.audit.async_audit()
    assert (healed.compared, healed.resent, healed.unread) == (5, 0, {})
