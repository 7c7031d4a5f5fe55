"""One request to the server: headers, time limits, repetition, and every failure as a typed error."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
import io
import json
import logging
from typing import Final

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
import orjson
from yarl import URL

from .answers import (
    Answer,
    page_quote,
    redirection,
    response_error,
    shortened,
    unreadable_error,
)
from .budget import Budget, Priority, chosen_priority
from .errors import (
    CertificateError,
    ClosedError,
    ConnectionFailedError,
    InvalidInputError,
    RateLimitedError,
    RequestTimeoutError,
    UnexpectedResponseError,
)
from .models import JsonValue
from .retries import ATTEMPTS, TOTAL_TIME, Failure, Timing, pause_before_next
from .session import SessionHolder

_LOGGER = logging.getLogger(__name__)

# Reading 10,000 values takes 0.2 s and, on a server whose queue is away, any request up to 20 s.
# Less gives up on answers that would come; more keeps a person waiting for one that will not.
ATTEMPT_TIME: Final = 30.0  # s
# A loaded host on a home network answers a SYN within 3 s (one retransmission); more means it is not there.
CONNECT_TIME: Final = 10.0  # s
# The largest honest answer, a year of 5-minute values, has 2 MB. The bound keeps a broken proxy from filling memory.
LARGEST_ANSWER: Final = 16 * 1024 * 1024  # bytes
# Sending this much takes the event loop less than a millisecond.
LARGEST_PIECE: Final = 512 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of the API.

    Attributes:
        path: from the server's address on, such as ``/api/v3_0/assets``.
        body: what is to be written as JSON, or what has been already.
        form: makes the multipart body, anew for each attempt; instead of `body`.
        repeatable: True when sending it twice does no more than sending it once.
        readable: statuses above 299 whose JSON body the caller understands itself.
        confidential: True when neither the request nor its answer may be quoted.
        mislabelled: True when FlexMeasures calls its JSON answer something else.
        priority: who goes first when the budget is short, unless the caller chose another.
        is_trigger: True when the server counts it as the begin of a computation.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | bytes | None = field(default=None, repr=False)
    form: Callable[[], aiohttp.FormData] | None = field(default=None, repr=False)
    repeatable: bool = True
    readable: frozenset[int] = frozenset()
    confidential: bool = False
    mislabelled: bool = False
    priority: Priority = Priority.NORMAL
    is_trigger: bool = False

    @property
    def name(self) -> str:
        """Method and path, for texts."""
        return f"{self.method} {self.path}"


class Transport:
    """Sends requests over a session, within the budget of the user in whose name they go.

    Beside our own repetition aiohttp repeats a GET once by itself when the connection breaks before the answer.

    Attributes:
        server_version: what the newest answer named; None as long as none did, which servers before 0.32 never do.
    """

    def __init__(self, sessions: SessionHolder, url: str, timing: Timing) -> None:
        """Use the held session for requests below the normalised `url`."""
        self.server_version: str | None = None
        self._sessions = sessions
        self._url = url
        self._timing = timing
        self._last_headers: tuple[bool, str | None, CIMultiDictProxy[str]] | None = None

    async def send(
        self, request: Request, token: str | None = None, budget: Budget | None = None
    ) -> Answer:
        """Send until answered, at most `ATTEMPTS` times, and return a success or a `readable` answer.

        Raises:
            FlexMeasuresError: of the type that says what happened in the last attempt.
        """
        body = _encoded(request)
        headers = self._headers(request.form is None, token)
        spent = 0.0
        attempt = 0
        while True:
            began = self._timing.clock()
            if budget is not None:
                priority = chosen_priority(request.priority)
                if not budget.enter_at_once(priority, began):
                    await budget.enter(priority, self._timing, request.name)
                    began = self._timing.clock()
            outcome = await self._counted_attempt(
                request, headers, body, TOTAL_TIME - spent, budget
            )
            if isinstance(outcome, Answer):
                return outcome
            spent += self._timing.clock() - began
            attempt += 1
            pause = pause_before_next(outcome, attempt, self._timing.random)
            if (
                attempt == ATTEMPTS
                or pause is None
                or not (request.repeatable or outcome.certain)
                or spent + pause >= TOTAL_TIME
            ):
                raise outcome.error
            await self._timing.sleep(pause)
            spent += pause

    def _headers(self, is_json: bool, token: str | None) -> CIMultiDictProxy[str]:
        """Return what goes with every request; nearly always the same as the last time."""
        if self._last_headers is None or self._last_headers[:2] != (is_json, token):
            headers = CIMultiDict({"Accept": "application/json"})
            if is_json:
                headers["Content-Type"] = "application/json"
            if token is not None:
                headers["Authorization"] = token
            self._last_headers = is_json, token, CIMultiDictProxy(headers)
        return self._last_headers[2]

    async def _counted_attempt(
        self,
        request: Request,
        headers: Mapping[str, str],
        body: bytes | None,
        time_left: float,
        budget: Budget | None,
    ) -> Answer | Failure:
        """Attempt once, and tell the budget about the end and what the answer says of the limit.

        The answers to triggers speak of another limit, and are read where that one is kept.
        """
        outcome: Answer | Failure | None = None
        try:
            outcome = await self._attempt(request, headers, body, time_left)
        finally:
            now = self._timing.clock()
            if budget is not None:
                budget.leave(now)
        if budget is not None and not request.is_trigger:
            if isinstance(outcome, Answer):
                if outcome.status < 400:
                    budget.learn(outcome.headers, now)
            elif isinstance(outcome.error, RateLimitedError):
                budget.block(now, outcome.error.retry_after or 0.0)
        return outcome

    async def _attempt(
        self, request: Request, headers: Mapping[str, str], body: bytes | None, time_left: float
    ) -> Answer | Failure:
        try:
            session = self._sessions.session()
        except ClosedError as error:
            return Failure(error)
        began = self._timing.clock()
        try:
            response = await session.request(
                request.method,
                _address(self._url, request),
                data=_payload(request, body),
                headers=headers,
                allow_redirects=False,
                timeout=_limit(min(ATTEMPT_TIME, time_left)),
            )
            status, answer_headers = response.status, response.headers
            if response.content.is_eof():
                # All of it came together with the headers: short answers do.
                content: bytes | None = response.content.read_nowait()
            else:
                content = await _bounded_content(response)
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            outcome: Answer | Failure = _connection_failure(error, self._url)
            result = type(error).__name__
        else:
            self.server_version = answer_headers.get("FlexMeasures-Version") or self.server_version
            outcome = _outcome(
                request, status, answer_headers, content, headers.get("Authorization")
            )
            result = str(status)
        if _LOGGER.isEnabledFor(logging.DEBUG):
            _LOGGER.debug("%s: %s in %.3f s", request.name, result, self._timing.clock() - began)
        return outcome


@lru_cache(maxsize=4)  # nearly always the same
def _limit(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_TIME)


def _address(url: str, request: Request) -> URL:
    """Return where the request goes; without a query it is an object that yarl keeps, with all that it has parsed."""
    address = URL(url + request.path)
    return address.with_query(request.query) if request.query else address


def _encoded(request: Request) -> bytes | None:
    if request.body is None or isinstance(request.body, bytes):
        return request.body
    try:
        return orjson.dumps(request.body)
    except TypeError as error:
        # A lone surrogate, an integer beyond 64 bits: its text names the kind, never the value.
        reason = f"cannot be written as JSON: {error}"
    raise InvalidInputError("request", reason)


def _payload(request: Request, body: bytes | None) -> aiohttp.FormData | io.BytesIO | bytes | None:
    """Return what aiohttp sends, for one attempt; large bodies in pieces, so that others get their turn between."""
    if request.form is not None:
        return request.form()
    return io.BytesIO(body) if body is not None and len(body) > LARGEST_PIECE else body


async def _bounded_content(response: aiohttp.ClientResponse) -> bytes | None:
    """Return the body, and let go of the response; None when it is larger than any answer of the API."""
    async with response:
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > LARGEST_ANSWER:
                return None
        return bytes(content)


def _connection_failure(error: Exception, url: str) -> Failure:
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ServerFingerprintMismatch():
            text = f"the certificate of {url} was not accepted: {_words(error)}"
            return Failure(CertificateError(text, may_have_arrived=False))
        case aiohttp.ConnectionTimeoutError():
            text = f"{url} did not accept a connection within {CONNECT_TIME:.0f} s"
            error = RequestTimeoutError(text, may_have_arrived=False)
            return Failure(error, transient=True, certain=True)
        case TimeoutError():
            return Failure(RequestTimeoutError(f"{url} did not answer in time"), transient=True)
        case aiohttp.InvalidURL() | UnicodeError():
            text = f"{url} is not an address that can be reached"
            return Failure(ConnectionFailedError(text, may_have_arrived=False))
        case aiohttp.ClientConnectorError():
            text = f"{url} cannot be reached: {_words(error)}"
            error = ConnectionFailedError(text, may_have_arrived=False)
            return Failure(error, transient=True, certain=True)
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
        return _unexpected(request, status, redirection(headers.get("Location")))
    if status >= 400:
        content = _without_token(content, token)
    if status == 204 and not content:
        return Answer(request=request.name, status=status, data=None, headers=headers)
    label = headers.get("Content-Type", "").partition(";")[0].lower()
    if "json" not in label and not request.mislabelled:
        return _unreadable(request, status, headers, content, token)
    try:
        answer = Answer(
            request=request.name, status=status, data=_decoded(content), headers=headers
        )
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


def _decoded(content: bytes) -> JsonValue:
    try:
        data: JsonValue = orjson.loads(content)
    except ValueError:
        # Python servers write NaN, which is not JSON; here it means what null means: not known.
        data = json.loads(content, parse_constant=lambda _: None)
    return data
