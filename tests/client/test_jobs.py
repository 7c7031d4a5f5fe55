"""Jobs: their state is in the body, and waiting for them is patient but bounded."""

from datetime import timedelta
import json

import pytest

from custom_components.flexmeasures.client import (
    CertificateError,
    FlexMeasuresClient,
    InvalidInputError,
    Job,
    JobFailedError,
    JobStatus,
    JobTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    UnexpectedResponseError,
    ValidationError,
)
from custom_components.flexmeasures.client.jobs import poll

from .conftest import FakeTime
from .fault_server import Fault, FaultServer, Reply

ID = "0febaae9-373e-4dd5-9c45-a7884d585f0e"
UNMET = {"asset": 16, "soc-minima": [{"datetime": "2026-03-01T12:00Z", "violation": "28.0 kWh"}]}
MET = {"asset": 16, "soc-maxima": [{"margin": "2.0 kWh"}]}
TRACEBACK = (
    "Traceback (most recent call last):\n" + "  SELECT 1\n" * 9_000 + "Infeasible: no way\n\n"
)


def state(status: str, http_status: int = 200, **details: object) -> Reply:
    """The server's answer about a job."""
    return Reply(status=http_status, body={"status": status, "message": f"Job {status}."} | details)


WAITING = state("QUEUED", 202)
FINISHED = state("FINISHED", result={"num-beliefs": 96, "unresolved": [UNMET], "resolved": [MET]})
FAILED = state("FAILED", 422, exc_info=TRACEBACK, result=None)


@pytest.mark.parametrize(
    ("reply", "job"),
    [
        (WAITING, Job(id=ID, status=JobStatus.QUEUED, message="Job QUEUED.")),
        (
            state("started"),
            Job(id=ID, status=JobStatus.STARTED, message="Job started."),
        ),
        (
            FINISHED,
            Job(
                id=ID,
                status=JobStatus.FINISHED,
                message="Job FINISHED.",
                unresolved=(json.loads(json.dumps(UNMET)),),
                resolved=(json.loads(json.dumps(MET)),),
            ),
        ),
        (
            state("FINISHED", result="success"),
            Job(id=ID, status=JobStatus.FINISHED, message="Job FINISHED."),
        ),
        (
            FAILED,
            Job(
                id=ID,
                status=JobStatus.FAILED,
                message="Job FAILED.",
                failure="Infeasible: no way",
            ),
        ),
        (
            Reply(body={"status": "FAILED", "message": "Job FAILED.", "exc-info": "Error: x"}),
            Job(id=ID, status=JobStatus.FAILED, message="Job FAILED.", failure="Error: x"),
        ),
    ],
)
async def test_the_state_is_in_the_body(
    reply: Reply, job: Job, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Whatever the HTTP status says; older servers say 200 always."""
    server.script(reply)

    assert await client.get_job(ID) == job
    assert [request.target for request in server.requests] == [f"/api/v3_0/jobs/{ID}"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=404, body={"status": "ERROR", "message": "Job not found."}), NotFoundError),
        (
            Reply(status=403, body={"status": "INVALID_SENDER", "message": "No."}),
            PermissionDeniedError,
        ),
        (
            Reply(status=422, body={"status": "UNPROCESSABLE_ENTITY", "message": "No."}),
            ValidationError,
        ),
        (state("DREAMING"), UnexpectedResponseError),
        (Reply(body={"message": "Fine."}), UnexpectedResponseError),
    ],
)
async def test_what_is_no_state_is_an_error(
    reply: Reply, error: type[Exception], client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Of its own type."""
    server.script(reply)

    with pytest.raises(error):
        await client.get_job(ID)


@pytest.mark.parametrize("job_id", ["", "../users", "a/b", "a?b", "é", None])
async def test_what_is_no_identifier_is_refused(
    job_id: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """It would become a part of the path."""
    with pytest.raises(InvalidInputError, match="job_id"):
        await client.get_job(job_id)

    assert server.requests == []


async def test_waiting_asks_ever_more_slowly(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """From 0.3 s up to 3 s."""
    server.script(*[WAITING] * 9, FINISHED)

    job = await client.wait_for_job(ID)

    assert job.unresolved == (UNMET,)
    assert time.pauses == pytest.approx([0.3, 0.45, 0.675, 1.0125, 1.51875, 2.278125, 3, 3, 3])


async def test_a_failed_job_ends_the_wait_with_its_reason(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """In one line, although the server tells the whole story."""
    server.script(WAITING, FAILED)

    with pytest.raises(JobFailedError, match=r"^Job FAILED\.$") as caught:
        await client.wait_for_job(ID)

    assert caught.value.job_id == ID
    assert caught.value.details == {"exc-info": "Infeasible: no way"}


@pytest.mark.parametrize("status", ["STOPPED", "CANCELED"])
async def test_a_job_that_was_ended_ends_the_wait(
    status: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """It will have no result."""
    server.script(Reply(body={"status": status}))

    with pytest.raises(JobFailedError, match=f"^the job ended as {status}$"):
        await client.wait_for_job(ID)


async def test_waiting_is_bounded(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """The last question comes when the time is up."""
    server.script(WAITING)

    with pytest.raises(JobTimeoutError, match="did not end within 10 s") as caught:
        await client.wait_for_job(ID, timeout=timedelta(seconds=10))

    assert caught.value.job_id == ID
    assert sum(time.pauses) == pytest.approx(10)


@pytest.mark.parametrize(
    "fault",
    [
        Reply(status=500, body={"message": "'Job' object has no attribute 'status'"}),
        Reply(status=502, body=b"<h1>Bad gateway</h1>", content_type="text/html"),
        Reply(fault=Fault.RESET),
    ],
)
async def test_a_passing_fault_does_not_end_the_wait(
    fault: Reply, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Even one that outlasts the repetitions of a single request."""
    server.script(*[fault] * 7, FINISHED)

    assert (await client.wait_for_job(ID)).status is JobStatus.FINISHED
    assert len(server.requests) == 8


async def test_a_lasting_fault_ends_as_a_timeout(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The job may still end."""
    server.script(Reply(status=500, body={}))

    with pytest.raises(JobTimeoutError):
        await client.wait_for_job(ID, timeout=timedelta(seconds=10))


@pytest.mark.parametrize(
    ("error", "pauses"),
    [
        (RateLimitedError("Slow.", status=429, request="GET /x", retry_after=40.0), [40.0]),
        (RateLimitedError("Slow.", status=429, request="GET /x", retry_after=None), [0.3]),
        (ServerError("Oops.", status=500, request="GET /x"), [0.3]),
    ],
)
async def test_polling_pauses_as_long_as_the_server_wishes(
    error: Exception, pauses: list[float], time: FakeTime
) -> None:
    """A rate limit is no reason to give up."""
    outcomes: list[Exception | str] = [error, "done"]

    async def ask() -> str | None:
        if isinstance(outcome := outcomes.pop(0), Exception):
            raise outcome
        return outcome

    assert await poll(ask, job_id=ID, limit=timedelta(seconds=60), timing=time.timing()) == "done"
    assert time.pauses == pauses


async def test_polling_ends_at_once_when_the_certificate_is_wrong(time: FakeTime) -> None:
    """Time does not heal it."""

    async def ask() -> str | None:
        raise CertificateError("expired")

    with pytest.raises(CertificateError):
        await poll(ask, job_id=ID, limit=timedelta(seconds=60), timing=time.timing())
    assert time.pauses == []
