"""Forecasts, reports and jobs: against a real server."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.client import (
    Asset,
    FlexMeasuresClient,
    JobStatus,
    NotFoundError,
    Sensor,
    ServerTooOldError,
)

from .conftest import HOUR, NO_JOB, QUARTER, tomorrow


async def test_a_steady_sensor_is_forecast_as_steady(
    client: FlexMeasuresClient, battery: Asset, power: Sensor
) -> None:
    """Three days of 2 kW make another six hours of it; the job is listed at the asset."""
    start = tomorrow()
    await client.post_sensor_data(
        power.id, start - timedelta(days=3), timedelta(days=3), [2.0] * 288, "kW", wait=True
    )

    forecast = await client.trigger_and_get_forecast(
        sensor_id=power.id, start=start, duration="PT6H", config={"ensure_positive": True}
    )

    assert forecast.values == pytest.approx([2.0] * 24)
    assert (forecast.sensor_id, forecast.unit) == (power.id, "kW")
    assert (forecast.start, forecast.resolution) == (start, QUARTER)
    again = await client.get_forecast(power.id, forecast.forecast_id)
    assert again == forecast
    assert (await client.get_job(forecast.forecast_id)).status is JobStatus.FINISHED
    [listed] = [
        job for job in await client.get_asset_jobs(battery.id) if job.queue == "forecasting"
    ]
    assert (listed.id, listed.status, listed.error) == (forecast.forecast_id, "finished", "")
    assert listed.details["sensor_id"] == power.id
    assert listed.enqueued_at is not None


async def test_a_forecast_in_several_periods_is_put_together(
    client: FlexMeasuresClient, power: Sensor
) -> None:
    """Each period is a job of its own on the server."""
    start = tomorrow()
    await client.post_sensor_data(
        power.id, start - timedelta(days=3), timedelta(days=3), [2.0] * 288, "kW", wait=True
    )

    job_id = await client.trigger_forecast(
        power.id,
        start=start,
        end=start + 4 * HOUR,
        forecast_frequency="PT2H",
        max_forecast_horizon="PT2H",
    )
    forecast = await client.get_forecast(power.id, job_id)

    assert forecast.start == start
    assert forecast.values == pytest.approx([2.0] * 16)


async def test_a_forecast_that_was_never_asked_for_is_not_found(
    client: FlexMeasuresClient, power: Sensor
) -> None:
    """Although the server calls it a fault of the request."""
    with pytest.raises(NotFoundError):
        await client.get_forecast(power.id, NO_JOB)


async def test_a_report_takes_a_newer_server(client: FlexMeasuresClient, site: Asset) -> None:
    """The error says which."""
    with pytest.raises(ServerTooOldError) as caught:
        await client.trigger_report(site.id, reporter="PandasReporter", parameters={"input": []})

    assert (caught.value.minimum, caught.value.call) == ("1.1.0", "trigger_report")
