"""What the server keeps beside values: sources, statistics, states, notes, key figures, jobs."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.flexmeasures.client import (
    Annotation,
    AnnotationType,
    AssetJob,
    DataSource,
    FlexMeasuresClient,
    KeyFigure,
    SensorStatus,
    SourceStatistics,
    UnexpectedResponseError,
)

from .calls import assert_refused
from .fault_server import FaultServer, Reply

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_sources_are_read(client: FlexMeasuresClient, server: FaultServer) -> None:
    """People have no model, programs no user."""
    user = {"id": 1, "name": "me", "type": "user", "account_id": 3, "user_id": 4}
    model = {
        "id": 6,
        "name": "Seita",
        "type": "scheduler",
        "model": "StorageScheduler",
        "version": "9",
        "description": "v9",
    }
    server.script(Reply(body={"sources": [user, model], "types": ["user"], "status": 200}))

    assert await client.get_sources() == (
        DataSource(id=1, name="me", type="user", account_id=3, user_id=4),
        DataSource(
            id=6,
            name="Seita",
            type="scheduler",
            model="StorageScheduler",
            version="9",
            description="v9",
        ),
    )
    await client.get_sources(only_latest=False)
    assert [request.query for request in server.requests] == [
        {"only_latest": "true"},
        {"only_latest": "false"},
    ]


async def test_statistics_are_read_per_source(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Beside the server's own status; NaN is not a number."""
    numbers = {
        "First event start": "2026-03-01T13:00:00+01:00",
        "Last event end": "2026-03-01T14:00:00+01:00",
        "Last recorded": None,
        "Min value": 0.5,
        "Max value": 1.5,
        "Mean value": 1,
        "Sum over values": 2.0,
        "Number of values": 2,
    }
    server.script(
        Reply(
            body={"me (you) (ID: 12)": numbers, "old": numbers | {"Min value": None}, "status": 200}
        )
    )

    known, unknown = await client.get_sensor_stats(2, start=START, end=START + HOUR, fresh=True)

    assert known == SourceStatistics(
        source="me (you)",
        source_id=12,
        first_event_start=START,
        last_event_end=START + HOUR,
        last_recorded=None,
        minimum=0.5,
        maximum=1.5,
        mean=1.0,
        total=2.0,
        count=2,
    )
    assert (unknown.source, unknown.source_id, unknown.minimum) == ("old", None, None)
    assert server.requests[0].query == {
        "event_start_time": "2026-03-01T12:00:00+00:00",
        "event_end_time": "2026-03-01T13:00:00+00:00",
        "fresh": "true",
    }


@pytest.mark.parametrize("wrapped", [True, False])
async def test_the_state_of_a_sensor_is_read(
    wrapped: bool, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Older servers do not wrap the list."""
    rows = [
        {
            "id": 2,
            "name": "power",
            "source_type": "user",
            "stale": True,
            "staleness": "P325DT13H55M31.5S",
            "staleness_since": "2026-03-01T13:00:00+01:00",
            "reason": "most recent data is old",
        },
        {"id": 2, "source_type": None, "stale": True, "staleness": None, "staleness_since": None},
    ]
    server.script(Reply(body={"sensors_data": rows, "status": 200} if wrapped else rows))

    old, nothing = await client.get_sensor_status(2)

    assert old == SensorStatus(
        sensor_id=2,
        source_type="user",
        stale=True,
        staleness=timedelta(days=325, hours=13, minutes=55, seconds=31.5),
        stale_since=START,
        reason="most recent data is old",
    )
    assert (nothing.staleness, nothing.stale_since, nothing.reason) == (None, None, "")


NOTE = {
    "content": "Strike",
    "start": "2026-03-01T13:00:00+01:00",
    "end": "2026-03-01T14:00:00+01:00",
    "type": "alert",
}


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        ({"asset_id": 3}, "/api/v3_0/assets/3/annotations"),
        ({"sensor_id": 4}, "/api/v3_0/sensors/4/annotations"),
        ({"account_id": 5}, "/api/v3_0/accounts/5/annotations"),
    ],
)
async def test_a_note_is_added(
    subject: dict[str, int], path: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """To one of three kinds of things."""
    server.script(Reply(status=201, body=NOTE | {"id": 9, "source": 1, "prior": None}))

    note = await client.add_annotation(
        content="Strike",
        start=START,
        end="2026-03-01T13:00Z",
        type=AnnotationType.ALERT,
        prior=START - HOUR,
        **subject,
    )

    assert note == Annotation(id=9, content="Strike", start=START, end=START + HOUR, type="alert")
    assert server.requests[0].target == path
    assert server.requests[0].body == {
        "content": "Strike",
        "start": "2026-03-01T12:00:00+00:00",
        "end": "2026-03-01T13:00:00+00:00",
        "type": "alert",
        "prior": "2026-03-01T11:00:00+00:00",
    }


async def test_notes_come_from_a_chart_which_is_called_a_web_page(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """In milliseconds, with broken lines, and of a type that this client need not know."""
    milliseconds = int(START.timestamp() * 1000)
    row = {
        "start": milliseconds,
        "end": milliseconds + 3_600_000,
        "belief_time": milliseconds - 3_600_000,
        "type": "new",
        "content": ["Strike at", "the port"],
    }
    server.script(
        Reply(body=[row, row | {"belief_time": None}], content_type="text/html; charset=utf-8")
    )

    first, second = await client.get_annotations(3, start=START, end=START + HOUR)

    assert first == Annotation(
        id=None,
        content="Strike at the port",
        start=START,
        end=START + HOUR,
        type="new",
        recorded_at=START - HOUR,
    )
    assert second.recorded_at is None


async def test_key_figures_are_read(client: FlexMeasuresClient, server: FaultServer) -> None:
    """One per sensor that the asset names."""
    row = {"sensor": 5, "title": "Cost", "unit": "EUR"}
    figures = [
        row | {"downsample_value": 3.75, "downsample_function": "sum"},
        row | {"downsample_value": None, "downsample_function": "max"},
    ]
    server.script(Reply(body={"data": figures}))

    assert await client.get_kpis(3, start=START, end=START + HOUR) == (
        KeyFigure(sensor_id=5, title="Cost", unit="EUR", function="sum", value=3.75),
        KeyFigure(sensor_id=5, title="Cost", unit="EUR", function="max", value=None),
    )


async def test_jobs_of_an_asset_are_read(client: FlexMeasuresClient, server: FaultServer) -> None:
    """With the date as in HTTP, details as JSON text, and errors of any length cut short."""
    rows = [
        {
            "job_id": "a",
            "queue": "scheduling",
            "status": "failed",
            "entity": "asset: home",
            "err": "x" * 10_000,
            "enqueued_at": "Sun, 01 Mar 2026 12:00:00 GMT",
            "metadata": '{"sensor_id": 2}',
        },
        {"job_id": "b", "queue": "ingestion", "status": "queued", "enqueued_at": "soon"},
    ]
    server.script(Reply(body={"jobs": rows, "redis_connection_err": None, "status": 200}))

    failed, queued = await client.get_asset_jobs(3)

    assert (failed.id, failed.queue, failed.status) == ("a", "scheduling", "failed")
    assert (failed.entity, failed.enqueued_at) == ("asset: home", START)
    assert failed.details == {"sensor_id": 2}
    assert len(failed.error) == 300
    assert queued == AssetJob(
        id="b", queue="ingestion", status="queued", entity="", enqueued_at=None
    )


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda client: client.get_sources(), {"sources": None}),
        (lambda client: client.get_sources(), {"sources": [{"id": 1}]}),
        (lambda client: client.get_sensor_stats(2), {"me": {"Number of values": None}}),
        (lambda client: client.get_sensor_status(2), {"sensors_data": [{"id": 2, "stale": 1}]}),
        (lambda client: client.get_asset_jobs(2), {"jobs": {}}),
        (lambda client: client.get_kpis(2, start=START, end=START + HOUR), {}),
        (
            lambda client: client.get_annotations(2, start=START, end=START + HOUR),
            [{"start": 10**18, "end": 0, "type": "label", "content": []}],
        ),
    ],
)
async def test_another_shape_is_an_unexpected_answer(
    call: Callable[[FlexMeasuresClient], Awaitable[object]],
    body: object,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """Whatever it is, it is not what was documented."""
    server.script(Reply(body=body))

    with pytest.raises(UnexpectedResponseError):
        await call(client)


def noting(**change: Any) -> Callable[[FlexMeasuresClient], Awaitable[object]]:
    """Return a call that adds a note, but for one argument."""
    arguments: dict[str, Any] = {
        "asset_id": 3,
        "content": "a",
        "start": START,
        "end": START + HOUR,
    } | change
    return lambda client: client.add_annotation(**arguments)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (noting(asset_id=None), "asset_id"),
        (noting(sensor_id=2), "asset_id"),
        (noting(asset_id=None, sensor_id=0), "sensor_id"),
        (noting(content=" "), "content"),
        (noting(content="a" * 1025), "content"),
        (noting(end=START), "end"),
        (noting(start="now"), "start"),
        (noting(type="shout"), "type"),
        (noting(prior="2026-03-01T12:00"), "prior"),
        (lambda client: client.get_annotations(3, start=START, end=START), "end"),
        (lambda client: client.get_sensor_stats(3, start=START, end=START), "end"),
        (lambda client: client.get_sensor_stats(3, start="2026-03-01"), "start"),
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
