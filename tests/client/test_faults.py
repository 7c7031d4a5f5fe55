"""Whatever goes wrong ends in one typed error after a known number of requests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import socket

import aiohttp
import pytest

from custom_components.flexmeasures.client import (
    AuthenticationError,
    CertificateError,
    ConnectionFailedError,
    Credentials,
    FlexMeasuresClient,
    FlexMeasuresError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    UnexpectedResponseError,
    ValidationError,
    transport,
)

from .calls import DATE, HTML, add, html, limited, nothing_is_left, post, read, rejected, trigger
from .certificates import self_signed
from .conftest import FakeTime
from .fault_server import Fault, FaultServer, Reply


@dataclass(frozen=True)
class Case:
    """A reply, the error that it must become, and the requests made by `read`, `post`, and `trigger` or `add`."""

    reply: Reply
    error: type[FlexMeasuresError]
    requests: tuple[int, int, int]


ONCE = (1, 1, 1)
IF_HARMLESS = (3, 3, 1)
ALWAYS = (3, 3, 3)

CASES = {
    # aiohttp itself repeats a GET once when the connection breaks before the answer
    "reset on arrival": Case(Reply(fault=Fault.RESET_ON_ARRIVAL), ConnectionFailedError, (6, 3, 1)),
    "reset": Case(Reply(fault=Fault.RESET), ConnectionFailedError, (6, 3, 1)),
    "stalled before the header": Case(Reply(fault=Fault.STALL), RequestTimeoutError, IF_HARMLESS),
    "stalled in the body": Case(Reply(fault=Fault.STALL_IN_BODY), RequestTimeoutError, IF_HARMLESS),
    "cut in the body": Case(Reply(fault=Fault.CUT_IN_BODY), ConnectionFailedError, IF_HARMLESS),
    "truncated JSON": Case(Reply(body=b'{"id": 3, "na'), UnexpectedResponseError, ONCE),
    "deeply nested JSON": Case(Reply(body=b"[" * 100_000), UnexpectedResponseError, ONCE),
    "empty JSON": Case(Reply(body=b""), UnexpectedResponseError, ONCE),
    "empty 204": Case(Reply(status=204, body=b"", content_type=""), UnexpectedResponseError, ONCE),
    "a text instead of JSON": Case(
        Reply(body=b'{"id": 3}', content_type="text/plain"), UnexpectedResponseError, ONCE
    ),
    "a web page": Case(html(200), UnexpectedResponseError, ONCE),
    "no content type": Case(Reply(content_type=""), UnexpectedResponseError, ONCE),
    "3 MiB of JSON": Case(
        Reply(body=b'["' + b"x" * 3 * 2**20 + b'"]'), UnexpectedResponseError, ONCE
    ),
    "a web page of 3 MiB": Case(
        Reply(status=502, body=b"<p>" + b"word " * 600_000, content_type="text/html"),
        ServerError,
        IF_HARMLESS,
    ),
    "another shape": Case(Reply(body=["surprise"]), UnexpectedResponseError, ONCE),
    "400": Case(Reply(status=400, body={"message": "No."}), ValidationError, ONCE),
    "403": Case(Reply(status=403, body={"message": "You cannot."}), PermissionDeniedError, ONCE),
    "403 about a value": Case(
        Reply(status=403, body={"message": "Known.", "status": "INVALID_REPLACEMENT"}),
        ValidationError,
        ONCE,
    ),
    "403 web page": Case(html(403), UnexpectedResponseError, ONCE),
    "404": Case(Reply(status=404, body={"message": "No asset."}), NotFoundError, ONCE),
    "404 web page": Case(html(404), UnexpectedResponseError, ONCE),
    "408": Case(html(408), ServerError, IF_HARMLESS),
    "409": Case(Reply(status=409, body={"message": "Conflict."}), ValidationError, ONCE),
    "413 web page": Case(html(413), UnexpectedResponseError, ONCE),
    "422 nested": Case(rejected({"json": {"start": ["Wrong."]}}), ValidationError, ONCE),
    "422 list": Case(rejected(["Wrong."]), ValidationError, ONCE),
    "422 text": Case(rejected("Wrong."), ValidationError, ONCE),
    "422 nothing": Case(rejected(None), ValidationError, ONCE),
    "422 nested deeply": Case(
        rejected({"json": {"flex-model": {"0": {"soc-targets": {"1": ["Wrong."]}}}}}),
        ValidationError,
        ONCE,
    ),
    "422 unknown identifier": Case(
        rejected({"path": {"id": ["No sensor found with ID 3."]}}), NotFoundError, ONCE
    ),
    "429, no word when to return": Case(limited(Retry_After=""), RateLimitedError, ALWAYS),
    "429, return soon": Case(limited(Retry_After="2"), RateLimitedError, ALWAYS),
    "429, return late": Case(limited(Retry_After="120"), RateLimitedError, ONCE),
    "429, return soon by date": Case(
        limited(Retry_After="Sun, 01 Mar 2026 00:00:03 GMT", **DATE), RateLimitedError, ALWAYS
    ),
    "429, return late by date": Case(
        limited(Retry_After="Sun, 01 Mar 2026 00:05:00 GMT", **DATE), RateLimitedError, ONCE
    ),
    "429, return soon by the date of a clock that is a year off": Case(
        limited(Retry_After="Mon, 01 Mar 2027 00:00:03 GMT", Date="Mon, 01 Mar 2027 00:00:00 GMT"),
        RateLimitedError,
        ALWAYS,
    ),
    "429, nonsense": Case(limited(Retry_After="soon"), RateLimitedError, ALWAYS),
    "500": Case(Reply(status=500, body={"message": "Oops."}), ServerError, IF_HARMLESS),
    "502 web page": Case(html(502), ServerError, IF_HARMLESS),
    "503": Case(Reply(status=503, headers={"Retry-After": ""}), ServerError, ALWAYS),
    "503, return late": Case(Reply(status=503, headers={"Retry-After": "120"}), ServerError, ONCE),
    "504 web page": Case(html(504), ServerError, IF_HARMLESS),
    "redirection to another host": Case(
        Reply(status=302, headers={"Location": "https://evil.example/steal?x=1"}),
        UnexpectedResponseError,
        ONCE,
    ),
    "relative redirection": Case(
        Reply(status=308, headers={"Location": "/api/v3_0/assets/"}), UnexpectedResponseError, ONCE
    ),
    "303": Case(
        Reply(status=303, headers={"Location": "/api/v3_0/assets/4"}), UnexpectedResponseError, ONCE
    ),
    "redirection to nowhere": Case(
        Reply(status=301, headers={"Location": "http://[broken"}), UnexpectedResponseError, ONCE
    ),
    "401 web page": Case(html(401), AuthenticationError, (2, 2, 2)),
    "429 web page": Case(
        Reply(status=429, body=HTML, content_type="text/html", headers={"Retry-After": "1"}),
        RateLimitedError,
        ALWAYS,
    ),
    "401 for ever": Case(
        Reply(status=401, body={"message": "You could not be authenticated."}),
        AuthenticationError,
        (2, 2, 2),
    ),
}


@pytest.mark.parametrize(
    ("call", "column"),
    [(read, 0), (post, 1), (trigger, 2), (add, 2)],
    ids=lambda call: getattr(call, "__name__", ""),
)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_each_fault_has_its_error_and_its_number_of_requests(
    case: Case,
    call: Callable[[FlexMeasuresClient], Awaitable[object]],
    column: int,
    client: FlexMeasuresClient,
    server: FaultServer,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Repeated only when that can help and do no harm; afterwards nothing is left of it."""
    await client.sign_in()
    if case.reply.fault in {Fault.STALL, Fault.STALL_IN_BODY}:
        monkeypatch.setattr(transport, "ATTEMPT_TIME", 0.2)
    server.script(case.reply)
    tasks = asyncio.all_tasks()

    with pytest.raises(FlexMeasuresError) as caught:
        await call(client)

    assert type(caught.value) is case.error
    assert server.attempts == case.requests[column]
    await nothing_is_left(client, server, session, tasks)


@pytest.mark.parametrize("call", [read, post, trigger, add])
async def test_a_refused_connection_is_tried_three_times(
    call: Callable[[FlexMeasuresClient], Awaitable[object]],
    session: aiohttp.ClientSession,
    time: FakeTime,
) -> None:
    """Nothing was taken, so even a trigger may be repeated; the pauses grow."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        client = FlexMeasuresClient(session, url, Credentials("a@b.c", "x"), timing=time.timing())

        with pytest.raises(ConnectionFailedError, match="cannot be reached") as caught:
            await call(client)

    assert type(caught.value) is ConnectionFailedError
    assert time.pauses == [0.25, 0.5]  # half of 0.5 s and of 1 s


async def test_a_foreign_certificate_is_an_error_of_its_own(
    session: aiohttp.ClientSession, time: FakeTime
) -> None:
    """And trying again would not help."""
    server = await FaultServer().start(tls=self_signed())
    client = FlexMeasuresClient(
        session, server.url, Credentials("a@b.c", "x"), timing=time.timing()
    )
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # the server's side of the broken handshake

    with pytest.raises(CertificateError, match="certificate"):
        await client.get_versions()

    assert time.pauses == []
    await server.stop()


async def test_tls_on_a_plain_port_is_no_matter_of_certificates(
    session: aiohttp.ClientSession, time: FakeTime
) -> None:
    """The person typed https for an http server."""

    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = FlexMeasuresClient(session, url, Credentials("a@b.c", "x"), timing=time.timing())

    with pytest.raises(ConnectionFailedError) as caught:
        await client.get_versions()

    assert type(caught.value) is ConnectionFailedError
    server.close()
    await server.wait_closed()


async def test_a_host_that_does_not_exist_is_a_failed_connection(
    session: aiohttp.ClientSession, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name resolution fails without any network."""

    async def no_address(*_: object, **__: object) -> list[object]:
        raise OSError("Name or service not known")

    assert session.connector is not None
    monkeypatch.setattr(session.connector, "_resolve_host", no_address)
    client = FlexMeasuresClient(
        session, "http://nowhere.invalid", Credentials("a@b.c", "x"), timing=time.timing()
    )

    with pytest.raises(ConnectionFailedError, match=r"nowhere\.invalid cannot be reached"):
        await client.get_versions()


@pytest.mark.parametrize(
    ("fault", "error", "certain"),
    [
        (aiohttp.ConnectionTimeoutError(), RequestTimeoutError, True),
        (aiohttp.SocketTimeoutError(), RequestTimeoutError, False),
        (aiohttp.ServerFingerprintMismatch(b"a", b"b", "host", 1), CertificateError, False),
        (aiohttp.InvalidURL("http://"), ConnectionFailedError, False),
        (UnicodeError("label too long"), ConnectionFailedError, False),
        (OSError("No buffer space"), ConnectionFailedError, False),
        (aiohttp.ClientPayloadError(), ConnectionFailedError, False),
    ],
)
def test_faults_that_cannot_be_staged_on_loopback_are_known_too(
    fault: Exception, error: type[FlexMeasuresError], certain: bool
) -> None:
    """`certain` decides whether a trigger is repeated."""
    failure = transport._connection_failure(fault, "https://example.com")

    assert type(failure.error) is error
    assert failure.certain is certain
    assert "https://example.com" in str(failure.error)


async def test_a_closed_session_is_a_failed_connection(
    client: FlexMeasuresClient, session: aiohttp.ClientSession
) -> None:
    """It happens while a program shuts down."""
    await session.close()

    with pytest.raises(ConnectionFailedError, match="closed"):
        await client.get_versions()
