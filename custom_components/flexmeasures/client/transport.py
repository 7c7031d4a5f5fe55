"""One request to the server: headers, time limits, repetition, and every failure as a typed error."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
import json
import logging
import random
import time
from typing import Final

import aiohttp
import orjson
from yarl import URL

from .answers import Answer, page_quote, response_error, shortened, unreadable_error
from .errors import (
    CertificateError,
    ConnectionFailedError,
    InvalidInputError,
    RequestTimeoutError,
    UnexpectedResponseError,
)
from .models import JsonValue
from .retries import ATTEMPTS, TOTAL_TIME, Failure, pause_before_next

_LOGGER = logging.getLogger(__name__)

# Reading 10,000 values takes 0.2 s and, on a server whose queue is away, any request up to 20 s.
# Less gives up on answers that would come; more keeps a person waiting for one that will not.
ATTEMPT_TIME: Final = 30.0  # s
# A loaded host on a home network answers a SYN within 3 s (one retransmission); more means it is not there.
CONNECT_TIME: Final = 10.0  # s
# The largest honest answer, a year of 5-minute values, has 2 MB. The bound keeps a broken proxy from filling memory.
LARGEST_ANSWER: Final = 16 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of the API.

    Attributes:
        path: from the server's address on, such as ``/api/v3_0/assets``.
        repeatable: True when sending it twice does no more than sending it once.
        readable: statuses above 299 whose JSON body the caller understands itself.
        confidential: True when neither the request nor its answer may be quoted.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    repeatable: bool = True
    readable: frozenset[int] = frozenset()
    confidential: bool = False

    @property
    def name(self) -> str:
        """Method and path, for texts."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Time and chance, as arguments so that tests neither wait nor guess.

    Attributes:
        clock: seconds, monotonic.
        random: a number in [0, 1).
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random


class Transport:
    """Sends requests over a session that it does not own.

    Beside our own repetition aiohttp repeats a GET once by itself when the connection breaks before the answer.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, timing: Timing) -> None:
        """Use `session` for requests below the normalised `url`."""
        self._session = session
        self._url = url
        self._timing = timing

    async def send(self, request: Request, token: str | None = None) -> Answer:
        """Send until answered, at most `ATTEMPTS` times, and return a success or a `readable` answer.

        Raises:
            FlexMeasuresError: of the type that says what happened in the last attempt.
        """
        body = _encoded(request)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = token
        began = self._timing.clock()
        attempt = 0
        while True:
            elapsed = self._timing.clock() - began
            outcome = await self._attempt(request, headers, body, TOTAL_TIME - elapsed)
            if isinstance(outcome, Answer):
                return outcome
            attempt += 1
            pause = pause_before_next(outcome, attempt, self._timing.random)
            elapsed = self._timing.clock() - began
            if (
                attempt == ATTEMPTS
                or pause is None
                or not (request.repeatable or outcome.certain)
                or elapsed + pause >= TOTAL_TIME
            ):
                raise outcome.error
            await self._timing.sleep(pause)

    async def _attempt(
        self, request: Request, headers: Mapping[str, str], body: bytes | None, time_left: float
    ) -> Answer | Failure:
        if self._session.closed:
            return Failure(ConnectionFailedError("the session is closed"))
        began = self._timing.clock()
        try:
            async with self._session.request(
                request.method,
                URL(self._url + request.path).with_query(request.query),
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=min(ATTEMPT_TIME, time_left), sock_connect=CONNECT_TIME
                ),
            ) as response:
                status, answer_headers = response.status, response.headers
                content = await _bounded_content(response)
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            outcome: Answer | Failure = _connection_failure(error, self._url)
            result = type(error).__name__
        else:
            outcome = _outcome(
                request, status, answer_headers, content, headers.get("Authorization")
            )
            result = str(status)
        _LOGGER.debug("%s: %s in %.3f s", request.name, result, self._timing.clock() - began)
        return outcome


def _encoded(request: Request) -> bytes | None:
    if request.body is None:
        return None
    try:
        return orjson.dumps(request.body)
    except TypeError as error:
        # A lone surrogate, an integer beyond 64 bits: its text names the kind, never the value.
        reason = f"cannot be written as JSON: {error}"
    raise InvalidInputError("request", reason)


async def _bounded_content(response: aiohttp.ClientResponse) -> bytes | None:
    """Return the body; None when it is larger than any answer of the API."""
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > LARGEST_ANSWER:
            return None
    return bytes(content)


def _connection_failure(error: Exception, url: str) -> Failure:
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ServerFingerprintMismatch():
            return Failure(
                CertificateError(f"the certificate of {url} was not accepted: {_words(error)}")
            )
        case aiohttp.ConnectionTimeoutError():
            text = f"{url} did not accept a connection within {CONNECT_TIME:.0f} s"
            return Failure(RequestTimeoutError(text), transient=True, certain=True)
        case TimeoutError():
            return Failure(RequestTimeoutError(f"{url} did not answer in time"), transient=True)
        case aiohttp.InvalidURL() | UnicodeError():
            return Failure(ConnectionFailedError(f"{url} is not an address that can be reached"))
        case aiohttp.ClientConnectorError():
            text = f"{url} cannot be reached: {_words(error)}"
            return Failure(ConnectionFailedError(text), transient=True, certain=True)
    text = f"the connection to {url} broke: {_words(error)}"
    return Failure(ConnectionFailedError(text), transient=True)


def _words(error: Exception) -> str:
    return shortened(str(error)) or type(error).__name__


def _outcome(
    request: Request,
    status: int,
    headers: Mapping[str, str],
    content: bytes | None,
    token: str | None,
) -> Answer | Failure:
    if content is None:
        return _unexpected(request, status, f"the answer is larger than {LARGEST_ANSWER} bytes")
    if 300 <= status < 400 and status not in request.readable:
        return _unexpected(request, status, _redirection(headers.get("Location")))
    if status >= 400:
        content = _without_token(content, token)
    if status == 204 and not content:
        return Answer(request=request.name, status=status, data=None)
    if "json" not in headers.get("Content-Type", "").partition(";")[0].lower():
        return _unreadable(request, status, headers, content, token)
    try:
        answer = Answer(request=request.name, status=status, data=_decoded(content))
    except ValueError, RecursionError:
        return _unreadable(request, status, headers, content, token)
    if status < 300 or status in request.readable:
        return answer
    if request.confidential:
        answer = Answer(request=request.name, status=status, data=None)
    return Failure.of_answer(response_error(answer), headers)


def _unreadable(
    request: Request, status: int, headers: Mapping[str, str], content: bytes, token: str | None
) -> Failure:
    quote = "" if request.confidential else page_quote(_without_token(content, token))
    error = unreadable_error(status, request.name, quote, with_token=token is not None)
    return Failure.of_answer(error, headers)


def _without_token(content: bytes, token: str | None) -> bytes:
    """Return what may be quoted: a debugging proxy may echo our headers."""
    return content if token is None else content.replace(token.encode(), b"***")


def _unexpected(request: Request, status: int, text: str) -> Failure:
    return Failure(UnexpectedResponseError(text, status=status, request=request.name))


def _redirection(location: str | None) -> str:
    """Say where the server sends us; we do not go there, because the token would go along."""
    try:
        target = URL(location or "").with_query(None).with_fragment(None)
        target = target.with_user(None) if target.absolute else target
    except ValueError:
        target = URL()
    return f"the server redirects to {shortened(str(target)) or 'nowhere'}: use the final address instead"


def _decoded(content: bytes) -> JsonValue:
    try:
        data: JsonValue = orjson.loads(content)
    except ValueError:
        # Python servers write NaN, which is not JSON; here it means what null means: not known.
        data = json.loads(content, parse_constant=lambda _: None)
    return data
