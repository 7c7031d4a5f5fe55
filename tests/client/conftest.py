"""A scripted server, a client that talks to it, and time that passes only when somebody sleeps."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from custom_components.flexmeasures.client import Credentials, FlexMeasuresClient, Timing

from .fault_server import FaultServer

PASSWORD = "correct horse battery staple"


class FakeTime:
    """A clock that stands still except while somebody sleeps, which takes no time."""

    def __init__(self) -> None:
        """Begin anywhere."""
        self.now = 1_000.0
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Let the seconds pass."""
        self.pauses.append(seconds)
        self.now += seconds

    def timing(self) -> Timing:
        """Return it as the client wants it; chance is always in the middle."""
        return Timing(
            sleep=self.sleep,
            clock=lambda: self.now,
            random=lambda: 0.5,
            wall_clock=lambda: self.moment,
        )

    @property
    def moment(self) -> datetime:
        """The wall clock."""
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=self.now - 1_000.0)


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; connections stay limited to 127.0.0.1."""


@pytest.fixture
def time() -> FakeTime:
    """The client's time."""
    return FakeTime()


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    """A scripted server."""
    server = await FaultServer().start()
    yield server
    await server.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """The session that the caller of a client owns."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def client(
    session: aiohttp.ClientSession, server: FaultServer, time: FakeTime
) -> FlexMeasuresClient:
    """A client of the scripted server."""
    return FlexMeasuresClient(
        session, server.url, Credentials("user@example.com", PASSWORD), timing=time.timing()
    )
