"""Every way in which a server can fail or refuse, and where a dialog says so."""

from http import HTTPStatus
from typing import Any

from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL, CONF_VERIFY_SSL

from custom_components.flexmeasures.client import (
    AuthenticationError,
    CertificateError,
    ConnectionFailedError,
    FlexMeasuresError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseError,
    ServerError,
    ServerTooOldError,
    UnexpectedResponseError,
    UnknownUserError,
    ValidationError,
    WrongPasswordError,
)

REQUEST = "GET /api/v3_0/users/7"


def response_error[E: ResponseError](kind: type[E], status: HTTPStatus, **more: Any) -> E:
    """Return an error as the client raises it for an answer."""
    return kind("the server's words", status=status, request=REQUEST, **more)


ERRORS: list[tuple[FlexMeasuresError, str, str, dict[str, str]]] = [
    (ConnectionFailedError("refused"), CONF_URL, "cannot_connect", {}),
    (RequestTimeoutError("too slow"), CONF_URL, "timeout", {}),
    (CertificateError("self-signed"), CONF_VERIFY_SSL, "certificate", {}),
    (
        response_error(UnexpectedResponseError, HTTPStatus.OK),
        CONF_URL,
        "not_flexmeasures",
        {},
    ),
    (
        ServerTooOldError(version="0.20.0", minimum="0.33.0"),
        CONF_URL,
        "server_too_old",
        {"version": "0.20.0", "minimum": "0.33.0"},
    ),
    (
        ServerTooOldError(version=None, minimum="0.33.0"),
        CONF_URL,
        "server_too_old",
        {"version": "?", "minimum": "0.33.0"},
    ),
    (
        response_error(WrongPasswordError, HTTPStatus.UNAUTHORIZED),
        CONF_PASSWORD,
        "wrong_password",
        {},
    ),
    (response_error(UnknownUserError, HTTPStatus.NOT_FOUND), CONF_EMAIL, "unknown_user", {}),
    (
        response_error(AuthenticationError, HTTPStatus.UNAUTHORIZED),
        CONF_EMAIL,
        "user_not_accepted",
        {},
    ),
    (response_error(PermissionDeniedError, HTTPStatus.FORBIDDEN), "base", "no_permission", {}),
    (response_error(NotFoundError, HTTPStatus.NOT_FOUND), "base", "not_found", {}),
    (
        response_error(RateLimitedError, HTTPStatus.TOO_MANY_REQUESTS, retry_after=47.0),
        "base",
        "rate_limited",
        {},
    ),
    (
        response_error(ServerError, HTTPStatus.BAD_GATEWAY),
        "base",
        "server_error",
        {"status": "502"},
    ),
    (
        response_error(ValidationError, HTTPStatus.UNPROCESSABLE_ENTITY),
        "base",
        "refused",
        {"message": "the server's words"},
    ),
    (InvalidInputError("email", "too long"), CONF_EMAIL, "refused", {"message": "too long"}),
]
