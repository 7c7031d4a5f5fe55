"""Schedules: what is sent, when to wait, and how the answer is read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
import math
from typing import Any

import pytest

from custom_components.flexmeasures.client import (
    FlexMeasuresClient,
    FlexMeasuresError,
    Job,
    JobFailedError,
    JobStatus,
    JobTimeoutError,
    NotFoundError,
    RateLimitedError,
    ScheduleResult,
    SensorSchedule,
    SignConvention,
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
NAIVE = START.replace(tzinfo=None)

MODEL = {"sensor": 2}
TRIGGERED = Reply(status=202, body={"status": "ACCEPTED", "job": ID, "schedule": ID})
FINISHED = Reply(body={"status": "FINISHED", "message": "Done."})
SCHEDULE = {
    "values": [-0.0, 5, None, -2.5],
    "start": "2026-03-01T13:00:00+01:00",
    "duration": "PT1H",
    "unit": "kW",
    "status": "PROCESSED",
    "scheduler_info": {
        "scheduler": "StorageScheduler",
        "commitment_costs": {"electricity net energy": -0.1, "any soc targets": 0, "odd": None},
    },
}


def pending(status: str) -> Reply:
    """How servers since 1.0 say that the job has yet to end."""
    return Reply(status=202, body={"status": status, "message": "Scheduling job in progress."})


def unknown(message: str) -> Reply:
    """How all servers say that there is no schedule, and older ones that there is none yet."""
    body = {"status": "UNKNOWN_SCHEDULE", "result": "Rejected", "message": message}
    return Reply(status=400, body=body)


async def fetch(client: FlexMeasuresClient, **change: Any) -> SensorSchedule:
    """Fetch the schedule of sensor 2."""
    return await client.get_schedule(2, ID, duration=HOUR, unit="kW", **change)


async def test_an_older_server_names_the_job_a_schedule(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """And answers 200."""
    server.script(Reply(body={"status": "PROCESSED", "schedule": ID}))

    assert await client.trigger_schedule(3, start=START, duration=HOUR, flex_model=MODEL) == ID


def triggering(**change: Any) -> Callable[[FlexMeasuresClient], Awaitable[object]]:
    """Return a call that triggers and fetches, but for one argument."""
    arguments: dict[str, Any] = {
        "asset_id": 3,
        "sensor_ids": [2],
        "unit": "kW",
        "start": START,
        "duration": HOUR,
    } | change
    return lambda client: client.trigger_and_get_schedule(arguments.pop("asset_id"), **arguments)


def fetching(**change: Any) -> Callable[[FlexMeasuresClient], Awaitable[object]]:
    """Return a call that fetches a schedule, but for one argument."""
    arguments: dict[str, Any] = {
        "sensor_id": 2,
        "schedule_id": ID,
        "duration": HOUR,
        "unit": "kW",
    } | change
    return lambda client: client.get_schedule(
        arguments.pop("sensor_id"), arguments.pop("schedule_id"), **arguments
    )


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (triggering(asset_id=0), "asset_id"),
        (triggering(sensor_ids=[]), "sensor_ids"),
        (triggering(sensor_ids=[2, 0]), "sensor_ids"),
        (triggering(unit=""), "unit"),
        (triggering(start=NAIVE), "start"),
        (triggering(duration=timedelta()), "duration"),
        (triggering(prior=NAIVE), "prior"),
        (triggering(resolution=-HOUR), "resolution"),
        (triggering(flex_model=[{"soc-min": math.nan}]), "flex_model 0 soc-min"),
        (triggering(flex_model=["battery"]), "flex_model 0"),
        (triggering(flex_model={"soc-min": b"5"}), "flex_model 0 soc-min"),
        (triggering(flex_model={"soc_min": 1, "soc-min": 2}), "flex_model 0"),
        (
            triggering(flex_model={"soc_targets": [{"datetime": NAIVE}]}),
            "flex_model 0 soc-targets 0 datetime",
        ),
        (triggering(asset_id=None), "asset_id"),
        (triggering(sensor_id=2), "sensor_id"),
        (triggering(asset_id=None, sensor_id=0), "sensor_id"),
        (triggering(asset_id=None, sensor_id=2, flex_model=[MODEL, MODEL]), "flex_model"),
        (triggering(asset_id=None, sensor_id=2, flex_model={"sensor": 3}), "flex_model"),
        (triggering(asset_id=None, sensor_id=2, flex_model={"asset": 3}), "flex_model"),
        (triggering(flex_model="battery"), "flex_model"),
        (
            triggering(flex_model={"soc_targets": [{"datetime": "2026-03-01T12:00"}]}),
            "flex_model 0 soc-targets 0 datetime",
        ),
        (
            triggering(flex_model={"soc_minima": [{"duration": "long"}]}),
            "flex_model 0 soc-minima 0 duration",
        ),
        (triggering(flex_context={1: 2}), "flex_context"),
        (triggering(flex_context=[{"relax": {1}}]), "flex_context 0 relax"),
        (fetching(sensor_id=0), "sensor_id"),
        (fetching(schedule_id="../x"), "schedule_id"),
        (fetching(duration=timedelta()), "duration"),
        (fetching(unit=" "), "unit"),
    ],
)
async def test_wrong_input_is_refused_before_anything_is_sent(
    call: Callable[[FlexMeasuresClient], Awaitable[object]],
    field: str,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """With the path of the argument."""
    await assert_refused(call(client), field, server)


async def test_a_schedule_states_unit_sign_and_steps(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Asked for in the query; steps come from the answer; there is no minus zero."""
    server.script(Reply(body=SCHEDULE))

    schedule = await fetch(client)

    assert schedule == SensorSchedule(
        sensor_id=2,
        schedule_id=ID,
        start=START,
        resolution=QUARTER,
        unit="kW",
        sign=SignConvention.CONSUMPTION_POSITIVE,
        values=(0.0, 5.0, None, -2.5),
        scheduler="StorageScheduler",
        commitment_costs={"electricity net energy": -0.1, "any soc targets": 0.0},
    )
    assert math.copysign(1, schedule.values[0] or 0.0) == 1
    assert server.requests[0].path == f"/api/v3_0/sensors/2/schedules/{ID}"
    assert server.requests[0].query == {
        "duration": "PT1H",
        "unit": "kW",
        "sign-convention": "consumption-positive",
    }


async def test_the_other_sign_is_requested_and_stated(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Nothing is turned around here."""
    server.script(Reply(body={k: v for k, v in SCHEDULE.items() if k != "scheduler_info"}))

    schedule = await fetch(client, sign=SignConvention.PRODUCTION_POSITIVE)

    assert schedule.sign is SignConvention.PRODUCTION_POSITIVE
    assert server.requests[0].query["sign-convention"] == "production-positive"
    assert (schedule.scheduler, schedule.commitment_costs) == (None, {})


@pytest.mark.parametrize(
    ("duration", "count", "resolution"),
    [
        ("PT24H", 96, QUARTER),
        ("PT24H", 97, QUARTER),
        ("PT6H", 25, QUARTER),
        ("PT2H", 25, timedelta(minutes=5)),
        ("PT24H", 24, HOUR),
        ("PT1H", 1, HOUR),
        ("PT1H", 7, timedelta(minutes=10)),
        ("PT1H", 38, timedelta(hours=1) / 38),
    ],
)
async def test_a_schedule_of_a_state_has_both_ends(
    duration: str,
    count: int,
    resolution: timedelta,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """One value more than there are steps, for a state of charge."""
    server.script(Reply(body=SCHEDULE | {"values": [1.0] * count, "duration": duration}))

    assert (await fetch(client)).resolution == resolution


@pytest.mark.parametrize(
    "reply",
    [
        pending("QUEUED"),
        pending("STARTED"),
        pending("FINISHED"),
        unknown("Scheduling job waiting to be processed."),
        unknown("No known schedule for this time period. Scheduling job in progress."),
        Reply(status=500, body={"message": "'start'"}),
    ],
)
async def test_a_schedule_that_is_not_there_yet_is_asked_for_again(
    reply: Reply, client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """Also when the server contradicts itself while the job ends."""
    server.script(reply, reply, Reply(body=SCHEDULE))

    assert (await fetch(client)).unit == "kW"
    assert len(server.requests) == 3


async def test_asking_for_a_schedule_is_bounded(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """A queue without a worker never moves."""
    server.script(pending("QUEUED"))

    with pytest.raises(JobTimeoutError):
        await fetch(client, timeout=timedelta(seconds=20))

    assert sum(time.pauses) == pytest.approx(20)


@pytest.mark.parametrize(
    ("reply", "error", "text"),
    [
        (
            unknown("No known schedule for this time period. Scheduling job failed: infeasible."),
            JobFailedError,
            "infeasible",
        ),
        (unknown("Scheduling job failed with waiting to be nice."), JobFailedError, "failed"),
        (unknown("Scheduling job has an unknown status."), JobFailedError, "unknown status"),
        (
            Reply(status=400, body={"status": "UNRECOGNIZED_UDI_EVENT", "message": "Not known."}),
            NotFoundError,
            "Not known",
        ),
        (Reply(status=400, body={"message": "Bad."}), ValidationError, "Bad"),
        (Reply(status=400, body=["Bad."]), ValidationError, "Bad"),
        (Reply(body=SCHEDULE | {"values": []}), UnexpectedResponseError, "values is empty"),
        (Reply(body=SCHEDULE | {"scheduler_info": "x"}), UnexpectedResponseError, "an object"),
    ],
)
async def test_a_schedule_that_will_never_be_there_is_an_error(
    reply: Reply,
    error: type[FlexMeasuresError],
    text: str,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """With the server's reason, after one request."""
    server.script(reply)

    with pytest.raises(error, match=text):
        await fetch(client)

    assert len(server.requests) == 1


async def test_trigger_and_get_fetches_exactly_what_was_triggered(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Trigger, wait, then one request per sensor."""
    server.script(TRIGGERED, pending("STARTED"), FINISHED, Reply(body=SCHEDULE))

    result = await client.trigger_and_get_schedule(
        3, sensor_ids=[2, 5], unit="kW", start=START, duration=HOUR, flex_model={"sensor": 2}
    )

    assert isinstance(result, ScheduleResult)
    assert result.job == Job(id=ID, status=JobStatus.FINISHED, message="Done.")
    assert [schedule.sensor_id for schedule in result.schedules] == [2, 5]
    assert [request.path for request in server.requests] == [
        "/api/v3_0/assets/3/schedules/trigger",
        f"/api/v3_0/jobs/{ID}",
        f"/api/v3_0/jobs/{ID}",
        f"/api/v3_0/sensors/2/schedules/{ID}",
        f"/api/v3_0/sensors/5/schedules/{ID}",
    ]
    assert {request.query["duration"] for request in server.requests[3:]} == {"PT1H"}


async def test_a_used_up_trigger_budget_is_told_at_once(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """With the time until the next one."""
    server.script(
        Reply(status=429, body={"message": "You hit a rate limit."}, headers={"Retry-After": "240"})
    )

    with pytest.raises(RateLimitedError) as caught:
        await client.trigger_schedule(3, start=START, duration=HOUR, flex_model=MODEL)

    assert caught.value.retry_after == 240
    assert time.pauses == []
