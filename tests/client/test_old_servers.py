"""Servers from 0.28 on: the same calls, although the servers answer otherwise or know less."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from custom_components.flexmeasures.client import (
    FlexMeasuresClient,
    Job,
    JobStatus,
    JsonValue,
    ScheduleResult,
    SensorSchedule,
    ServerTooOldError,
    SignConvention,
    UnexpectedResponseError,
)

from .conftest import FakeTime
from .fault_server import FaultServer, Reply

ID: Final = "0febaae9-373e-4dd5-9c45-a7884d585f0e"
FALLBACK: Final = "2f6b9f0c-6d1e-4b9a-9d0e-3b8a3e2f4c11"
START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
MODEL: Final = {"sensor": 2}

TRIGGERED = Reply(body={"status": "PROCESSED", "schedule": ID})
OLD = ("0.28.0", "0.31.3", "0.32.1")


def schedule(values: list[JsonValue], unit: str = "kW") -> Reply:
    """An hour of values."""
    body = {"values": values, "start": START.isoformat(), "duration": "PT1H", "unit": unit}
    return Reply(body=body | {"status": "PROCESSED", "scheduler_info": {"scheduler": "S"}})


def unknown(message: str) -> Reply:
    """There is no schedule, or none yet."""
    return Reply(status=400, body={"status": "UNKNOWN_SCHEDULE", "message": message})


def fallback(location: str) -> Reply:
    """The first plan failed, and another one was made."""
    body = {"result": "Rejected", "status": "UNKNOWN_SCHEDULE", "message": "Infeasible."}
    return Reply(status=303, body=body, headers={"Location": location})


async def fetch(
    client: FlexMeasuresClient,
    unit: str = "kW",
    sign: SignConvention = SignConvention.CONSUMPTION_POSITIVE,
) -> SensorSchedule:
    """Fetch a schedule."""
    return await client.get_schedule(2, ID, HOUR, unit, sign=sign)


async def plan(client: FlexMeasuresClient) -> ScheduleResult:
    """Trigger, wait and fetch."""
    return await client.trigger_and_get_schedule(
        3, flex_model=MODEL, start=START, duration=HOUR, unit="kW"
    )


@pytest.mark.parametrize("version", OLD)
async def test_a_whole_schedule_without_jobs(
    version: str, client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """200 instead of 202, `schedule` instead of `job`, 400 while it waits: fetching does the waiting."""
    server.version = version
    server.script(
        TRIGGERED,
        unknown("Scheduling job waiting to be processed. StorageScheduler was used."),
        unknown("Scheduling job in progress. StorageScheduler was used."),
        schedule([1.0, -2.0]),
    )

    result = await plan(client)

    assert result.job == Job(id=ID, status=JobStatus.FINISHED)
    assert [one.values for one in result.schedules] == [(1.0, -2.0)]
    assert [request.path.removeprefix("/api/v3_0") for request in server.requests] == [
        "/assets/3/schedules/trigger",
        *[f"/sensors/2/schedules/{ID}"] * 3,
    ]
    assert len(time.pauses) == 2


async def test_the_version_is_asked_for_once(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """And again after an hour: the server may have been updated."""
    server.version = "0.31.0"
    server.script(schedule([1.0]))
    for _ in range(3):
        await fetch(client)
    assert server.version_questions == 1

    time.now += 3_601.0
    await fetch(client)
    assert server.version_questions == 2

    server.version = "1.0.1"
    await fetch(client)
    await fetch(client)
    assert "sign-convention" in server.requests[-1].query


async def test_a_server_that_names_its_version_is_not_asked(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The answer to the sign-in has told it."""
    server.script(schedule([1.0]))

    await fetch(client)

    assert (len(server.requests), len(server.sign_ins)) == (1, 1)
    assert await client._connection.version() == "1.0.1"


@pytest.mark.parametrize(
    ("version", "query"),
    [
        ("0.28.0", {"duration"}),
        ("0.31.3", {"duration"}),
        ("0.32.0", {"duration", "unit"}),
        ("0.33.1", {"duration", "unit", "sign-convention"}),
        ("1.0.1", {"duration", "unit", "sign-convention"}),
        ("0.34.dev12", {"duration", "unit", "sign-convention"}),
    ],
)
async def test_nothing_is_asked_that_the_server_would_refuse(
    version: str, query: set[str], client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Each version reads what came before it."""
    server.version = version.replace(".dev12", ".0")
    server.script(schedule([1.0]))

    await fetch(client)

    assert set(server.requests[0].query) == query


CONSUMPTION, PRODUCTION = SignConvention


@pytest.mark.parametrize(
    ("version", "given", "unit", "sign", "values"),
    [
        ("0.31.0", "MW", "kW", CONSUMPTION, (1_500.0, None, -500.0, 0.0)),
        ("0.31.0", "MW", "W", PRODUCTION, (-1_500_000.0, None, 500_000.0, 0.0)),
        ("0.31.0", "kW", "kW", PRODUCTION, (-1.5, None, 0.5, 0.0)),
        ("0.31.0", "MWh", "kWh", PRODUCTION, (1_500.0, None, -500.0, 0.0)),
        ("0.31.0", "%", "%", PRODUCTION, (1.5, None, -0.5, 0.0)),
        ("0.32.0", "kW", "kW", PRODUCTION, (-1.5, None, 0.5, 0.0)),
        ("0.33.0", "kW", "kW", PRODUCTION, (1.5, None, -0.5, 0.0)),
    ],
)
async def test_unit_and_sign_are_converted_where_the_server_cannot(
    version: str,
    given: str,
    unit: str,
    sign: SignConvention,
    values: tuple[float | None, ...],
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """Old servers answer consumption-positive in the sensor's unit; a state of charge has no direction."""
    server.version = version
    server.script(schedule([1.5, None, -0.5, 0.0], given))

    result = await fetch(client, unit, sign)

    assert (result.unit, result.sign) == (unit, sign)
    assert result.values == pytest.approx(values)


async def test_what_cannot_be_converted_says_which_version_can(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The client does not guess what 100 % are."""
    server.version = "0.31.0"
    server.script(schedule([50.0], "%"))

    with pytest.raises(ServerTooOldError, match=r"0\.31\.0 .*0\.32\.0.* kWh instead of %"):
        await fetch(client, "kWh")


@pytest.mark.parametrize(
    "location",
    [
        "{url}/api/v3_0/sensors/2/schedules/{id}",
        "http://127.0.0.1/api/v3_0/sensors/2/schedules/{id}",
        "/api/v3_0/sensors/2/schedules/{id}",
    ],
)
async def test_a_fallback_schedule_is_followed_on_the_same_host(
    location: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Absolute or relative; behind a proxy the port may be another one."""
    server.version = "0.32.0"
    server.script(
        fallback(location.format(url=server.url, id=FALLBACK)),
        unknown("Scheduling job in progress."),
        schedule([1.0]),
    )

    result = await fetch(client)

    assert (result.values, result.schedule_id) == ((1.0,), ID)
    assert [request.path.rpartition("/")[2] for request in server.requests] == [
        ID,
        FALLBACK,
        FALLBACK,
    ]


@pytest.mark.parametrize(
    "location",
    [
        f"https://evil.example/api/v3_0/sensors/2/schedules/{FALLBACK}",
        "/api/v3_0/users/1",
        "/api/v3_0/sensors/2/schedules/a?b=c/../../users",
        "http://[broken",
        "",
    ],
)
async def test_other_redirections_are_refused(
    location: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The token stays here."""
    server.script(fallback(location), schedule([1.0]))

    if "a?b" in location:
        await fetch(client)
        assert server.requests[-1].path == "/api/v3_0/sensors/2/schedules/a"
        return
    with pytest.raises(UnexpectedResponseError, match="redirects"):
        await fetch(client)
    assert len(server.requests) == 1


async def test_jobs_take_a_newer_server(client: FlexMeasuresClient, server: FaultServer) -> None:
    """Said before anything is asked."""
    server.version = "0.32.0"

    for call in (client.get_job, client.wait_for_job):
        with pytest.raises(
            ServerTooOldError, match=r"0\.32\.0 .*0\.33\.0, which get_job"
        ) as caught:
            await call(ID)
        assert (caught.value.version, caught.value.minimum) == ("0.32.0", "0.33.0")

    assert server.requests == []


async def test_data_are_stored_when_the_answer_comes(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """There is no job to wait for."""
    server.version = "0.31.0"
    server.script(Reply(body={"status": "PROCESSED", "message": "Request has been processed."}))

    posted = await client.post_sensor_data(3, START, HOUR, [1.0], "kW", wait=True)

    assert posted.job_id is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("version", "body"),
    [
        ("0.31.0", {"prior": "2026-03-01T12:00:00+00:00"}),
        ("0.33.0", {"force-new-job-creation": True}),
    ],
)
async def test_a_new_job_is_had_by_another_request(
    version: str, body: dict[str, object], client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Where it cannot be demanded."""
    server.version = version
    server.script(TRIGGERED)

    await client.trigger_schedule(
        3, start=START, duration=HOUR, flex_model=MODEL, force_new_job_creation=True
    )

    assert (
        server.requests[0].body
        == {
            "start": START.isoformat(),
            "duration": "PT1H",
            "flex-model": [MODEL],
        }
        | body
    )


async def test_the_resolution_of_a_schedule_takes_a_newer_server(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """It would be refused as an unknown field."""
    server.version = "0.30.0"

    with pytest.raises(ServerTooOldError, match=r"0\.31\.0"):
        await client.trigger_schedule(
            3, start=START, duration=HOUR, flex_model=MODEL, resolution=HOUR
        )

    assert server.requests == []


def asset(number: int, parent: int | None) -> dict[str, object]:
    """An asset as servers list it."""
    return {
        "id": number,
        "name": f"asset {number}",
        "account_id": 1,
        "generic_asset_type": {"id": 1, "name": "building"},
        "parent_asset_id": parent,
    }


TREE = Reply(body=[asset(n, p) for n, p in [(5, 3), (1, None), (3, 1), (2, None), (4, 3), (6, 5)]])


@pytest.mark.parametrize(
    ("depth", "found"), [(None, [5, 3, 4, 6]), (0, [3]), (1, [5, 3, 4]), (9, [5, 3, 4, 6])]
)
async def test_a_tree_is_cut_out_of_the_list_of_all(
    depth: int | None, found: list[int], client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Before 0.31 servers overlook the question for a tree."""
    server.version = "0.30.2"
    server.script(TREE)

    assets = await client.get_assets(root=3, depth=depth)

    assert [one.id for one in assets] == found


type Call = Callable[[FlexMeasuresClient], Awaitable[object]]


@pytest.mark.parametrize(
    ("call", "former", "today"),
    [
        (lambda client: client.get_assets(account_id=1), "account_id", "account"),
        (lambda client: client.get_sensors(asset_id=3), "asset_id", "asset"),
    ],
)
async def test_filters_have_the_names_that_the_server_reads(
    call: Call, former: str, today: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Another name would be overlooked, and everything listed."""
    server.script(Reply(body=[]))
    for version, name in (("0.33.1", former), ("1.0.0", today)):
        server.version = version
        await client.sign_in()
        await call(client)
        assert name in server.requests[-1].query


async def test_an_old_server_is_supported_from_0_28_on(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Not before."""
    server.version = "0.28.0"
    assert (await client.ensure_supported()).server == "0.28.0"

    server.version = "0.27.4"
    with pytest.raises(ServerTooOldError, match=r"0\.27\.4 is older than 0\.28\.0$"):
        await client.ensure_supported()
