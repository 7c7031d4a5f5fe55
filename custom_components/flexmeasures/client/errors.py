"""Everything that can go wrong between us and a FlexMeasures server, as one tree of types.

No error text ever holds a password or a token: texts are made from answers, addresses and names.
"""

from collections.abc import Mapping
from dataclasses import dataclass


class FlexMeasuresError(Exception):
    """Base of every error that the client raises on purpose."""


class InvalidInputError(FlexMeasuresError):
    """An argument was refused before anything was sent.

    Attributes:
        field: name of the refused argument, as in the method's signature.
        reason: what is wrong with it, in words for people.
    """

    def __init__(self, field: str, reason: str) -> None:
        """Name the field and the reason."""
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class ConnectionFailedError(FlexMeasuresError):
    """The server could not be reached, or the connection broke.

    Attributes:
        may_have_arrived: False when the server surely did not get the request.
    """

    def __init__(self, message: str = "", *, may_have_arrived: bool = True) -> None:
        """Say what happened, and whether the request may have taken effect all the same."""
        super().__init__(message)
        self.may_have_arrived = may_have_arrived


class ClosedError(ConnectionFailedError):
    """The client or its session was closed, as happens while a program ends."""


class CertificateError(ConnectionFailedError):
    """The server's TLS certificate was not accepted."""


class RequestTimeoutError(ConnectionFailedError):
    """The server did not answer in time."""


@dataclass(frozen=True, slots=True)
class FieldMessage:
    """One sentence of a validation answer, and the field it speaks of.

    Attributes:
        path: where in the request, outermost first: ``("json", "flex-model", "0", "soc-min")``.
        text: the server's sentence.
    """

    path: tuple[str, ...]
    text: str


class ResponseError(FlexMeasuresError):
    """The server answered, and the answer is not what was asked for.

    Attributes:
        status: HTTP status code.
        request: method and path, without host and query.
    """

    def __init__(self, message: str, *, status: int, request: str) -> None:
        """Keep the server's words, the status and the request's name."""
        super().__init__(message)
        self.status = status
        self.request = request


class AuthenticationError(ResponseError):
    """The server does not accept who we are, even with a fresh token."""


class WrongPasswordError(AuthenticationError):
    """The e-mail is known and the password does not match."""


class UnknownUserError(AuthenticationError):
    """No user has this e-mail (FlexMeasures compares it case-sensitively)."""


class PermissionDeniedError(ResponseError):
    """The user is known and may not do this."""


class NotFoundError(ResponseError):
    """The asset, sensor, job or path does not exist."""


class ValidationError(ResponseError):
    """The server refused the request's content.

    Attributes:
        fields: one entry per sentence of the answer, with the path of its field.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        request: str,
        fields: tuple[FieldMessage, ...] = (),
    ) -> None:
        """Keep the flattened sentence for people and the paths for code."""
        super().__init__(message, status=status, request=request)
        self.fields = fields


class RateLimitedError(ResponseError):
    """The server asks for a pause, or the client keeps one so that the server does not have to ask.

    Attributes:
        retry_after: seconds until the next request may succeed; None if the server did not say.
    """

    def __init__(
        self, message: str, *, status: int, request: str, retry_after: float | None
    ) -> None:
        """Keep how long to wait."""
        super().__init__(message, status=status, request=request)
        self.retry_after = retry_after


class ServerError(ResponseError):
    """The server failed (5xx)."""


class UnexpectedResponseError(ResponseError):
    """The answer cannot be read: not JSON, cut short, or of another shape than documented."""


class ServerTooOldError(FlexMeasuresError):
    """The server's version lacks something that we need.

    Attributes:
        version: what the server runs; None if it does not say.
        minimum: the oldest version that will do.
        call: what needs it; None for the client as a whole.
    """

    def __init__(self, *, version: str | None, minimum: str, call: str | None = None) -> None:
        """Say what runs there and what is needed."""
        server = f"FlexMeasures {version or 'of unknown version'}"
        text = f"{server} is older than {minimum}"
        super().__init__(f"{text}, which {call} takes" if call else text)
        self.version = version
        self.minimum = minimum
        self.call = call


class JobFailedError(FlexMeasuresError):
    """A job ended without a result.

    Attributes:
        job_id: the job's identifier.
        details: facts from the job, such as ``{"exc-info": ...}``; shortened.
    """

    def __init__(
        self, message: str, *, job_id: str, details: Mapping[str, str] | None = None
    ) -> None:
        """Keep the job's identifier and the server's reason."""
        super().__init__(message)
        self.job_id = job_id
        self.details = dict(details or {})


class JobTimeoutError(FlexMeasuresError):
    """A job did not end within the time that we were willing to wait.

    Attributes:
        job_id: the job's identifier; it may still end later.
    """

    def __init__(self, job_id: str, waited: float) -> None:
        """Say which job and how many seconds we waited."""
        super().__init__(f"job {job_id} did not end within {waited:.0f} s")
        self.job_id = job_id
