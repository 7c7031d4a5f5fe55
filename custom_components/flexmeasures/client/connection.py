"""A signed-in connection to one server: what every group of calls stands on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from .answers import Answer
from .authentication import Credentials, Token, TokenKeeper, request_token
from .budget import RequestBudget, chosen_priority, shared_budget
from .compatibility import is_older, list_query
from .errors import (
    AuthenticationError,
    ConnectionFailedError,
    FlexMeasuresError,
    RateLimitedError,
    ResponseError,
    ServerTooOldError,
)
from .models import JsonValue
from .parsing import read, server_versions
from .posts import PostOrder
from .retries import Timing
from .transport import Request, Transport
from .triggers import RecentTriggers

API = "/api/v3_0"

# A server that does not name its version with every answer is asked again after this time: it may have been updated.
_VERSION_HOLDS: Final = 3_600.0  # s
# Between us and FlexMeasures something may have failed, and the request gone through all the same.
_AMBIGUOUS_STATUSES: Final = frozenset({408, 502, 504})


class Connection:
    """Adds the token to requests, keeps to the budget, and asks for a fresh token before it believes a 401.

    Attributes:
        url: of the server, normalised.
        posts: the order of posts to each sensor.
        triggered: what was triggered lately.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        credentials: Credentials,
        timing: Timing,
        budget: RequestBudget | None = None,
    ) -> None:
        """Sign in over `transport` when the first call needs it; share the user's budget unless one is given."""

        async def sign_in(credentials: Credentials) -> Token:
            return await request_token(transport, credentials, timing.clock())

        self.url = url
        self.timing = timing
        self.tokens = TokenKeeper(sign_in, credentials, timing.clock)
        self.posts = PostOrder(timing)
        self.triggered = RecentTriggers()
        self._transport = transport
        self._given_budget = budget
        self._shared: tuple[asyncio.AbstractEventLoop, str, RequestBudget] | None = None
        self._version_lock = asyncio.Lock()
        self._asked_version: str | None = None
        self._asked_at: float | None = None

    async def call[T](self, request: Request, parse: Callable[[JsonValue], T]) -> T:
        """Send as the signed-in user and parse the answer."""
        return read(await self.answer(request), parse)

    def answer(self, request: Request) -> Awaitable[Answer]:
        """Send as the signed-in user; triggers wait for a place in the account's budget of them, too.

        Raises:
            RateLimitedError: also without asking the server, when there is no place for a long time.
        """
        if request.is_trigger:
            return self._answer_to_trigger(request)
        return self._signed_in_answer(request)

    async def public_answer(self, request: Request) -> Answer:
        """Send without saying who we are."""
        return await self._transport.send(request)

    async def version(self) -> str | None:
        """Return the server's version, from its answers or by asking it; None when it does not say."""
        if self._transport.server_version is None:
            await self.tokens.token()  # the answer to a sign-in names it, since 0.32
        if self._transport.server_version is None:
            async with self._version_lock:
                await self._ask_for_version()
        return self._transport.server_version or self._asked_version

    async def require(self, minimum: str, call: str) -> None:
        """Refuse a call that the server is too old for.

        Raises:
            ServerTooOldError: names the version that it takes.
        """
        if is_older(version := await self.version(), minimum):
            raise ServerTooOldError(version=version, minimum=minimum, call=call)

    async def list_query(self, query: Mapping[str, str]) -> dict[str, str]:
        """Return the query of a list, written in today's names, in those that the server reads."""
        return list_query(query, await self.version())

    def budget(self) -> RequestBudget:
        """Return the budget that all clients of this user share."""
        if self._given_budget is not None:
            return self._given_budget
        loop, email = asyncio.get_running_loop(), self.tokens.email
        if self._shared is None or self._shared[0] is not loop or self._shared[1] != email:
            self._shared = loop, email, shared_budget(self.url, email, self.timing)
        return self._shared[2]

    async def _answer_to_trigger(self, request: Request) -> Answer:
        triggers = self.budget().triggers
        await triggers.enter(chosen_priority(request.priority), self.timing, request.name)
        counted = True
        try:
            answer = await self._signed_in_answer(request)
        except FlexMeasuresError as error:
            counted = _may_have_triggered(error)
            if isinstance(error, RateLimitedError):
                triggers.block(self.timing.clock(), error.retry_after or 0.0)
            raise
        finally:
            triggers.leave(self.timing.clock(), counted=counted)
        triggers.learn(answer.headers, self.timing.clock())
        return answer

    async def _signed_in_answer(self, request: Request) -> Answer:
        """Send with the token; a refusal may mean that it expired, or that the server has lost its database.

        Only a fresh token tells.
        """
        token = await self.tokens.token()
        try:
            return await self._transport.send(request, token.text, self.budget())
        except AuthenticationError:
            pass
        token = await self.tokens.token(refused=token)
        return await self._transport.send(request, token.text, self.budget())

    async def _ask_for_version(self) -> None:
        now = self.timing.clock()
        if self._asked_at is not None and now - self._asked_at < _VERSION_HOLDS:
            return
        try:
            answer = await self.public_answer(Request(method="GET", path="/api/"))
            self._asked_version = read(answer, server_versions).server
        except ResponseError:
            self._asked_version = None
        self._asked_at = now


def _may_have_triggered(error: FlexMeasuresError) -> bool:
    """Tell whether a trigger that failed may have been accepted: only accepted ones count."""
    match error:
        case ConnectionFailedError():
            return error.may_have_arrived
        case ResponseError():
            return error.status < 300 or error.status in _AMBIGUOUS_STATUSES
    return False


class Calls:
    """A group of the API's calls over a shared connection."""

    def __init__(self, connection: Connection) -> None:
        """Use this connection."""
        self._connection = connection
