"""One token for all callers, renewed in time, and each refusal understood for what it is."""

import asyncio
from collections.abc import Callable
import logging
import traceback

import pytest

from custom_components.flexmeasures.client import (
    AuthenticationError,
    Credentials,
    FlexMeasuresClient,
    FlexMeasuresError,
    RateLimitedError,
    ServerError,
    UnexpectedResponseError,
    UnknownUserError,
    ValidationError,
    WrongPasswordError,
)
from custom_components.flexmeasures.client.authentication import TOKEN_LIFETIME

from .conftest import PASSWORD, FakeTime
from .fault_server import FaultServer, Reply

ACCOUNT = Reply(body={"id": 1, "name": "Toy Account", "status": 200})
UNAUTHORIZED = Reply(
    status=401,
    body={"message": "You could not be properly authenticated.", "status": "UNAUTHORIZED"},
)
WRONG_PASSWORD = Reply(
    status=401, body={"errors": ["User password does not match."], "status": 401}
)
UNKNOWN_USER = Reply(
    status=404, body={"errors": ["User with email 'x' does not exist"], "status": 404}
)


def web_page(status: int) -> Reply:
    """The answer of something that is not FlexMeasures."""
    return Reply(status=status, body=b"<h1>Hello</h1>", content_type="text/html")


async def test_the_token_is_sent_bare_with_every_request(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """As FlexMeasures wants it, and always with the content type that makes it answer in JSON."""
    server.script(ACCOUNT)

    await client.get_account(1)
    await client.get_account(1)

    assert [request.headers["Authorization"] for request in server.requests] == ["token-1"] * 2
    assert all(request.headers["Content-Type"] == "application/json" for request in server.requests)
    assert [request.body for request in server.sign_ins] == [
        {"email": "user@example.com", "password": PASSWORD}
    ]
    assert "Authorization" not in server.sign_ins[0].headers


async def test_twenty_concurrent_first_calls_make_one_login(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """All wait for the same one."""
    server.script(ACCOUNT)

    await asyncio.gather(*(client.get_account(1) for _ in range(20)))

    assert len(server.sign_ins) == 1
    assert len(server.requests) == 20


async def test_twenty_concurrent_first_calls_share_one_failed_login(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """A wrong password is not tried twenty times; a later call tries again."""
    server.script_sign_in(WRONG_PASSWORD)

    outcomes = await asyncio.gather(
        *(client.get_account(1) for _ in range(20)), return_exceptions=True
    )

    assert {type(outcome) for outcome in outcomes} == {WrongPasswordError}
    assert (len(server.sign_ins), len(server.requests)) == (1, 0)
    with pytest.raises(WrongPasswordError):
        await client.get_account(1)
    assert len(server.sign_ins) == 2


async def test_the_cancellation_of_the_caller_that_signs_in_does_not_fail_the_others(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The next one in line takes over."""
    server.hold_sign_in = asyncio.Event()
    server.script(ACCOUNT)
    first = asyncio.create_task(client.get_account(1))
    others = [asyncio.create_task(client.get_account(1)) for _ in range(3)]
    await server.arrived.wait()

    first.cancel()
    server.hold_sign_in.set()
    accounts = await asyncio.gather(*others)

    assert [account.name for account in accounts] == ["Toy Account"] * 3
    assert first.cancelled()
    assert len(server.sign_ins) == 2


async def test_the_cancellation_of_a_caller_that_waits_does_not_fail_the_others(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """And costs nothing."""
    server.hold_sign_in = asyncio.Event()
    server.script(ACCOUNT)
    first = asyncio.create_task(client.get_account(1))
    second = asyncio.create_task(client.get_account(1))
    await server.arrived.wait()

    second.cancel()
    server.hold_sign_in.set()

    assert (await first).name == "Toy Account"
    assert len(server.sign_ins) == 1


async def test_the_token_is_renewed_before_it_expires(
    client: FlexMeasuresClient, server: FaultServer, time: FakeTime
) -> None:
    """Without waiting for a refusal."""
    server.script(ACCOUNT)
    await client.get_account(1)

    time.now += TOKEN_LIFETIME - 1
    await client.get_account(1)
    assert len(server.sign_ins) == 1

    time.now += 2
    await client.get_account(1)
    assert len(server.sign_ins) == 2
    assert server.requests[-1].headers["Authorization"] == "token-2"


async def test_a_refused_token_is_renewed_once(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The administrator may have chosen a shorter life."""
    server.script(UNAUTHORIZED, ACCOUNT)

    account = await client.get_account(1)

    assert account.name == "Toy Account"
    assert (len(server.sign_ins), len(server.requests)) == (2, 2)


async def test_a_stale_refusal_of_a_replaced_token_causes_no_login(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Twenty calls find out at once that one token has expired: one login."""
    await client.sign_in()
    server.script(*[UNAUTHORIZED] * 20, ACCOUNT)

    await asyncio.gather(*(client.get_account(1) for _ in range(20)))

    assert (len(server.sign_ins), len(server.requests)) == (2, 40)


async def test_a_refused_fresh_token_is_an_authentication_error(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Such as for a user who was deactivated."""
    server.script(UNAUTHORIZED)

    with pytest.raises(AuthenticationError, match="properly authenticated") as caught:
        await client.get_account(1)

    assert type(caught.value) is AuthenticationError
    assert (len(server.sign_ins), len(server.requests)) == (2, 2)


async def test_a_refusal_by_a_server_without_its_database_is_a_server_error(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """It answers 401 to valid tokens; only the attempt to sign in tells."""
    await client.sign_in()
    server.script(UNAUTHORIZED)
    server.script_sign_in(
        Reply(status=500, body={"errors": ["An internal error has occurred."], "status": 500})
    )

    with pytest.raises(ServerError):
        await client.get_account(1)

    assert (len(server.sign_ins), len(server.requests)) == (4, 1)


@pytest.mark.parametrize(
    ("reply", "error", "sign_ins"),
    [
        (WRONG_PASSWORD, WrongPasswordError, 1),
        (UNKNOWN_USER, UnknownUserError, 1),
        (UNAUTHORIZED, AuthenticationError, 1),
        (web_page(401), UnexpectedResponseError, 1),
        (Reply(status=404, body={"message": "Not found."}), UnexpectedResponseError, 1),
        (web_page(404), UnexpectedResponseError, 1),
        (web_page(405), UnexpectedResponseError, 1),
        (web_page(200), UnexpectedResponseError, 1),
        (Reply(body={"token": "x"}), UnexpectedResponseError, 1),
        (Reply(body={"auth_token": "two words", "user_id": 1}), UnexpectedResponseError, 1),
        (Reply(body={"auth_token": "a\r\nX: y", "user_id": 1}), UnexpectedResponseError, 1),
        (Reply(body={"auth_token": "token", "user_id": "1"}), UnexpectedResponseError, 1),
        (Reply(status=422, body={"message": {"json": {"email": ["No."]}}}), ValidationError, 1),
        (Reply(status=429, body={"message": "Slow down."}), RateLimitedError, 1),
        (web_page(502), ServerError, 3),
    ],
)
async def test_each_failed_sign_in_has_its_error(
    reply: Reply,
    error: type[FlexMeasuresError],
    sign_ins: int,
    client: FlexMeasuresClient,
    server: FaultServer,
) -> None:
    """Only FlexMeasures itself can say that the password is wrong or the user unknown."""
    server.script_sign_in(reply)

    with pytest.raises(FlexMeasuresError) as caught:
        await client.sign_in()

    assert type(caught.value) is error
    assert len(server.sign_ins) == sign_ins


async def test_signing_in_always_asks(client: FlexMeasuresClient, server: FaultServer) -> None:
    """It proves the credentials; later calls use the token."""
    server.script(ACCOUNT)
    await client.sign_in()
    await client.sign_in()
    await client.get_account(1)

    assert len(server.sign_ins) == 2


async def test_other_credentials_count_from_the_next_call_on(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """As after reauthentication."""
    server.script(ACCOUNT)
    await client.get_account(1)

    client.replace_credentials(Credentials("other@example.com", "other"))
    await client.get_account(1)

    assert server.sign_ins[-1].body == {"email": "other@example.com", "password": "other"}
    assert server.requests[-1].headers["Authorization"] == "token-2"


async def test_credentials_replaced_during_a_sign_in_win(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The old user's failure is nobody's business any more."""
    server.hold_sign_in = asyncio.Event()
    server.script_sign_in(WRONG_PASSWORD, Reply(body={"auth_token": "good", "user_id": 7}))
    server.script(ACCOUNT)
    call = asyncio.create_task(client.get_account(1))
    await server.arrived.wait()

    client.replace_credentials(Credentials("user@example.com", "right"))
    server.hold_sign_in.set()

    assert (await call).name == "Toy Account"
    assert server.requests[-1].headers["Authorization"] == "good"


def _texts(error: BaseException) -> str:
    chain = "".join(traceback.format_exception(error))
    return (
        f"{error!s} {error!r} {error.__dict__!r} {chain} {error.__cause__!r} {error.__context__!r}"
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda server: server.script_sign_in(WRONG_PASSWORD),
        lambda server: server.script_sign_in(Reply(body=f"{PASSWORD} token-1".encode())),
        lambda server: server.script_sign_in(
            Reply(status=500, body=f"{PASSWORD} token-1".encode(), content_type="text/html")
        ),
        lambda server: server.script_sign_in(
            Reply(status=422, body={"message": {"json": {"password": [f"{PASSWORD} is bad."]}}})
        ),
        lambda server: server.script_sign_in(
            Reply(body={"auth_token": "token-1", "user_id": None})
        ),
        lambda server: server.script_sign_in(
            Reply(body=b'{"auth_token": "token-1"}', content_type="text/plain")
        ),
        lambda server: server.script(UNAUTHORIZED),
        lambda server: server.script(
            Reply(status=500, body=b"Authorization: token-1", content_type="text/plain")
        ),
        lambda server: server.script(Reply(body=b"Hello token-1", content_type="text/plain")),
        lambda server: server.script(Reply(body=b'{"echo": "token-1')),
        lambda server: server.script(Reply(status=422, body={"message": "token-1 is unknown."})),
        lambda server: server.script(Reply(body=b"\x00", headers={"Content-Length": "nonsense"})),
        lambda server: server.script(ACCOUNT),
    ],
)
async def test_no_secret_shows_in_logs_and_errors(
    spoil: Callable[[FaultServer], None],
    client: FlexMeasuresClient,
    server: FaultServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not even at debug level, and not when the server echoes it."""
    caplog.set_level(logging.DEBUG)
    spoil(server)

    texts = repr(client) + repr(Credentials("user@example.com", PASSWORD))
    try:
        await client.get_account(1)
    except FlexMeasuresError as error:
        texts += _texts(error)
    texts += caplog.text

    assert "POST /api/requestAuthToken: " in caplog.text
    assert PASSWORD not in texts
    assert "token-1" not in texts
