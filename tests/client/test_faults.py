"""Whatever goes wrong ends in one typed error after a known number of requests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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

from .certificates import self_signed
from .conftest import FakeTime
from .fault_server import Fault, FaultServer, Reply

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

HTML = (
    b"<html><head><title>502 Bad Gateway</title><style>p {}</style></head><body>nginx</body></html>"
)
DATE = {"Date": "Sun, 01 Mar 2026 00:00:00 GMT"}


async def read(client: FlexMeasuresClient) -> object:
    """A call that may be repeated, by GET."""
    return await client.get_asset(3)


async def post(client: FlexMeasuresClient) -> object:
    """A call that may be repeated, by POST."""
    return await client.post_sensor_data(3, start=START, duration=HOUR, values=[1.5], unit="kW")


async def trigger(client: FlexMeasuresClient) -> object:
    """A call that must not take effect twice."""
    return await client.trigger_schedule(3, start=START, duration=HOUR)


async def add(client: FlexMeasuresClient) -> object:
    """Another call that must not take effect twice."""
    return await client.add_asset(name="battery", type_id=5, account_id=1)


def rejected(message: object) -> Reply:
    """FlexMeasures' answer to input that it refuses."""
    body = {"message": message, "result": "Rejected", "status": "UNPROCESSABLE_ENTITY"}
    return Reply(status=422, body=body)


def html(status: int) -> Reply:
    """A web page of a proxy."""
    return Reply(status=status, body=HTML, content_type="text/html; charset=utf-8")


def limited(**headers: str) -> Reply:
    """The answer of the rate limiter."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=429, body={"message": "You hit a rate limit."}, headers=headers)


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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Repeated only when that can help and do no harm."""
    monkeypatch.setattr(transport, "ATTEMPT_TIME", 0.05)
    server.script(case.reply)

    with pytest.raises(FlexMeasuresError) as caught:
        await call(client)

    assert type(caught.value) is case.error
    assert len(server.requests) == case.requests[column]


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


async def test_a_transient_fault_is_survived(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """The third attempt succeeds, after growing pauses; Retry-After of a 502 means nothing."""
    good = Reply(body={"id": 1, "name": "Toy Account", "status": 200})
    server.script(html(502), Reply(fault=Fault.CUT_IN_BODY), good)

    account = await client.get_account(1)

    assert account.name == "Toy Account"
    assert time.pauses == [0.25, 0.5]


@pytest.mark.parametrize(
    ("headers", "retry_after", "pauses"),
    [
        ({"Retry-After": "2"}, 2.0, [2.25, 2.5]),
        ({"Retry-After": "Sun, 01 Mar 2026 00:00:03 GMT", **DATE}, 3.0, [3.25, 3.5]),
        ({"Retry-After": "Sat, 28 Feb 2026 00:00:00 GMT", **DATE}, 0.0, [0.25, 0.5]),
        ({"Retry-After": "Sun, 01 Mar 2026 00:00:03 GMT"}, None, [0.25, 0.5]),
        ({"Retry-After": "-5"}, None, [0.25, 0.5]),
        ({"Retry-After": "1" * 400}, 111_111_111.0, []),
        ({"Retry-After": "300"}, 300.0, []),
        ({"Retry-After": ""}, None, [0.25, 0.5]),
    ],
)
async def test_the_servers_wish_for_a_pause_is_kept(
    headers: dict[str, str],
    retry_after: float | None,
    pauses: list[float],
    client: FlexMeasuresClient,
    server: FaultServer,
    time: FakeTime,
) -> None:
    """Up to a bound; beyond it the caller learns how long it is. A date counts by the server's own clock."""
    server.script(Reply(status=429, body={"message": "Slow down."}, headers=headers))

    with pytest.raises(RateLimitedError, match="Slow down") as caught:
        await client.get_asset(3)

    assert caught.value.retry_after == retry_after
    assert time.pauses == pauses


async def test_attempts_end_when_the_time_is_up(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No attempt begins after the total time."""
    await client.sign_in()
    monkeypatch.setattr(transport, "TOTAL_TIME", 2.0)
    server.script(limited(Retry_After="1.9"), limited(Retry_After="2"))

    with pytest.raises(RateLimitedError):
        await client.get_asset(3)

    assert len(server.requests) == 2


async def test_an_endless_answer_is_cut_off(
    client: FlexMeasuresClient, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory stays bounded."""
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1_000)
    server.script(Reply(body=b"x" * 200_000))

    with pytest.raises(UnexpectedResponseError, match="larger than 1000 bytes"):
        await client.get_asset(3)

    assert len(server.requests) == 1


async def test_web_pages_are_quoted_in_short(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The words that a person would see, without markup."""
    server.script(html(502))
    with pytest.raises(ServerError, match=r"^HTTP status 502: 502 Bad Gateway nginx$") as caught:
        await client.get_asset(3)
    assert (caught.value.status, caught.value.request) == (502, "GET /api/v3_0/assets/3")

    server.script(Reply(status=502, body=b"<p>" + b"word " * 10_000, content_type="text/html"))
    with pytest.raises(ServerError) as caught:
        await client.get_asset(3)
    assert len(str(caught.value)) < 350


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://evil.example/steal?token=1#x", "https://evil.example/steal:"),
        ("https://user:pass@evil.example/", "https://evil.example/:"),
        ("/elsewhere", "redirects to /elsewhere:"),
        (None, "nowhere"),
    ],
)
async def test_redirections_name_their_target_and_are_not_followed(
    location: str | None, named: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The token would go along."""
    server.script(Reply(status=302, headers={"Location": location} if location else {}))

    with pytest.raises(UnexpectedResponseError, match=named):
        await client.get_asset(3)


@pytest.mark.parametrize("stage", ["sign-in", "header", "body"])
async def test_cancellation_passes_through_and_leaves_nothing(
    stage: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """No task, no connection."""
    if stage == "sign-in":
        server.hold_sign_in = asyncio.Event()
    server.script(Reply(fault=Fault.STALL if stage == "header" else Fault.STALL_IN_BODY))
    before = asyncio.all_tasks()
    call = asyncio.create_task(client.get_asset(3))
    await server.arrived.wait()

    server.disconnected.clear()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    if server.hold_sign_in is not None:
        server.hold_sign_in.set()
    await server.disconnected.wait()
    await asyncio.sleep(0)

    assert asyncio.all_tasks() <= before
