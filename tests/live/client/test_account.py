"""The server, the user, the account: against a real server."""

import aiohttp
import pytest

from custom_components.flexmeasures.client import (
    Credentials,
    FlexMeasuresClient,
    Sensor,
    UnexpectedResponseError,
    UnknownUserError,
    WrongPasswordError,
)
from custom_components.flexmeasures.client.authentication import Token
from demo.flexmeasures_server import ServerUser

from ..conftest import USER, LiveServer


async def test_a_server_introduces_itself(client: FlexMeasuresClient) -> None:
    """Before anybody signs in."""
    versions = await client.ensure_supported()
    health = await client.get_health()

    assert versions.apis == ("v3_0",)
    assert versions.server is not None
    assert health.ready
    assert health.checks["database_sql"] is True


async def test_signing_in_tells_user_and_account(
    client: FlexMeasuresClient, fresh_user: ServerUser
) -> None:
    """There is no other way to learn the account."""
    await client.sign_in()
    user = await client.get_user()
    account = await client.get_account(user.account_id)

    assert user.email == fresh_user.email
    assert account.name == fresh_user.account


async def test_each_failure_to_sign_in_has_its_error(
    session: aiohttp.ClientSession, flexmeasures_server: LiveServer
) -> None:
    """Reauthentication is only for those that a person can mend."""
    url = flexmeasures_server.url

    with pytest.raises(WrongPasswordError):
        await FlexMeasuresClient(session, url, Credentials(USER.email, "wrong")).sign_in()
    with pytest.raises(UnknownUserError):
        await FlexMeasuresClient(session, url, Credentials("x@example.com", "wrong")).sign_in()
    elsewhere = FlexMeasuresClient(session, f"{url}/ui", Credentials(USER.email, USER.password))
    with pytest.raises(UnexpectedResponseError):
        await elsewhere.sign_in()
    with pytest.raises(UnexpectedResponseError):
        await elsewhere.ensure_supported()


async def test_new_credentials_mend_a_client(
    session: aiohttp.ClientSession, flexmeasures_server: LiveServer
) -> None:
    """As after reauthentication."""
    client = FlexMeasuresClient(session, flexmeasures_server.url, Credentials(USER.email, "wrong"))
    with pytest.raises(WrongPasswordError):
        await client.get_user()

    client.replace_credentials(Credentials(USER.email, USER.password))

    assert (await client.get_user()).email == USER.email


async def test_a_token_that_the_server_refuses_is_replaced(client: FlexMeasuresClient) -> None:
    """As when it has expired."""
    tokens = client._connection.tokens
    good = await tokens.token()
    tokens._token = Token("expired", good.user_id, good.obtained_at)

    user = await client.get_user()

    assert user.id == good.user_id
    assert (await tokens.token()).text not in {"expired", good.text}


async def test_a_client_opens_and_closes_a_session_of_its_own(
    flexmeasures_server: LiveServer, fresh_user: ServerUser
) -> None:
    """Without a session, and named by host as FlexMeasures' users are used to."""
    host = flexmeasures_server.url.removeprefix("http://")
    client = FlexMeasuresClient(
        host=host, ssl=False, email=fresh_user.email, password=fresh_user.password
    )

    async with client:
        user = await client.get_user()
        account = await client.get_account()

    assert (user.email, account.name) == (fresh_user.email, fresh_user.account)
    assert account.id == user.account_id


async def test_sources_are_people_and_programs(
    client: FlexMeasuresClient, price: Sensor, fresh_user: ServerUser
) -> None:
    """Each user who has posted is one."""
    sources = await client.get_sources()
    user = await client.get_user()

    own = next(source for source in sources if source.user_id == user.id)
    assert (own.name, own.type, own.account_id) == (fresh_user.email, "user", user.account_id)
    assert {source.id for source in sources} <= {
        source.id for source in await client.get_sources(only_latest=False)
    }
