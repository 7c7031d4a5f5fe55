"""Forecasts and reports: what is sent, when to wait, how answers are read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.flexmeasures.client import (
    FlexMeasuresClient,
    FlexMeasuresError,
    JobFailedError,
    JobTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    SensorForecast,
    ServerTooOldError,
    UnexpectedResponseError,
    ValidationError,
)

from .calls import assert_refused
from .conftest import FakeTime
from .fault_server import FaultServer, Reply

ID = "0febaae9-373e-4dd5-9c45-a7884d585f0e"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)

SENSOR = {
    "id": 2,
    "name": "power",
    "unit": "kW",
    "event_resolution": "PT15M",
    "timezone": "Europe/Amsterdam",
    "generic_asset_id": 3,
    "attributes": "{}",
}
PENDING = Reply(status=202, body={"status": "STARTED", "message": "In progress."})


def forecast(values: list[float], start: str = "2026-03-01T13:00:00+01:00") -> Reply:
    """A forecast of so many quarter-hours."""
    minutes = 15 * len(values)
    return Reply(body={"values": values, "start": start, "duration": f"PT{minutes}M", "unit": "kW"})


async def test_a_minimal_trigger_sends_nothing_that_was_not_given(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The server has a default for everything."""
    server.script(Reply(status=202, body={"job": ID, "forecast": ID}))

    assert await client.trigger_forecast(2) == ID
    assert server.requests[0].target == "/api/v3_0/sensors/2/forecasts/trigger"
    assert server.requests[0].body == {}


async def test_a_full_trigger_sends_what_the_server_reads(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Settings of the model in an object of their own; servers before 1.0 name the job a forecast."""
    server.script(Reply(body={"forecast": ID}))

    job_id = await client.trigger_forecast(
        2,
        start=START,
        end="2026-03-02T12:00Z",
        prior=START - HOUR,
        forecast_frequency="PT6H",
        max_forecast_horizon=12 * HOUR,
        probabilistic=False,
        train_start=START - 100 * HOUR,
        train_period="P7D",
        retrain_frequency=24 * HOUR,
        regressors=[5, {"sensor": 6, "source_types": ["forecaster"]}],
        past_regressors=[],
        config={"ensure_positive": True, "upper": "20 kW"},
    )

    assert job_id == ID
    assert server.requests[0].body == {
        "start": "2026-03-01T12:00:00+00:00",
        "end": "2026-03-02T12:00:00+00:00",
        "prior": "2026-03-01T11:00:00+00:00",
        "forecast-frequency": "PT6H",
        "max-forecast-horizon": "PT12H",
        "probabilistic": False,
        "config": {
            "train-start": "2026-02-25T08:00:00+00:00",
            "train-period": "PT168H",
            "retrain-frequency": "PT24H",
            "regressors": [5, {"sensor": 6, "source-types": ["forecaster"]}],
            "ensure-positive": True,
            "upper": "20 kW",
        },
    }


async def test_a_forecast_is_fetched_when_it_is_there(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """In UTC, on the sensor's own grid."""
    server.script(Reply(body=SENSOR), PENDING, forecast([1.0, 2.0, 3.0]))

    assert await client.get_forecast(2, ID) == SensorForecast(
        sensor_id=2,
        forecast_id=ID,
        start=START,
        resolution=QUARTER,
        unit="kW",
        values=(1.0, 2.0, 3.0),
    )


async def test_periods_are_put_together(client: FlexMeasuresClient, server: FaultServer) -> None:
    """In order of time; the later one counts where they overlap, and a hole between them stays one."""
    server.script(
        Reply(body=SENSOR),
        Reply(body={"message": "Ask for each.", "forecasts": ["a", "b", "c"]}),
        forecast([5.0], "2026-03-01T13:15:00Z"),
        forecast([1.0, 2.0, 3.0], "2026-03-01T12:00:00Z"),
        forecast([7.0, 8.0], "2026-03-01T12:30:00Z"),
    )

    joined = await client.get_forecast(2, ID)

    assert (joined.forecast_id, joined.start) == (ID, START)
    assert joined.values == (1.0, 2.0, 7.0, 8.0, None, 5.0)
    assert [request.path.split("/")[-1] for request in server.requests[2:]] == ["a", "b", "c"]


async def test_trigger_and_get_waits_for_the_job(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """By the endpoint of jobs, which tells why one failed."""
    server.script(
        Reply(status=202, body={"job": ID}),
        Reply(status=202, body={"status": "QUEUED"}),
        Reply(body={"status": "FINISHED", "result": 0.2}),
        Reply(body=SENSOR),
        forecast([1.0]),
    )

    found = await client.trigger_and_get_forecast(2, start=START, duration=QUARTER)

    assert found.values == (1.0,)
    assert [request.path.split("/")[3] for request in server.requests] == [
        "sensors",
        "jobs",
        "jobs",
        "sensors",
        "sensors",
    ]


def refused(sentence: str) -> Reply:
    """How the server answers to a forecast that it will not give."""
    return Reply(status=422, body={"message": {"json": sentence}, "status": "UNPROCESSABLE_ENTITY"})


@pytest.mark.parametrize(
    ("reply", "error", "text"),
    [
        (
            Reply(status=422, body={"status": "FAILED", "message": "Job failed: no data."}),
            JobFailedError,
            "no data",
        ),
        (
            Reply(status=400, body={"status": "UNKNOWN_FORECAST", "message": "Not in database."}),
            JobFailedError,
            "Not in database",
        ),
        (refused(f"Job {ID} not found."), NotFoundError, "not found"),
        (refused("Sensor ID mismatch."), ValidationError, "mismatch"),
        (
            Reply(status=403, body={"status": "INVALID_SENDER", "message": "No."}),
            PermissionDeniedError,
            "No",
        ),
        (
            Reply(
                body={
                    "values": [1, 2],
                    "start": "2026-03-01T12:00Z",
                    "duration": "PT45M",
                    "unit": "W",
                }
            ),
            UnexpectedResponseError,
            "values has gaps",
        ),
    ],
)
async def test_a_forecast_that_will_never_be_there_is_an_error(
    reply: Reply,
    error: type[FlexMeasuresError],
    text: str,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """With the server's reason."""
    server.script(Reply(body=SENSOR), reply)

    with pytest.raises(error, match=text):
        await client.get_forecast(2, ID)


async def test_waiting_is_bounded(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """A queue without a worker never moves."""
    server.script(Reply(body=SENSOR), PENDING)

    with pytest.raises(JobTimeoutError):
        await client.get_forecast(2, ID, timeout=timedelta(seconds=20))

    assert sum(time.pauses) == pytest.approx(20)


@pytest.mark.parametrize(
    ("call", "minimum"),
    [
        (lambda client: client.trigger_forecast(2), "0.31.0"),
        (lambda client: client.get_forecast(2, ID), "0.31.0"),
        (lambda client: client.copy_asset(2), "0.33.0"),
        (lambda client: client.get_sources(), "0.33.0"),
        (
            lambda client: client.add_annotation(
                asset_id=1, content="a", start=START, end=START + HOUR
            ),
            "0.32.0",
        ),
        (
            lambda client: client.get_annotations(1, start=START, end=START + HOUR),
            "1.0.0",
        ),
        (
            lambda client: client.trigger_report(1, reporter="PandasReporter", parameters={}),
            "1.1.0",
        ),
    ],
)
async def test_what_a_server_is_too_old_for_says_which_one_it_takes(
    call: Callable[[FlexMeasuresClient], Awaitable[object]],
    minimum: str,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """Before anything is asked of it that it does not know."""
    server.version = "0.30.0"

    with pytest.raises(ServerTooOldError) as caught:
        await call(client)

    assert (caught.value.version, caught.value.minimum) == ("0.30.0", minimum)
    assert server.requests == []


async def test_a_newer_server_makes_reports(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Names inside belong to the reporter and stay as they are."""
    server.version = "1.1.0"
    server.script(Reply(status=202, body={"job": ID}))

    job_id = await client.trigger_report(
        4,
        reporter="PandasReporter",
        parameters={"input": [{"sensor": 1}]},
        config={"df_input": "a"},
    )

    assert job_id == ID
    assert server.requests[0].target == "/api/v3_0/assets/4/reports/trigger"
    assert server.requests[0].body == {
        "reporter": "PandasReporter",
        "parameters": {"input": [{"sensor": 1}]},
        "config": {"df_input": "a"},
    }


def forecasting(**change: Any) -> Callable[[FlexMeasuresClient], Awaitable[object]]:
    """Return a call that triggers a forecast."""
    return lambda client: client.trigger_forecast(change.pop("sensor_id", 2), **change)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (forecasting(sensor_id=0), "sensor_id"),
        (forecasting(start="2026-03-01T12:00"), "start"),
        (forecasting(start=START, end=START), "end"),
        (forecasting(end=START, duration=HOUR), "duration"),
        (forecasting(duration=timedelta()), "duration"),
        (forecasting(forecast_frequency="often"), "forecast_frequency"),
        (forecasting(train_period="P1M"), "train_period"),
        (forecasting(train_start="yesterday"), "train_start"),
        (forecasting(config=[1]), "config"),
        (lambda client: client.get_forecast(2, "../x"), "forecast_id"),
        (lambda client: client.get_forecast(0, ID), "sensor_id"),
        (lambda client: client.trigger_report(0, reporter="a", parameters={}), "asset_id"),
        (lambda client: client.trigger_report(1, reporter="", parameters={}), "reporter"),
        (lambda client: client.trigger_report(1, reporter="a", parameters=[]), "parameters"),
    ],
)
async def test_wrong_input_is_refused_before_anything_is_sent(
    call: Callable[[FlexMeasuresClient], Awaitable[object]],
    field: str,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """With the name of the argument."""
    await assert_refused(call(client), field, server)
