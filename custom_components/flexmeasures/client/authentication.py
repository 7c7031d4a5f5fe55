"""Who we are to the server: credentials, and one token for any number of concurrent callers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from .answers import Answer
from .errors import (
    AuthenticationError,
    FlexMeasuresError,
    UnexpectedResponseError,
    UnknownUserError,
    WrongPasswordError,
)
from .parsing import read, signed_in
from .transport import Request, Transport

# A token does not tell when it expires. The server's default is 6 hours: at half of that a clock that was
# suspended for a while or a long request still does no harm. Where an administrator chose less, the 401 says so.
TOKEN_LIFETIME: Final = 3 * 3600.0  # s


@dataclass(frozen=True, slots=True)
class Credentials:
    """E-mail and password of a FlexMeasures user; the password never shows in texts."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """What a sign-in gave: compared by identity, because one text may be given twice."""

    text: str = field(repr=False)
    user_id: int
    obtained_at: float


async def request_token(
    transport: Transport, credentials: Credentials, obtained_at: float
) -> Token:
    """Sign in.

    Raises:
        WrongPasswordError, UnknownUserError: FlexMeasures said so itself; a web page that says so does not count.
        FlexMeasuresError: the server could not be asked, or is no FlexMeasures server.
    """
    request = Request(
        method="POST",
        path="/api/requestAuthToken",
        body={"email": credentials.email, "password": credentials.password},
        readable=frozenset({401, 404}),
        confidential=True,
    )
    answer = await transport.send(request)
    if answer.status in request.readable:
        raise _refusal(answer, credentials)
    text, user_id = read(answer, signed_in)
    return Token(text, user_id, obtained_at)


def _refusal(answer: Answer, credentials: Credentials) -> FlexMeasuresError:
    request, status = answer.request, answer.status
    errors = answer.data.get("errors") if isinstance(answer.data, dict) else None
    if isinstance(errors, list) and status == 401:
        return WrongPasswordError(
            f"wrong password for {credentials.email}", status=status, request=request
        )
    if isinstance(errors, list):
        return UnknownUserError(f"no user {credentials.email}", status=status, request=request)
    if status == 401:
        return AuthenticationError("the sign-in was refused", status=status, request=request)
    text = f"there is no FlexMeasures sign-in at this address (HTTP status {status})"
    return UnexpectedResponseError(text, status=status, request=request)


class TokenKeeper:
    """Owns the token: renews it before it expires and when it was refused, once for all callers that wait.

    A lock, not a shared task: whoever holds it signs in for all; when that caller is cancelled the next one
    in line takes over, and nothing runs on behalf of nobody.
    """

    def __init__(
        self,
        sign_in: Callable[[Credentials], Awaitable[Token]],
        credentials: Credentials,
        clock: Callable[[], float],
    ) -> None:
        """Remember how to sign in; the first caller will cause it."""
        self._ask = sign_in
        self._credentials = credentials
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._failure: FlexMeasuresError | None = None
        self._sign_ins = 0

    @property
    def email(self) -> str:
        """Whose token it is, or will be."""
        return self._credentials.email

    def replace_credentials(self, credentials: Credentials) -> None:
        """Use other credentials from now on, also for a sign-in that is under way."""
        self._credentials = credentials
        self._token = None

    async def token(self, refused: Token | None = None) -> Token:
        """Return a token that is not `refused` and not too old; signs in when there is none.

        Raises:
            FlexMeasuresError: the sign-in failed; callers that waited for the same sign-in get the same error.
        """
        if token := self._usable(refused):
            return token
        seen = self._sign_ins
        async with self._lock:
            if token := self._usable(refused):
                return token
            if self._sign_ins != seen and self._failure is not None:
                raise self._failure
            return await self._sign_in()

    async def new_token(self) -> Token:
        """Sign in, whatever we hold."""
        async with self._lock:
            return await self._sign_in()

    def _usable(self, refused: Token | None) -> Token | None:
        token = self._token
        if token is None or token is refused:
            return None
        return token if self._clock() - token.obtained_at < TOKEN_LIFETIME else None

    async def _sign_in(self) -> Token:
        while True:
            credentials = self._credentials
            outcome = await self._outcome(credentials)
            if credentials is self._credentials:
                break
        self._sign_ins += 1
        if isinstance(outcome, FlexMeasuresError):
            self._token, self._failure = None, outcome
            raise outcome
        self._token, self._failure = outcome, None
        return outcome

    async def _outcome(self, credentials: Credentials) -> Token | FlexMeasuresError:
        try:
            return await self._ask(credentials)
        except FlexMeasuresError as error:
            return error
