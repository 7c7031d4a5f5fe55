"""Whose session it is, who closes it, and how a client is made."""

import asyncio
import gc

import aiohttp
import pytest

from custom_components.flexmeasures.client import (
    CertificateError,
    ClosedError,
    Credentials,
    FlexMeasuresClient,
    InvalidInputError,
)

from .certificates import self_signed
from .conftest import PASSWORD, FakeTime
from .fault_server import FaultServer, Reply

ACCOUNT = Reply(body={"id": 1, "name": "Toy Account", "status": 200})


def own(server: FaultServer) -> FlexMeasuresClient:
    """Return a client that makes its own session."""
    return FlexMeasuresClient(url=server.url, email="user@example.com", password=PASSWORD)


async def test_a_given_session_is_never_closed(
    client: FlexMeasuresClient, server: FaultServer, session: aiohttp.ClientSession
) -> None:
    """It may serve others."""
    server.script(ACCOUNT)
    async with client:
        await client.get_account(1)

    assert not session.closed


async def test_an_own_session_is_made_late_and_closed(server: FaultServer) -> None:
    """Nothing is open before the first call, and nothing after the last."""
    server.script(ACCOUNT)
    server.keep_alive = True
    tasks = asyncio.all_tasks()

    async with own(server) as client:
        assert server.open == 0
        assert (await client.get_account(1)).name == "Toy Account"
        assert server.open == 1

    await server.quiet()
    assert {task for task in asyncio.all_tasks() - tasks if "client" in repr(task)} == set()


async def test_closing_without_a_call_and_closing_twice_are_harmless(server: FaultServer) -> None:
    """There is nothing to close."""
    client = own(server)

    await client.close()
    await client.close()


async def test_a_closed_client_sends_nothing(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Neither with a session of its own nor with a given one; and waiting for a job ends at once."""
    for closed in (own(server), client):
        await closed.close()
        with pytest.raises(ClosedError, match="client is closed"):
            await closed.get_account(1)
        with pytest.raises(ClosedError):
            await closed.wait_for_job("a")

    assert server.sign_ins == []


async def test_a_client_that_was_never_used_leaves_nothing_behind(server: FaultServer) -> None:
    """No warning about an unclosed session, which would fail this test."""
    own(server)
    gc.collect()


async def test_any_certificate_is_taken_on_demand_only(time: FakeTime) -> None:
    """For a home server without a certificate of its own name."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the broken handshake
    server = await FaultServer().start(tls=self_signed())
    server.script(ACCOUNT)
    credentials = Credentials("user@example.com", PASSWORD)

    async with FlexMeasuresClient(None, server.url, credentials) as strict:
        with pytest.raises(CertificateError):
            await strict.get_account(1)
    async with FlexMeasuresClient(None, server.url, credentials, verify_ssl=False) as lenient:
        assert (await lenient.get_account(1)).name == "Toy Account"

    await server.stop()


def test_a_client_is_made_from_host_e_mail_and_password() -> None:
    """By the names that users of FlexMeasures know."""
    plain = FlexMeasuresClient(
        host="localhost:5000", ssl=False, email="email@email.com", password="pw"
    )
    secure = FlexMeasuresClient(
        host="ems.seita.energy", ssl=True, email="email@email.com", password="pw"
    )

    assert (plain.url, secure.url) == ("http://localhost:5000", "https://ems.seita.energy")
    assert FlexMeasuresClient(email="a@b.c", password="pw").url == "http://localhost:5000"


@pytest.mark.parametrize(
    ("email", "password", "field"), [("", "pw", "email"), ("a@b.c", "", "password")]
)
def test_somebody_has_to_sign_in(email: str, password: str, field: str) -> None:
    """Said when the client is made."""
    with pytest.raises(InvalidInputError) as caught:
        FlexMeasuresClient(email=email, password=password)

    assert caught.value.field == field


async def test_cookies_are_not_kept(server: FaultServer) -> None:
    """The server would believe its cookie instead of the token."""
    server.script(
        Reply(body={"id": 1, "name": "Toy"}, headers={"Set-Cookie": "session=other; Path=/"})
    )
    async with own(server) as client:
        await client.get_account(1)
        await client.get_account(1)

    assert "Cookie" not in server.requests[-1].headers
