"""What the server answered, and which error an answer means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
import html
from itertools import islice
import re
from typing import Final

from yarl import URL

from .errors import (
    AuthenticationError,
    FieldMessage,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ResponseError,
    ServerError,
    UnexpectedResponseError,
    ValidationError,
)
from .models import JsonObject, JsonValue

# Long enough for the server's longest helpful sentence, short enough for a notification on a phone.
LONGEST_QUOTE: Final = 300
# A post of 10,000 wrong values gives 10,000 sentences; nobody reads more than a few.
MOST_SENTENCES: Final = 50
# Deeper than any request of ours; a hostile answer must not exhaust the stack.
DEEPEST_MESSAGE: Final = 20
# The beginning of a web page has its title; scanning more only costs time.
_SCANNED_PAGE: Final = 8_192

# Where in the request webargs found the fault: for code, not for people.
_LOCATIONS: Final = frozenset(
    {
        "combined_sensor_data_description",
        "combined_sensor_data_upload",
        "json",
        "json_or_form",
        "path",
        "query",
    }
)
# A missing asset or sensor is told as a fault of the field that names it, and only there it means "not found":
# inside a flex-model it is a wrong reference.
_IDENTITIES: Final = frozenset(
    {("id",), ("path", "id"), ("query", "id"), ("query", "root"), ("query", "asset")}
)
_NO_SUCH: Final = re.compile(r"No (asset|sensor) found with ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A JSON answer (None for an empty one) to the request called `request`."""

    request: str
    status: int
    data: JsonValue = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def response_error(answer: Answer) -> ResponseError:
    """Translate a JSON answer that is not a success into the error it means."""
    body: JsonObject = answer.data if isinstance(answer.data, dict) else {"message": answer.data}
    request, status = answer.request, answer.status
    fields = _fields(body)
    text = shortened("; ".join(_sentence(field) for field in fields)) or f"HTTP status {status}"
    match status:
        case 401:
            return AuthenticationError(text, status=status, request=request)
        case 403 if body.get("status") != "INVALID_REPLACEMENT":
            return PermissionDeniedError(text, status=status, request=request)
        case 404:
            return NotFoundError(text, status=status, request=request)
        case 429:
            return RateLimitedError(text, status=status, request=request, retry_after=None)
        case _ if status >= 500 or status == 408:
            return ServerError(text, status=status, request=request)
        case 422 if fields and all(_is_missing_identity(field) for field in fields):
            return NotFoundError(text, status=status, request=request)
    return ValidationError(text, status=status, request=request, fields=fields)


def unreadable_error(status: int, request: str, quote: str, *, with_token: bool) -> ResponseError:
    """Translate an answer that is not JSON: it comes from a proxy, or from something that is not FlexMeasures.

    A 401 makes the caller try a fresh token, and is nothing that a token could change where none was sent.
    """
    text = f"HTTP status {status}" + (f": {quote}" if quote else "")
    match status:
        case 401 if with_token:
            return AuthenticationError(text, status=status, request=request)
        case 429:
            return RateLimitedError(text, status=status, request=request, retry_after=None)
        case _ if status >= 500 or status == 408:
            return ServerError(text, status=status, request=request)
    return UnexpectedResponseError(
        f"the answer is not JSON; {text}", status=status, request=request
    )


def shortened(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Return the text on one line of at most `longest` characters."""
    text = " ".join(text[: 20 * longest].split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def page_quote(content: bytes) -> str:
    """Return the words that a person would see at the top of a web page, shortened."""
    text = content.lstrip()[:_SCANNED_PAGE].decode(errors="replace")
    text = re.sub(r"(?is)<(script|style)\b.*?</\1>|<!--.*?-->", " ", text)
    return shortened(html.unescape(re.sub(r"<[^>]*>", " ", text)))


def redirection(location: str | None) -> str:
    """Say where the server sends us; we do not go there, because the token would go along."""
    try:
        target = URL(location or "").with_query(None).with_fragment(None)
        target = target.with_user(None) if target.absolute else target
    except ValueError:
        target = URL()
    return f"the server redirects to {shortened(str(target)) or 'nowhere'}: use the final address instead"


def _fields(body: JsonObject) -> tuple[FieldMessage, ...]:
    message = body.get("message") or body.get("errors") or body.get("error")
    return tuple(islice(_field_messages(message, ()), MOST_SENTENCES))


def _field_messages(
    message: JsonValue, path: tuple[str, ...], depth: int = 0
) -> Iterator[FieldMessage]:
    match message:
        case None:
            return
        case dict() | list() if depth >= DEEPEST_MESSAGE:
            yield FieldMessage(path, "…")
        case dict():
            for key, value in message.items():
                yield from _field_messages(value, (*path, shortened(key)), depth + 1)
        case list():
            for value in message:
                yield from _field_messages(value, path, depth + 1)
        case _:
            yield FieldMessage(path, shortened(str(message)))


def _sentence(field: FieldMessage) -> str:
    path = field.path[1:] if field.path[:1] and field.path[0] in _LOCATIONS else field.path
    where = " ".join(element for element in path if element != "_schema")
    return f"{where}: {field.text}" if where else field.text


def _is_missing_identity(field: FieldMessage) -> bool:
    return field.path in _IDENTITIES and _NO_SUCH.match(field.text) is not None
