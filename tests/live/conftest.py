"""A real FlexMeasures server, started once per run; its addresses are the only ones that a live test reaches."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pytest_socket

from demo.flexmeasures_server import FlexMeasuresServer, ServerUser

LiveServer = FlexMeasuresServer

PASSWORD = "a password of the live tests"
USER = ServerUser(
    account="Home", email="someone@example.com", password=PASSWORD, roles=("account-admin",)
)
# Of the same account, but without a role: may read and post, and may not delete.
READER = ServerUser(account="Home", email="reader@example.com", password=PASSWORD)
OTHER_USER = ServerUser(
    account="Neighbours", email="other@example.com", password=PASSWORD, roles=("account-admin",)
)
SITE_ADMIN = ServerUser(
    account="Operator", email="operator@example.com", password=PASSWORD, roles=("admin",)
)
# Each is the only one of its account: the server counts requests per user and schedules per account, so a test
# with a user of its own starts with its whole budget and sees only its own assets. Adding one costs 10 ms.
FRESH_USERS = tuple(
    ServerUser(
        account=f"Home {number}",
        email=f"fresh-{number}@example.com",
        password=PASSWORD,
        roles=("account-admin",),
    )
    for number in range(1, 121)
)
# The start of the server, and schedules that a busy machine computes slowly.
TIMEOUT_SECONDS = 600
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder: live, and allowed to take longer."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.live)
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


def allow_loopback() -> None:
    """Allow sockets, which every test is denied when it begins, but only to 127.0.0.1."""
    pytest_socket.enable_socket()
    pytest_socket.socket_allow_hosts(["127.0.0.1"])


@pytest.fixture(autouse=True)
def loopback_only() -> None:
    """Let a live test reach the server."""
    allow_loopback()


@pytest.fixture(scope="session")
def flexmeasures_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Run a server with everything as in real life: rate limits, workers, tokens that last for hours."""
    allow_loopback()  # this runs before what every test gets
    users = (USER, READER, OTHER_USER, SITE_ADMIN, *FRESH_USERS)
    with FlexMeasuresServer(tmp_path_factory.mktemp("server"), users=users) as server:
        yield server


@pytest.fixture(scope="session")
def next_fresh_user() -> Callable[[], ServerUser]:
    """Return a function that returns another unused user at each call."""
    users = iter(FRESH_USERS)
    return users.__next__


@pytest.fixture
def fresh_user(next_fresh_user: Callable[[], ServerUser]) -> ServerUser:
    """Return the administrator of an account that no other test uses."""
    return next_fresh_user()
