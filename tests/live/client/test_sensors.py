"""Sensors and their values: against a real server."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from custom_components.flexmeasures.client import (
    Asset,
    FlexMeasuresClient,
    JobFailedError,
    JobStatus,
    NotFoundError,
    Sensor,
    SensorTable,
    ValidationError,
)

from .conftest import HOUR, QUARTER, tomorrow


async def test_posted_values_are_read_back(client: FlexMeasuresClient, power: Sensor) -> None:
    """Converted to another unit, with their sign and their gap."""
    start = tomorrow()
    posted = await client.post_sensor_data(
        power.id, start=start, duration=HOUR, values=[1500, None, -250.5, 0], unit="W"
    )
    assert posted.job_id is not None
    job = await client.wait_for_job(posted.job_id)

    data = await client.get_sensor_data(power.id, start=start, duration=HOUR, unit="kW")

    assert job.status is JobStatus.FINISHED
    assert data.values == pytest.approx((1.5, None, -0.2505, 0.0))
    assert (data.start, data.resolution, data.unit) == (start, QUARTER, "kW")


async def test_an_instantaneous_value_is_read_back(
    client: FlexMeasuresClient, level: Sensor
) -> None:
    """Its sensor has no resolution, yet the answer has a grid."""
    start = tomorrow()
    posted = await client.post_sensor_data(
        level.id, start=start, duration=timedelta(), values=[4.2], unit="kWh"
    )
    assert posted.job_id is not None
    await client.wait_for_job(posted.job_id)

    data = await client.get_sensor_data(
        level.id, start=start, duration=HOUR, unit="kWh", resolution=QUARTER
    )

    assert level.is_instantaneous
    assert data.values[0] == pytest.approx(4.2)
    assert (data.start, data.resolution) == (start, QUARTER)


async def test_sensors_are_filtered_by_the_server(
    client: FlexMeasuresClient, site: Asset, power: Sensor, level: Sensor, price: Sensor
) -> None:
    """By asset, account, words and unit; in pages."""
    assert {sensor.id for sensor in await client.get_sensors()} == {power.id, level.id, price.id}
    assert await client.get_sensors(account_id=site.account_id, unit="kW") == (power,)
    assert await client.get_sensors(site.id, search="Pow") == (power,)
    pages = [await client.get_sensors(page=page, per_page=2) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 1, 0]
    assert {sensor.id for page in pages for sensor in page} == {power.id, level.id, price.id}


async def test_a_sensor_is_changed_and_deleted(client: FlexMeasuresClient, battery: Asset) -> None:
    """Attributes are merged."""
    sensor = await client.add_sensor(
        asset_id=battery.id,
        name="Draft",
        unit="dimensionless",
        resolution="PT5M",
        attributes={"a": 1},
    )

    changed = await client.update_sensor(sensor.id, name="Final", attributes={"b": 2})
    coarser = await client.update_sensor(sensor.id, {"event_resolution": "PT15M"}, unit="kW")

    assert (changed.name, changed.attributes) == ("Final", {"a": 1, "b": 2})
    assert (changed.unit, changed.resolution) == ("dimensionless", timedelta(minutes=5))
    assert (coarser.unit, coarser.resolution, coarser.attributes) == (
        "kW",
        QUARTER,
        {"a": 1, "b": 2},
    )
    await client.delete_sensor(sensor.id)
    with pytest.raises(NotFoundError):
        await client.get_sensor(sensor.id)


async def test_waiting_is_one_argument(client: FlexMeasuresClient, power: Sensor) -> None:
    """What was posted can be read when the call returns."""
    start = tomorrow()

    posted = await client.post_measurements(
        sensor_id=power.id,
        start=start.isoformat(),
        duration="PT30M",
        values=[1, 2.5],
        unit="kW",
        wait=True,
    )

    assert posted.job_id is None
    data = await client.get_sensor_data(power.id, start, "PT30M", "kW")
    assert data.values == (1.0, 2.5)


async def test_a_correction_in_the_same_second_is_stored(
    client: FlexMeasuresClient, power: Sensor
) -> None:
    """The server takes the second of two posts in one second for a duplicate, and loses it after its 202."""
    start = tomorrow()
    await client.post_sensor_data(power.id, start, QUARTER, [1.0], "kW")

    await client.post_sensor_data(power.id, start, QUARTER, [2.0], "kW", wait=True)

    assert (await client.get_sensor_data(power.id, start, QUARTER, "kW")).values == (2.0,)


async def test_what_was_known_when_can_be_read(client: FlexMeasuresClient, power: Sensor) -> None:
    """By prior, which names a moment, and by horizon, which counts from each interval."""
    start = tomorrow() - timedelta(days=30)
    await client.post_sensor_data(
        power.id, start, QUARTER, [1.0], "kW", prior=start - 2 * HOUR, wait=True
    )
    await client.post_sensor_data(
        power.id, start, QUARTER, [2.0], "kW", horizon=timedelta(), wait=True
    )

    async def known(**arguments: object) -> float | None:
        [value] = (
            await client.get_sensor_data(power.id, start, QUARTER, "kW", **arguments)  # type: ignore[arg-type]
        ).values
        return value

    assert await known() == 2.0
    assert await known(prior=start - HOUR) == 1.0
    assert await known(prior=start - 3 * HOUR) is None
    assert await known(horizon="PT1H") == 1.0


async def test_values_of_one_source_are_read(
    client: FlexMeasuresClient, price: Sensor, site: Asset
) -> None:
    """By its identifier, its kind or its account."""
    start = tomorrow()
    user = await client.get_user()
    own = next(source for source in await client.get_sources() if source.user_id == user.id)

    for data in (
        await client.get_sensor_data(price.id, start, 2 * HOUR, "EUR/MWh", source=own.id),
        await client.get_sensor_data(price.id, start, 2 * HOUR, "EUR/MWh", source_type="user"),
        await client.get_sensor_data(
            price.id, start, 2 * HOUR, "EUR/MWh", source_account=site.account_id
        ),
    ):
        assert data.values == (100.0, 90.0)
    with pytest.raises(ValidationError, match="scheduler"):
        await client.get_sensor_data(price.id, start, HOUR, "EUR/MWh", source_type="scheduler")


async def test_sensors_are_read_side_by_side(
    client: FlexMeasuresClient, price: Sensor, power: Sensor
) -> None:
    """On one grid, whatever their own resolutions."""
    start = tomorrow()
    await client.post_sensor_data(power.id, start, HOUR, [1.0, 2.0, 3.0, 4.0], "kW", wait=True)

    table = await client.get_sensor_table(
        [price.id, power.id],
        start,
        2 * HOUR,
        {price.id: "EUR/kWh", power.id: "W"},
        HOUR,
    )

    assert isinstance(table, SensorTable)
    assert [column.unit for column in table.columns] == ["EUR/kWh", "W"]
    assert list(table.rows()) == [
        (start, (pytest.approx(0.1), 2500.0)),
        (start + HOUR, (pytest.approx(0.09), None)),
    ]


async def test_files_are_uploaded(
    client: FlexMeasuresClient, power: Sensor, tmp_path: Path
) -> None:
    """By path and as content; known when each interval ended, or now."""
    start = tomorrow() - timedelta(days=30)
    lines = [
        "event_start,event_value",
        f"{start.isoformat()},1500",
        f"{(start + QUARTER).isoformat()},2500",
    ]
    file = tmp_path / "meter.csv"
    file.write_text("\n".join(lines) + "\n")

    posted = await client.upload_sensor_data(power.id, file, unit="W")
    assert posted.job_id is not None
    assert (await client.wait_for_job(posted.job_id)).status is JobStatus.FINISHED
    await client.upload_sensor_data(
        power.id,
        file.read_bytes().replace(str(start.year).encode(), str(start.year - 1).encode()),
        file_name="earlier.csv",
        unit="kW",
        belief_time_measured_instantly=True,
        wait=True,
    )

    data = await client.get_sensor_data(power.id, start, 2 * QUARTER, "kW")
    earlier = start.replace(year=start.year - 1)
    known = await client.get_sensor_data(power.id, earlier, 2 * QUARTER, "kW", prior=earlier + HOUR)
    assert data.values == (1.5, 2.5)
    assert known.values == (1500.0, 2500.0)
    with pytest.raises(JobFailedError):
        await client.upload_sensor_data(
            power.id, b"no columns", file_name="x.csv", unit="kW", wait=True
        )


async def test_values_are_counted_and_deleted(client: FlexMeasuresClient, price: Sensor) -> None:
    """By source and by time."""
    start: datetime = tomorrow()

    [all_six] = await client.get_sensor_stats(price.id)
    [status] = await client.get_sensor_status(price.id)
    user = await client.get_user()
    own = next(source for source in await client.get_sources() if source.user_id == user.id)
    await client.delete_sensor_data(
        price.id, source=own.id, start=start + HOUR, until=start + 3 * HOUR
    )
    [four] = await client.get_sensor_stats(price.id, fresh=True)
    [early] = await client.get_sensor_stats(price.id, end=start + HOUR, fresh=True)
    await client.delete_sensor_data(price.id)

    assert (all_six.source_id, all_six.count, all_six.total) == (own.id, 6, 370.0)
    assert (all_six.minimum, all_six.maximum) == (10.0, 100.0)
    assert (all_six.first_event_start, all_six.last_event_end) == (start, start + 6 * HOUR)
    assert (status.sensor_id, status.source_type, status.stale) == (price.id, "user", False)
    assert (four.count, four.total) == (4, 270.0)
    assert (early.count, early.total) == (1, 100.0)
    assert await client.get_sensor_stats(price.id, fresh=True) == ()
    [nothing] = await client.get_sensor_status(price.id)
    assert (nothing.source_type, nothing.stale, nothing.staleness) == (None, True, None)
