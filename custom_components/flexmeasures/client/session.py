"""The HTTP session: the caller's, or one of our own."""

from typing import Final

import aiohttp

from .errors import ClosedError

# The server works on eight requests at a time, and more connections only wait there.
_CONNECTIONS: Final = 8


class SessionHolder:
    """Hands out the session of a client; closes what it made itself, and never what it was given."""

    def __init__(self, session: aiohttp.ClientSession | None, *, verify_ssl: bool = True) -> None:
        """Use `session`, or make one when the first request needs it."""
        self._given = session
        self._own: aiohttp.ClientSession | None = None
        self._verify_ssl = verify_ssl
        self._closed = False

    def session(self) -> aiohttp.ClientSession:
        """Return the session.

        Raises:
            ClosedError: it was closed, as happens while a program ends.
        """
        if self._closed:
            raise ClosedError("the client is closed", may_have_arrived=False)
        session = self._given or self._own
        if session is None:
            # A login cookie beside the token would make the server believe the cookie.
            session = self._own = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=self._verify_ssl),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        if session.closed:
            raise ClosedError("the session is closed", may_have_arrived=False)
        return session

    async def close(self) -> None:
        """Send nothing any more, and close the session that was made here."""
        self._closed = True
        if self._own is not None:
            await self._own.close()
            self._own = None
