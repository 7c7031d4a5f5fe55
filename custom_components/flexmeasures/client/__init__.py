"""The FlexMeasures client: the server's REST API as typed Python, for any asyncio program.

    async with FlexMeasuresClient(url="https://example.com", email="me@example.com", password=password) as client:
        assets = await client.get_assets()

It needs nothing but aiohttp and orjson, and no Home Assistant.
"""

from .authentication import Credentials
from .budget import Priority, RequestBudget, TriggerBudget
from .client import FlexMeasuresClient
from .compatibility import MINIMUM_SERVER_VERSION
from .durations import format_duration, parse_duration
from .errors import (
    AuthenticationError,
    CertificateError,
    ClosedError,
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
from .flex_data import FlexObject, FlexPart, FlexValue
from .flex_model import (
    FlexContext,
    FlexQuantity,
    SensorReference,
    StorageFlexModel,
    TimedValue,
)
from .inputs import Length, Moment
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
    SensorForecast,
    SensorSchedule,
    SensorTable,
    ServerVersions,
    SignConvention,
    User,
)
from .records import (
    Annotation,
    AnnotationType,
    AssetJob,
    DataSource,
    KeyFigure,
    SensorStatus,
    SourceStatistics,
)
from .retries import Timing
from .url import normalise_url

__all__ = [
    "MINIMUM_SERVER_VERSION",
    "Account",
    "Annotation",
    "AnnotationType",
    "Asset",
    "AssetJob",
    "AssetType",
    "AuthenticationError",
    "CertificateError",
    "ClosedError",
    "ConnectionFailedError",
    "Credentials",
    "DataSource",
    "FieldMessage",
    "FlexContext",
    "FlexMeasuresClient",
    "FlexMeasuresError",
    "FlexObject",
    "FlexPart",
    "FlexQuantity",
    "FlexValue",
    "Health",
    "InvalidInputError",
    "Job",
    "JobFailedError",
    "JobStatus",
    "JobTimeoutError",
    "JsonObject",
    "JsonValue",
    "KeyFigure",
    "Length",
    "Moment",
    "NotFoundError",
    "PermissionDeniedError",
    "PostedData",
    "Priority",
    "RateLimitedError",
    "RequestBudget",
    "RequestTimeoutError",
    "ResponseError",
    "ScheduleResult",
    "Sensor",
    "SensorData",
    "SensorForecast",
    "SensorReference",
    "SensorSchedule",
    "SensorStatus",
    "SensorTable",
    "ServerError",
    "ServerTooOldError",
    "ServerVersions",
    "SignConvention",
    "SourceStatistics",
    "StorageFlexModel",
    "TimedValue",
    "Timing",
    "TriggerBudget",
    "UnexpectedResponseError",
    "UnknownUserError",
    "User",
    "ValidationError",
    "WrongPasswordError",
    "format_duration",
    "normalise_url",
    "parse_duration",
]
