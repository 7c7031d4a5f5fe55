"""The JSON edge: the server's answers become models here, and nowhere else."""

from collections.abc import Callable
from datetime import timedelta

from .answers import Answer, shortened
from .errors import UnexpectedResponseError
from .models import (
    Account,
    Asset,
    AssetType,
    Health,
    Job,
    JobStatus,
    JsonObject,
    JsonValue,
    Sensor,
    SensorData,
    SensorForecast,
    SensorSchedule,
    ServerVersions,
    SignConvention,
    User,
)
from .shapes import (
    ShapeError,
    as_list,
    as_number,
    as_object,
    duration,
    embedded,
    embedded_list,
    integer,
    list_of,
    moment,
    numbers,
    optional_integer,
    optional_number,
    optional_text,
    text,
)

_HOUR = timedelta(hours=1)


def read[T](answer: Answer, parse: Callable[[JsonValue], T]) -> T:
    """Parse an answer.

    Raises:
        UnexpectedResponseError: the answer has another shape than `parse` expects.
    """
    try:
        return parse(answer.data)
    except ShapeError as error:
        message = f"unexpected answer: {error}"
    raise UnexpectedResponseError(message, status=answer.status, request=answer.request)


def signed_in(data: JsonValue) -> tuple[str, int]:
    """Read a sign-in: token and user id."""
    body = as_object(data)
    token = text(body, "auth_token")
    # It goes into a header: anything else than visible ASCII would break the request, not the sign-in.
    if not (token and token.isascii() and token.isprintable() and " " not in token):
        raise ShapeError("auth_token is no token")
    return token, integer(body, "user_id")


def server_versions(data: JsonValue) -> ServerVersions:
    """Read the public discovery endpoint."""
    body = as_object(data)
    apis = body.get("versions")
    if not isinstance(apis, list):
        raise ShapeError("versions is missing: this is not a FlexMeasures server")
    return ServerVersions(
        server=optional_text(body, "flexmeasures_version"), apis=tuple(str(api) for api in apis)
    )


def health(data: JsonValue) -> Health:
    """Read the readiness checks; anything but booleans is no check."""
    checks = {name: value for name, value in as_object(data).items() if isinstance(value, bool)}
    if not checks:
        raise ShapeError("there are no checks in it")
    return Health(ready=all(checks.values()), checks=checks)


def user(data: JsonValue) -> User:
    """Read a user."""
    body = as_object(data)
    return User(
        id=integer(body, "id"),
        email=text(body, "email"),
        username=text(body, "username"),
        account_id=integer(body, "account_id"),
        timezone=text(body, "timezone"),
    )


def account(data: JsonValue) -> Account:
    """Read an account."""
    body = as_object(data)
    return Account(id=integer(body, "id"), name=text(body, "name"))


def asset_type(data: JsonValue) -> AssetType:
    """Read an asset type."""
    body = as_object(data)
    return AssetType(id=integer(body, "id"), name=text(body, "name"))


def asset(data: JsonValue) -> Asset:
    """Read an asset, from the list or alone."""
    body = as_object(data)
    return Asset(
        id=integer(body, "id"),
        name=text(body, "name"),
        type_name=asset_type(body.get("generic_asset_type")).name,
        account_id=optional_integer(body, "account_id"),
        parent_id=optional_integer(body, "parent_asset_id"),
        description=optional_text(body, "description") or "",
        external_id=optional_text(body, "external_id"),
        latitude=optional_number(body, "latitude"),
        longitude=optional_number(body, "longitude"),
        flex_context=embedded(body, "flex_context"),
        flex_model=embedded(body, "flex_model"),
        attributes=embedded(body, "attributes"),
        sensors_to_show=embedded_list(body, "sensors_to_show"),
        sensors_to_show_as_kpis=embedded_list(body, "sensors_to_show_as_kpis"),
    )


def page_of[T](parse: Callable[[JsonValue], T]) -> Callable[[JsonValue], tuple[T, ...]]:
    """Return a parser of one page of a list."""
    parse_list = list_of(parse)
    return lambda data: parse_list(as_object(data).get("data"))


def copied_asset(data: JsonValue) -> int:
    """Read the answer to a copy: the identifier of the new asset."""
    return integer(as_object(data), "asset")


def sensor(data: JsonValue) -> Sensor:
    """Read a sensor, from the list or alone."""
    body = as_object(data)
    return Sensor(
        id=integer(body, "id"),
        name=text(body, "name"),
        unit=text(body, "unit"),
        resolution=duration(body, "event_resolution"),
        timezone=text(body, "timezone"),
        asset_id=integer(body, "generic_asset_id"),
        attributes=embedded(body, "attributes"),
    )


def sensor_data(data: JsonValue, sensor_id: int) -> SensorData:
    """Read a window of values.

    A server that states no resolution (or zero, for instantaneous readings) still chose a grid:
    its values are evenly spread over the window.
    """
    body = as_object(data)
    values = numbers(body, "values")
    resolution = duration(body, "resolution") if "resolution" in body else timedelta()
    if not resolution:
        resolution = duration(body, "duration") / max(len(values), 1)
    return SensorData(
        sensor_id=sensor_id,
        start=moment(body, "start"),
        resolution=resolution,
        unit=text(body, "unit"),
        values=values,
    )


def posted_job(data: JsonValue) -> str | None:
    """Read the receipt of posted data: the job that will store it, if any."""
    return optional_text(as_object(data), "job")


def triggered_job(data: JsonValue) -> str:
    """Read the answer to a trigger: servers before 1.0 call the job after what it makes."""
    body = as_object(data)
    return optional_text(body, "job") or optional_text(body, "forecast") or text(body, "schedule")


def forecast_parts(data: JsonValue) -> tuple[str, ...]:
    """Read which further jobs hold the forecast, one per period; none when it is in the answer itself."""
    parts = as_object(data).get("forecasts")
    return tuple(str(part) for part in as_list(parts)) if parts is not None else ()


def forecast(data: JsonValue, sensor: Sensor, forecast_id: str) -> SensorForecast:
    """Read a forecast of this sensor.

    The server leaves out what it does not know without saying when that was, so gaps cannot be told from the rest.
    """
    body = as_object(data)
    values = numbers(body, "values")
    if sensor.resolution and len(values) * sensor.resolution != duration(body, "duration"):
        raise ShapeError("values has gaps")
    return SensorForecast(
        sensor_id=sensor.id,
        forecast_id=forecast_id,
        start=moment(body, "start"),
        resolution=sensor.resolution or duration(body, "duration") / max(len(values), 1),
        unit=text(body, "unit"),
        values=values,
    )


def sensor_schedule(
    data: JsonValue, sensor_id: int, schedule_id: str, sign: SignConvention
) -> SensorSchedule:
    """Read a schedule that was requested with this sign convention."""
    body = as_object(data)
    values = numbers(body, "values")
    if not values:
        raise ShapeError("values is empty")
    info = as_object(body.get("scheduler_info") or {})
    costs = as_object(info.get("commitment_costs") or {})
    return SensorSchedule(
        sensor_id=sensor_id,
        schedule_id=schedule_id,
        start=moment(body, "start"),
        resolution=_schedule_resolution(duration(body, "duration"), len(values)),
        unit=text(body, "unit"),
        sign=sign,
        values=values,
        scheduler=optional_text(info, "scheduler"),
        commitment_costs={
            name: cost
            for name, value in costs.items()
            if (cost := as_number(value, "commitment_costs")) is not None
        },
    )


def _schedule_resolution(length: timedelta, count: int) -> timedelta:
    """Return the step of `count` values over `length`.

    A state-of-charge sensor has one value more than there are steps (both ends of the window). The answer does
    not say so, hence: when `count` steps do not fit the hours of a clock and one less does, it is such a sensor.
    """
    if count > 1 and not _fits_clock(length / count) and _fits_clock(length / (count - 1)):
        return length / (count - 1)
    return length / count


def _fits_clock(step: timedelta) -> bool:
    return bool(step) and (not _HOUR % step or not step % _HOUR)


def job(data: JsonValue, job_id: str) -> Job:
    """Read a job; its status is in the body, whatever the HTTP status says."""
    body = as_object(data)
    try:
        status = JobStatus(text(body, "status").upper())
    except ValueError as error:
        if isinstance(error, ShapeError):
            raise
        raise ShapeError("status is none that a job can have") from None
    result = body.get("result")
    result = result if isinstance(result, dict) else {}
    return Job(
        id=job_id,
        status=status,
        message=shortened(optional_text(body, "message") or ""),
        unresolved=_objects(result.get("unresolved")),
        resolved=_objects(result.get("resolved")),
        failure=_last_line(
            optional_text(body, "exc-info") or optional_text(body, "exc_info") or ""
        ),
    )


def is_job(data: JsonValue) -> bool:
    """Tell whether an error answer is in fact a failed job."""
    status = data.get("status") if isinstance(data, dict) else None
    return isinstance(status, str) and status.upper() in JobStatus


def _objects(value: JsonValue) -> tuple[JsonObject, ...]:
    return (
        tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()
    )


def _last_line(traceback: str) -> str:
    lines = traceback[-4_000:].split("\n")
    return next((shortened(line) for line in reversed(lines) if line.strip()), "")
