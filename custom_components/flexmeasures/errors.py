"""FlexMeasures errors as Home Assistant errors: translated, and each with its owner."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.update_coordinator import UpdateFailed

from .client import (
    AuthenticationError,
    CertificateError,
    ConnectionFailedError,
    FlexMeasuresError,
    InvalidInputError,
    JobFailedError,
    JobTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ServerTooOldError,
    ValidationError,
)
from .const import DOMAIN

# First match counts, so a type stands before the types it derives from.
_TRANSLATION_KEYS: tuple[tuple[type[FlexMeasuresError], str], ...] = (
    (CertificateError, "certificate"),
    (RequestTimeoutError, "timeout"),
    (ConnectionFailedError, "cannot_connect"),
    (AuthenticationError, "not_signed_in"),
    (PermissionDeniedError, "no_permission"),
    (NotFoundError, "not_found"),
    (ValidationError, "refused"),
    (RateLimitedError, "rate_limited"),
    (ServerTooOldError, "server_too_old"),
    (JobFailedError, "job_failed"),
    (JobTimeoutError, "job_timeout"),
    (FlexMeasuresError, "server_error"),
)


def translation_key(error: FlexMeasuresError) -> str:
    """Return the key of the sentence that tells people about the error."""
    return next(key for kind, key in _TRANSLATION_KEYS if isinstance(error, kind))


@contextmanager
def errors_for_actions() -> Iterator[None]:
    """Turn client errors into what an action raises: the caller's mistakes apart from the server's trouble."""
    try:
        yield
    except InvalidInputError as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="invalid_input",
            translation_placeholders={"field": error.field, "reason": error.reason},
        ) from error
    except (ValidationError, NotFoundError, PermissionDeniedError) as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=translation_key(error),
            translation_placeholders={"message": str(error)},
        ) from error
    except FlexMeasuresError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=translation_key(error),
            translation_placeholders={"message": str(error)},
        ) from error


@contextmanager
def errors_for_coordinator() -> Iterator[None]:
    """Turn client errors into what a coordinator raises: a refused sign-in starts reauthentication."""
    try:
        yield
    except AuthenticationError as error:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN,
            translation_key="not_signed_in",
            translation_placeholders={"message": str(error)},
        ) from error
    except FlexMeasuresError as error:
        raise UpdateFailed(
            translation_domain=DOMAIN,
            translation_key=translation_key(error),
            translation_placeholders={"message": str(error)},
            retry_after=error.retry_after if isinstance(error, RateLimitedError) else None,
        ) from error
