"""The FlexMeasures client: the server's REST API as typed Python, for any asyncio program.

    async with aiohttp.ClientSession() as session:
        client = FlexMeasuresClient(session, "https://example.com", Credentials("me@example.com", password))
        assets = await client.get_assets()

It needs nothing but aiohttp and orjson, and no Home Assistant.
"""

from .accounts import MINIMUM_SERVER_VERSION
from .authentication import Credentials
from .client import FlexMeasuresClient
from .durations import format_duration, parse_duration
from .errors import (
    AuthenticationError,
    CertificateError,
    ConnectionFailedError,
    FieldMessage,
    FlexMeasuresError,
    InvalidInputError,
    JobFailedError,
    JobTimeoutError,
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
from .flex_data import FlexObject, FlexValue
from .models import (
    Account,
    Asset,
    AssetType,
    Health,
    Job,
    JobStatus,
    JsonObject,
    JsonValue,
    PostedData,
    ScheduleResult,
    Sensor,
    SensorData,
    SensorSchedule,
    ServerVersions,
    SignConvention,
    User,
)
from .transport import Timing
from .url import normalise_url

__all__ = [
    "MINIMUM_SERVER_VERSION",
    "Account",
    "Asset",
    "AssetType",
    "AuthenticationError",
    "CertificateError",
    "ConnectionFailedError",
    "Credentials",
    "FieldMessage",
    "FlexMeasuresClient",
    "FlexMeasuresError",
    "FlexObject",
    "FlexValue",
    "Health",
    "InvalidInputError",
    "Job",
    "JobFailedError",
    "JobStatus",
    "JobTimeoutError",
    "JsonObject",
    "JsonValue",
    "NotFoundError",
    "PermissionDeniedError",
    "PostedData",
    "RateLimitedError",
    "RequestTimeoutError",
    "ResponseError",
    "ScheduleResult",
    "Sensor",
    "SensorData",
    "SensorSchedule",
    "ServerError",
    "ServerTooOldError",
    "ServerVersions",
    "SignConvention",
    "Timing",
    "UnexpectedResponseError",
    "UnknownUserError",
    "User",
    "ValidationError",
    "WrongPasswordError",
    "format_duration",
    "normalise_url",
    "parse_duration",
]
