"""A signed-in connection to one server: what every group of calls stands on."""

from collections.abc import Callable

from .answers import Answer
from .authentication import Credentials, Token, TokenKeeper, request_token
from .errors import AuthenticationError
from .models import JsonValue
from .parsing import read
from .transport import Request, Timing, Transport

API = "/api/v3_0"


class Connection:
    """Adds the token to requests, and asks for a fresh one before it believes a 401."""

    def __init__(self, transport: Transport, credentials: Credentials, timing: Timing) -> None:
        """Sign in over `transport` when the first call needs it."""

        async def sign_in(credentials: Credentials) -> Token:
            return await request_token(transport, credentials, timing.clock())

        self.timing = timing
        self.tokens = TokenKeeper(sign_in, credentials, timing.clock)
        self._transport = transport

    async def call[T](self, request: Request, parse: Callable[[JsonValue], T]) -> T:
        """Send as the signed-in user and parse the answer."""
        return read(await self.answer(request), parse)

    async def answer(self, request: Request) -> Answer:
        """Send as the signed-in user.

        A 401 may mean an expired token, or a server without its database: only a fresh token tells.
        """
        token = await self.tokens.token()
        try:
            return await self._transport.send(request, token.text)
        except AuthenticationError:
            pass
        token = await self.tokens.token(refused=token)
        return await self._transport.send(request, token.text)

    async def public_answer(self, request: Request) -> Answer:
        """Send without saying who we are."""
        return await self._transport.send(request)


class Calls:
    """A group of the API's calls over a shared connection."""

    def __init__(self, connection: Connection) -> None:
        """Use this connection."""
        self._connection = connection
