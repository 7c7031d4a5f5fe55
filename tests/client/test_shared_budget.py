"""The budget as clients use it: shared by user, with a budget of triggers inside, and given back in any case."""

import asyncio
from collections.abc import Awaitable, Callable
import gc

import aiohttp
import pytest

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    Credentials,
    FlexMeasuresClient,
    FlexMeasuresError,
    RateLimitedError,
    RequestBudget,
    Timing,
    TriggerBudget,
    ValidationError,
)
from custom_components.flexmeasures.client.budget import shared_budget

from .calls import limit_headers, post, read, trigger
from .conftest import PASSWORD, FakeTime
from .fault_server import Fault, FaultServer, Reply


async def test_a_server_without_limits_gets_all_there_is(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """Older ones, and those that run simulations."""
    server.script(Reply(status=202, body={"job": "a"}))

    for _ in range(30):
        await trigger(client)

    assert len(server.requests) == 30
    assert time.pauses == []


async def test_eight_triggers_in_five_minutes_and_no_more(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """The server takes ten; the ninth is told before it is sent."""
    server.script(Reply(status=202, body={"job": "a"}, headers=limit_headers(10, 9, 300)))
    for _ in range(8):
        await trigger(client)
        time.now += 10.0

    with pytest.raises(RateLimitedError, match="triggers of this FlexMeasures account") as caught:
        await trigger(client)

    assert len(server.requests) == 8
    assert caught.value.retry_after == pytest.approx(220.0)
    time.now += 195.0
    await trigger(client)
    assert len(server.requests) == 9
    assert sum(time.pauses) == pytest.approx(25.0)  # soon enough to wait for


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=422, body={"message": "No."}), ValidationError),
        (Reply(status=500, body={"message": "Oops."}), FlexMeasuresError),
    ],
)
async def test_a_refused_trigger_costs_nothing(
    reply: Reply, error: type[Exception], client: FlexMeasuresClient, server: FaultServer
) -> None:
    """As on the server."""
    server.script(reply)
    for _ in range(12):
        with pytest.raises(error):
            await trigger(client)

    assert len(server.requests) == 12


@pytest.mark.parametrize("reply", [Reply(fault=Fault.RESET), Reply(status=502, content_type="")])
async def test_a_trigger_that_may_have_been_taken_counts(
    reply: Reply, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Nobody knows, and the server's limit is the stronger one."""
    server.script(reply)
    for _ in range(8):
        with pytest.raises(FlexMeasuresError):
            await trigger(client)

    with pytest.raises(RateLimitedError):
        await trigger(client)
    assert len(server.requests) == 8


async def test_a_server_out_of_reach_uses_up_no_triggers(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """They surely did not arrive."""
    await client.sign_in()
    await server.stop()

    for _ in range(12):
        with pytest.raises(ConnectionFailedError) as caught:
            await trigger(client)
        assert not caught.value.may_have_arrived


async def test_a_refusal_by_the_server_holds_for_all(
    client: FlexMeasuresClient,
    session: aiohttp.ClientSession,
    server: FaultServer,
    time: FakeTime,
) -> None:
    """Refused requests count, too: nobody makes it worse."""
    timing = time.timing()
    credentials = Credentials("same@example.com", PASSWORD)
    one = FlexMeasuresClient(session, server.url, credentials, timing=timing)
    two = FlexMeasuresClient(session, f"{server.url}/api", credentials, timing=timing)
    server.script(Reply(status=429, body={"message": "Slow."}, headers={"Retry-After": "90"}))
    with pytest.raises(RateLimitedError, match="Slow"):
        await read(one)

    with pytest.raises(RateLimitedError, match="used up") as caught:
        await post(two)

    assert len(server.requests) == 1
    assert caught.value.retry_after == 90.0


async def test_the_caller_chooses_who_goes_first(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """A back-fill stops at its share, and leaves the rest."""
    server.script(
        Reply(body={"id": 1, "name": "Toy"}, headers=limit_headers(10, 4, 700)),
        Reply(body={"id": 1, "name": "Toy"}, headers=limit_headers(10, 3, 700)),
    )
    await client.get_account(1)

    with client.bulk(), pytest.raises(RateLimitedError):
        await client.get_account(1)
    with client.urgent():
        await client.get_account(1)

    assert len(server.requests) == 2
    assert time.pauses == []


async def test_clients_of_one_user_share_a_budget_that_goes_with_them(time: FakeTime) -> None:
    """By server, user and event loop; nothing is kept when the last of them goes."""
    timing = time.timing()
    budget = shared_budget("http://a", "user", timing)

    assert shared_budget("http://a", "user", timing) is budget
    assert shared_budget("http://a", "other", timing) is not budget
    assert shared_budget("http://b", "user", timing) is not budget
    assert await asyncio.to_thread(_in_another_loop, timing) is not budget

    budget.block(0.0, 1e9)
    del budget
    gc.collect()
    assert shared_budget("http://a", "user", timing)._blocked_until == 0.0


def _in_another_loop(timing: Timing) -> RequestBudget:
    async def get() -> RequestBudget:
        return shared_budget("http://a", "user", timing)

    with asyncio.Runner() as runner:
        return runner.run(get())


async def test_other_credentials_have_another_budget(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The server counts by user."""
    before = client._connection.budget()

    client.replace_credentials(Credentials("other@example.com", PASSWORD))

    assert client._connection.budget() is not before


async def test_users_of_one_account_may_share_its_triggers(
    session: aiohttp.ClientSession, server: FaultServer, time: FakeTime
) -> None:
    """By a budget that the program gives to both."""
    triggers = TriggerBudget()
    server.script(Reply(status=202, body={"job": "a"}, headers=limit_headers(10, 9, 300)))
    clients = [
        FlexMeasuresClient(
            session,
            server.url,
            Credentials(f"{name}@example.com", PASSWORD),
            budget=RequestBudget(triggers=triggers),
            timing=time.timing(),
        )
        for name in ("one", "two")
    ]
    for number in range(8):
        await trigger(clients[number % 2])

    with pytest.raises(RateLimitedError):
        await trigger(clients[0])


type Call = Callable[[FlexMeasuresClient], Awaitable[object]]


@pytest.mark.parametrize("call", [read, post, trigger])
async def test_a_place_is_given_back_whatever_happens(
    call: Call, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Also when the caller is cancelled in the middle."""
    server.script(Reply(fault=Fault.STALL))
    await client.sign_in()
    server.arrived.clear()
    task = asyncio.ensure_future(call(client))
    await server.arrived.wait()
    budget = client._connection.budget()
    assert budget._in_flight == 1

    task.cancel()
    await asyncio.wait([task])

    assert (budget._in_flight, budget.triggers._in_flight) == (0, 0)
