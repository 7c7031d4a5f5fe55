"""How requests are repeated, bounded, cancelled and read, and how connections are used."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
import math

import aiohttp
import pytest

from custom_components.flexmeasures.client import (
    Credentials,
    FlexMeasuresClient,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    ServerError,
    UnexpectedResponseError,
    transport,
)

from .calls import DATE, HOUR, START, html, limited, nothing_is_left, post, read, trigger
from .conftest import FakeTime
from .fault_server import Fault, FaultServer, Reply


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


@pytest.mark.parametrize("call", [read, post, trigger])
@pytest.mark.parametrize("stage", ["sign-in", "header", "body", "pause", "budget"])
async def test_cancellation_passes_through_and_leaves_nothing(
    stage: str,
    call: Callable[[FlexMeasuresClient], Coroutine[None, None, object]],
    session: aiohttp.ClientSession,
    server: FaultServer,
    time: FakeTime,
) -> None:
    """Wherever it strikes: no task, no connection, no place in the budget."""
    sleeping = asyncio.Event()

    async def sleep(_: float) -> None:
        sleeping.set()
        await asyncio.Event().wait()

    timing = replace(time.timing(), sleep=sleep)
    client = FlexMeasuresClient(session, server.url, Credentials("a@b.c", "x"), timing=timing)
    reached = sleeping if stage in {"pause", "budget"} else server.arrived
    if stage == "sign-in":
        server.hold_sign_in = asyncio.Event()
    if stage == "budget":
        client._connection.budget().block(time.now, 20.0)
    server.script(
        {
            "body": Reply(fault=Fault.STALL_IN_BODY),
            "pause": Reply(status=503, headers={"Retry-After": "1"}),
        }.get(stage, Reply(fault=Fault.STALL))
    )
    tasks = asyncio.all_tasks()
    running = asyncio.create_task(call(client))
    await reached.wait()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    if server.hold_sign_in is not None:
        server.hold_sign_in.set()
    await nothing_is_left(client, server, session, tasks)


async def test_values_that_are_no_numbers_are_gaps(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Python servers write NaN and Infinity, which are not JSON."""
    body = b'{"values": [1.5, NaN, -Infinity, null, 1e999], "start": "2026-03-01T00:00Z", '
    body += b'"duration": "PT5H", "unit": "kW", "resolution": "PT1H"}'
    server.script(Reply(body=body))

    data = await client.get_sensor_data(3, START, 5 * HOUR, "kW")

    assert data.values == (1.5, None, None, None, None)


async def test_values_that_are_no_numbers_are_not_sent(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Nothing is."""
    with pytest.raises(InvalidInputError, match="values"):
        await client.post_sensor_data(3, START, HOUR, [math.nan], "kW")

    assert (server.requests, server.sign_ins) == ([], [])


async def test_a_large_answer_is_read_whole(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """A year of 5-minute values has 3 MiB."""
    count = 200_000
    values = b"[" + b",".join([b"1234567.890123"] * count) + b"]"
    body = b'{"start": "2026-03-01T00:00Z", "duration": "PT200000H", "unit": "kW", "values": '
    server.script(Reply(body=body + values + b"}"))

    data = await client.get_sensor_data(3, START, count * HOUR, "kW")

    assert len(values) > 2.8 * 2**20
    assert len(data.values) == count


async def test_a_large_post_is_sent_whole(client: FlexMeasuresClient, server: FaultServer) -> None:
    """The server's own bound is 3.1 MiB."""
    server.script(Reply(status=202, body={"job": "a"}))
    count = 200_000

    await client.post_sensor_data(3, START, count * HOUR, [1234567.890123] * count, "kW")

    assert len(server.requests[0].content) > 2.8 * 2**20
    assert server.requests[0].body["values"] == [1234567.890123] * count


async def test_a_clock_that_is_wrong_does_not_matter(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """Ours says 2026; the server's is four years behind, and its pauses count by its own clock."""
    server.script(
        limited(Retry_After="Tue, 01 Mar 2022 00:00:05 GMT", Date="Tue, 01 Mar 2022 00:00:00 GMT"),
        Reply(
            body={"id": 1, "name": "Toy Account"},
            headers={
                "Date": "Tue, 01 Mar 2022 00:00:10 GMT",
                "X-RateLimit-Limit": "500",
                "X-RateLimit-Remaining": "499",
                "X-RateLimit-Reset": "1646092860",  # 00:01:00
            },
        ),
    )

    await client.get_account(1)

    assert time.pauses == [5.25]
    assert client._connection.budget()._left_until == time.now + 50.0


async def test_connections_are_kept_for_the_next_request(
    client: FlexMeasuresClient, server: FaultServer, session: aiohttp.ClientSession
) -> None:
    """One is enough for calls after each other, also past an error."""
    server.keep_alive = True
    server.script(
        html(502), Reply(status=404, body={"message": "No."}), Reply(body={"id": 1, "name": "Toy"})
    )

    with pytest.raises(NotFoundError):
        await client.get_account(1)
    await client.get_account(1)

    assert server.open == 1
    await session.close()
    await server.quiet()


async def test_a_kept_connection_that_the_server_closed_is_replaced(
    client: FlexMeasuresClient, server: FaultServer, session: aiohttp.ClientSession
) -> None:
    """Also for a trigger, which was not sent yet."""
    server.keep_alive = True
    server.script(Reply(status=202, body={"job": "a"}))
    await client.sign_in()
    server.keep_alive = False  # the next answer is the last on its connection
    await trigger(client)
    await server.quiet()

    await trigger(client)

    assert len(server.requests) == 2
