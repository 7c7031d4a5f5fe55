"""The server's version and health, the user and the account."""

import pytest

from custom_components.flexmeasures.client import (
    Account,
    FlexMeasuresClient,
    FlexMeasuresError,
    Health,
    NotFoundError,
    ServerError,
    ServerTooOldError,
    ServerVersions,
    UnexpectedResponseError,
    User,
)

from .fault_server import FaultServer, Reply


def discovery(version: str | None) -> Reply:
    """The public answer of a server of this version."""
    return Reply(body={"versions": ["v3_0"], "flexmeasures_version": version, "status": 200})


async def test_the_version_is_asked_without_signing_in(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Before a person has typed a password."""
    server.script(discovery("1.0.1"))

    assert await client.get_versions() == ServerVersions(server="1.0.1", apis=("v3_0",))
    assert [request.target for request in server.requests] == ["/api/"]
    assert server.sign_ins == []


@pytest.mark.parametrize("version", ["0.28.0", "0.33.1", "1.0.1", "1.1.0rc1", "1", "10.0"])
async def test_newer_servers_are_supported(
    version: str, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Numbers are compared as numbers."""
    server.script(discovery(version))

    assert (await client.ensure_supported()).server == version


@pytest.mark.parametrize("version", ["0.27.5", "0.9", "0.28", "unknown", "", None])
async def test_older_servers_are_refused(
    version: str | None, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """And those that do not say."""
    server.script(discovery(version))

    with pytest.raises(ServerTooOldError, match=r"older than 0\.28\.0") as caught:
        await client.ensure_supported()

    assert (caught.value.version, caught.value.minimum) == (version, "0.28.0")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body={"message": "API running."}),
        Reply(status=401, body=b"401: Unauthorized", content_type="text/plain"),
        Reply(status=401, body={"message": "Who are you?"}),
        Reply(status=403, body={"message": "No."}),
        Reply(status=404, body={"message": "No."}),
        Reply(status=404, body=b"<h1>Not found</h1>", content_type="text/html"),
        Reply(body=b"<h1>Router</h1>", content_type="text/html"),
    ],
)
async def test_another_server_is_recognised(
    reply: Reply, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """A typing error may lead to Home Assistant itself or to the router."""
    server.script(reply)

    with pytest.raises(UnexpectedResponseError):
        await client.ensure_supported()

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "health"),
    [
        (
            Reply(body={"database_sql": True, "status": 200}),
            Health(ready=True, checks={"database_sql": True}),
        ),
        (
            Reply(status=503, body={"database_sql": False, "redis": True, "status": 503}),
            Health(ready=False, checks={"database_sql": False, "redis": True}),
        ),
    ],
)
async def test_health_is_told_with_its_checks(
    reply: Reply, health: Health, client: FlexMeasuresClient, server: FaultServer
) -> None:
    """A server that is not ready says so; that is no error."""
    server.script(reply)

    assert await client.get_health() == health
    assert [request.path for request in server.requests] == ["/api/v3_0/health/ready"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=503, body=b"down", content_type="text/plain"), ServerError),
        (Reply(body={"status": 200}), UnexpectedResponseError),
    ],
)
async def test_health_that_says_nothing_is_an_error(
    reply: Reply, error: type[FlexMeasuresError], client: FlexMeasuresClient, server: FaultServer
) -> None:
    """Such as the page of a proxy."""
    server.script(reply)

    with pytest.raises(error):
        await client.get_health()


async def test_the_user_is_the_one_who_signed_in(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """The sign-in tells the number."""
    server.script(
        Reply(
            body={
                "id": 7,
                "email": "user@example.com",
                "username": "user",
                "account_id": 2,
                "timezone": "Europe/Amsterdam",
                "active": True,
                "status": 200,
            }
        )
    )

    assert await client.get_user() == User(
        id=7,
        email="user@example.com",
        username="user",
        account_id=2,
        timezone="Europe/Amsterdam",
    )
    assert server.requests[0].path == "/api/v3_0/users/7"


async def test_an_account_is_read(client: FlexMeasuresClient, server: FaultServer) -> None:
    """Id and name."""
    server.script(Reply(body={"id": 2, "name": "Home", "status": 200}))

    assert await client.get_account(2) == Account(id=2, name="Home")


async def test_an_unknown_account_is_not_found(
    client: FlexMeasuresClient, server: FaultServer
) -> None:
    """With the server's sentence."""
    server.script(Reply(status=404, body={"message": "Account 2 not found", "status": 404}))

    with pytest.raises(NotFoundError, match=r"^Account 2 not found$"):
        await client.get_account(2)
