"""The client: one FlexMeasures server, one user."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, overload, override

import aiohttp

from .accounts import AccountCalls
from .annotations import AnnotationCalls
from .assets import AssetCalls
from .authentication import Credentials
from .budget import Priority, RequestBudget, calls_with
from .connection import Connection
from .errors import InvalidInputError
from .forecasts import ForecastCalls
from .reports import ReportCalls
from .retries import Timing
from .schedules import ScheduleCalls
from .sensor_data import SensorDataCalls
from .sensors import SensorCalls
from .session import SessionHolder
from .transport import Transport
from .url import normalise_url


class FlexMeasuresClient(
    AccountCalls,
    AnnotationCalls,
    AssetCalls,
    SensorCalls,
    SensorDataCalls,
    ScheduleCalls,
    ForecastCalls,
    ReportCalls,
):
    """Talks to a FlexMeasures server in the name of one user; safe for any number of concurrent calls.

    Every call raises a `FlexMeasuresError` when it does not succeed: `InvalidInputError` before anything is sent,
    `ConnectionFailedError` when there was no answer, `ResponseError` for what the server said. What may go better
    is tried again a few times first, but nothing is repeated that could take effect twice.

    Attributes:
        url: the server's address in its normal form.
    """

    @overload
    def __init__(
        self,
        session: aiohttp.ClientSession | None,
        url: str,
        credentials: Credentials,
        *,
        verify_ssl: bool = True,
        budget: RequestBudget | None = None,
        timing: Timing | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        session: aiohttp.ClientSession | None = None,
        url: str | None = None,
        *,
        email: str,
        password: str,
        host: str = "localhost:5000",
        ssl: bool = False,
        verify_ssl: bool = True,
        budget: RequestBudget | None = None,
        timing: Timing | None = None,
    ) -> None: ...

    def __init__(
        self,
        session: aiohttp.ClientSession | None = None,
        url: str | None = None,
        credentials: Credentials | None = None,
        *,
        email: str | None = None,
        password: str | None = None,
        host: str = "localhost:5000",
        ssl: bool = False,
        verify_ssl: bool = True,
        budget: RequestBudget | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Prepare; nothing is sent before the first call.

        Args:
            session: stays the caller's, who closes it. Without one the client makes its own when it needs it, and
                `close` or ``async with`` closes that.
            url: of the server, in any spelling that `normalise_url` takes; instead of `host` and `ssl`.
            credentials: of the user; instead of `email` and `password`.
            email: of the user.
            password: of the user.
            host: name and port of the server.
            ssl: True for https.
            verify_ssl: False accepts any certificate; it matters for a session of the client's own only.
            budget: to share with clients of other users of the same account; clients of one user on one server
                share one by themselves.
            timing: clock, sleep and chance; only tests replace it.

        Raises:
            InvalidInputError: the URL is not the address of a web server, or somebody is missing.
        """
        self.url = normalise_url(url or f"{'https' if ssl else 'http'}://{host}")
        timing = timing or Timing()
        self._sessions = SessionHolder(session, verify_ssl=verify_ssl)
        transport = Transport(self._sessions, self.url, timing)
        credentials = credentials or _credentials(email, password)
        super().__init__(Connection(transport, self.url, credentials, timing, budget))

    async def __aenter__(self) -> Self:
        """Use the client until the block ends."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""
        await self.close()

    async def close(self) -> None:
        """Send nothing any more, and close the session if it is the client's own; closing twice is harmless."""
        await self._sessions.close()

    def bulk(self) -> AbstractContextManager[None]:
        """Let everything else go first: ``with client.bulk(): ...`` for a back-fill.

        It counts for all calls of the current task, and of tasks started inside.
        """
        return calls_with(Priority.BULK)

    def urgent(self) -> AbstractContextManager[None]:
        """Go first, before calls that wait for the budget; schedules and jobs do so anyway."""
        return calls_with(Priority.URGENT)

    def replace_credentials(self, credentials: Credentials) -> None:
        """Sign in with these from now on, beginning with the next call."""
        self._connection.tokens.replace_credentials(credentials)

    async def sign_in(self) -> None:
        """Sign in anew, which proves the credentials.

        Raises:
            WrongPasswordError, UnknownUserError: the server's own words; any other error leaves the question open.
        """
        await self._connection.tokens.new_token()

    @override
    def __repr__(self) -> str:
        """Name the server."""
        return f"<{type(self).__name__} {self.url}>"


def _credentials(email: str | None, password: str | None) -> Credentials:
    if not email:
        raise InvalidInputError("email", "must not be empty")
    if not password:
        raise InvalidInputError("password", "must not be empty")
    return Credentials(email, password)
