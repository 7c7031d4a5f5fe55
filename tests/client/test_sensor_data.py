"""Values in other forms: awaited, from files, side by side."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from custom_components.flexmeasures.client import (
    FlexMeasuresClient,
    FlexMeasuresError,
    JobFailedError,
    NotFoundError,
    PostedData,
    UnexpectedResponseError,
)

from .calls import assert_refused
from .fault_server import FaultServer, Reply

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
ACCEPTED = Reply(status=202, body={"status": "ACCEPTED", "job": "abc"})
CSV = b"event_start,event_value\n2026-03-01T12:00:00Z,1\n"


def window(values: list[float | None], unit: str = "kW", **change: object) -> Reply:
    """An answer with values of an hour each."""
    body = {
        "values": values,
        "start": "2026-03-01T12:00:00Z",
        "duration": f"PT{len(values)}H",
        "resolution": "PT1H",
        "unit": unit,
    }
    return Reply(body=body | change)


async def test_a_post_can_wait_until_it_is_stored(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Then there is no job left to ask about; a failure is an error."""
    server.script(
        ACCEPTED, Reply(status=202, body={"status": "QUEUED"}), Reply(body={"status": "FINISHED"})
    )
    posted = await client.post_measurements(
        sensor_id=2, start="2026-03-01T12:00Z", duration="PT1H", values=[1.5], unit="kW", wait=True
    )
    assert posted == PostedData(job_id=None)

    server.script(ACCEPTED, Reply(status=422, body={"status": "FAILED", "message": "No."}))
    with pytest.raises(JobFailedError):
        await client.post_sensor_data(3, START, HOUR, [1.5], "kW", wait=True)


async def test_a_server_that_stores_at_once_is_not_asked_again(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """It has no job."""
    server.script(Reply(body={"status": "PROCESSED"}))

    posted = await client.post_sensor_data(2, START, HOUR, [1.5], "kW", horizon="-PT15M", wait=True)

    assert posted == PostedData(job_id=None)
    assert server.requests[0].body["horizon"] == "-PT15M"
    assert len(server.requests) == 1


@pytest.mark.parametrize("by_path", [True, False])
async def test_a_file_is_a_form(
    by_path: bool, client: FlexMeasuresClient, server: FaultServer, tmp_path: Path
) -> None:
    """With its name, by which the server knows its kind."""
    path = tmp_path / "meter.CSV"
    path.write_bytes(CSV)
    server.script(ACCEPTED)

    posted = await client.upload_sensor_data(
        2,
        path if by_path else CSV,
        file_name=None if by_path else "meter.CSV",
        unit="kW",
        belief_time_measured_instantly=True,
    )

    assert posted == PostedData(job_id="abc")
    [request] = server.requests
    assert request.target == "/api/v3_0/sensors/2/data/upload"
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="uploaded-files"; filename="meter.CSV"' in request.content
    assert CSV in request.content
    for name, value in ((b"belief-time-measured-instantly", b"True"), (b"unit", b"kW")):
        assert b'name="' + name + b'"\r\n\r\n' + value + b"\r\n" in request.content


async def test_sensors_stand_side_by_side(client: FlexMeasuresClient, server: FaultServer) -> None:
    """In the order in which they were asked for, in one unit or one each."""
    server.script(window([1, None]))

    table = await client.get_sensor_table([5, 2], START, 2 * HOUR, "kW", "PT1H", prior=START)

    assert [column.sensor_id for column in table.columns] == [5, 2]
    assert list(table.rows()) == [(START, (1.0, 1.0)), (START + HOUR, (None, None))]
    assert {request.query["prior"] for request in server.requests} == {"2026-03-01T12:00:00+00:00"}


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ([window([1]), window([1, 2])], UnexpectedResponseError),
        ([window([1]), window([1], start="2026-03-01T13:00Z")], UnexpectedResponseError),
        ([window([1]), Reply(status=404, body={"message": "No."})], NotFoundError),
        ([Reply(status=404, body={"message": "No."})], NotFoundError),
    ],
)
async def test_a_table_is_whole_or_an_error(
    replies: list[Reply],
    error: type[FlexMeasuresError],
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """One error, not a group of them."""
    server.script(*replies)

    with pytest.raises(error):
        await client.get_sensor_table([5, 2], START, HOUR, "kW", HOUR)


def table(**change: Any) -> Callable[[FlexMeasuresClient], Awaitable[object]]:
    """Return a call for a table, but for one argument."""
    arguments: dict[str, Any] = {
        "sensor_ids": [2, 5],
        "start": START,
        "duration": HOUR,
        "unit": "kW",
        "resolution": QUARTER,
    } | change
    return lambda client: client.get_sensor_table(**arguments)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (table(sensor_ids=[]), "sensor_ids"),
        (table(sensor_ids=[2, 2]), "sensor_ids"),
        (table(sensor_ids=[2, 0]), "sensor_ids"),
        (table(unit=""), "unit"),
        (table(unit={2: "kW"}), "unit"),
        (table(resolution="PT0S"), "resolution"),
        (table(duration="P1Y"), "duration"),
        (table(start="2026-03-01T12:00"), "start"),
        (lambda client: client.upload_sensor_data(2, CSV), "file_name"),
        (lambda client: client.upload_sensor_data(2, CSV, file_name="a.txt"), "file_name"),
        (lambda client: client.upload_sensor_data(2, "/no/such.csv"), "file"),
        (lambda client: client.upload_sensor_data(0, CSV, file_name="a.csv"), "sensor_id"),
        (lambda client: client.upload_sensor_data(2, CSV, file_name="a.csv", unit=""), "unit"),
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
