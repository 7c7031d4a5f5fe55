"""The client: one FlexMeasures server, one user."""

from typing import override

import aiohttp

from .accounts import AccountCalls
from .assets import AssetCalls
from .authentication import Credentials
from .connection import Connection
from .schedules import ScheduleCalls
from .sensors import SensorCalls
from .transport import Timing, Transport
from .url import normalise_url


class FlexMeasuresClient(AccountCalls, AssetCalls, SensorCalls, ScheduleCalls):
    """Talks to a FlexMeasures server in the name of one user; safe for any number of concurrent calls.

    Every call raises a `FlexMeasuresError` when it does not succeed: `InvalidInputError` before anything is sent,
    `ConnectionFailedError` when there was no answer, `ResponseError` for what the server said. What may go better
    is tried again a few times first, but nothing is repeated that could take effect twice.

    Attributes:
        url: the server's address in its normal form.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        credentials: Credentials,
        *,
        timing: Timing | None = None,
    ) -> None:
        """Prepare; nothing is sent before the first call.

        Args:
            session: stays the caller's, who closes it.
            url: of the server, in any spelling that `normalise_url` takes.
            credentials: of the user.
            timing: clock, sleep and chance; only tests replace it.

        Raises:
            InvalidInputError: the URL is not the address of a web server.
        """
        self.url = normalise_url(url)
        timing = timing or Timing()
        super().__init__(Connection(Transport(session, self.url, timing), credentials, timing))

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
