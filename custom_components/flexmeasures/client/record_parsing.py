"""The JSON edge for what the server keeps beside values."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
import re

from .answers import shortened
from .models import JsonObject, JsonValue
from .records import (
    Annotation,
    AssetJob,
    DataSource,
    KeyFigure,
    SensorStatus,
    SourceStatistics,
)
from .shapes import (
    ShapeError,
    as_list,
    as_object,
    duration,
    embedded,
    integer,
    list_of,
    moment,
    optional_integer,
    optional_moment,
    optional_number,
    optional_text,
    text,
    truth,
)

_SOURCE = re.compile(r"(?P<name>.*) \(ID: (?P<id>\d{1,18})\)", re.DOTALL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sources(data: JsonValue) -> tuple[DataSource, ...]:
    """Read the list of data sources."""
    return list_of(_source)(as_object(data).get("sources"))


def statistics(data: JsonValue) -> tuple[SourceStatistics, ...]:
    """Read a sensor's statistics: one object per source, beside the server's own status."""
    return tuple(
        _source_statistics(label, body)
        for label, body in as_object(data).items()
        if isinstance(body, dict)
    )


def statuses(data: JsonValue) -> tuple[SensorStatus, ...]:
    """Read a sensor's statuses; older servers send the bare list."""
    rows = data if isinstance(data, list) else as_object(data).get("sensors_data")
    return list_of(_status)(rows)


def annotation(data: JsonValue) -> Annotation:
    """Read an annotation that was just added."""
    body = as_object(data)
    return Annotation(
        id=integer(body, "id"),
        content=text(body, "content"),
        start=moment(body, "start"),
        end=moment(body, "end"),
        type=text(body, "type"),
        recorded_at=optional_moment(body, "prior"),
    )


def chart_annotations(data: JsonValue) -> tuple[Annotation, ...]:
    """Read annotations as they are made for a chart: milliseconds, and text broken into lines."""
    return list_of(_chart_annotation)(data)


def key_figures(data: JsonValue) -> tuple[KeyFigure, ...]:
    """Read an asset's key figures."""
    return list_of(_key_figure)(as_object(data).get("data"))


def asset_jobs(data: JsonValue) -> tuple[AssetJob, ...]:
    """Read an asset's recent jobs."""
    return list_of(_asset_job)(as_object(data).get("jobs"))


def _source(data: JsonValue) -> DataSource:
    body = as_object(data)
    return DataSource(
        id=integer(body, "id"),
        name=text(body, "name"),
        type=text(body, "type"),
        description=optional_text(body, "description") or "",
        model=optional_text(body, "model"),
        version=optional_text(body, "version"),
        account_id=optional_integer(body, "account_id"),
        user_id=optional_integer(body, "user_id"),
    )


def _source_statistics(label: str, body: JsonObject) -> SourceStatistics:
    found = _SOURCE.fullmatch(label)
    return SourceStatistics(
        source=found["name"] if found else label,
        source_id=int(found["id"]) if found else None,
        first_event_start=optional_moment(body, "First event start"),
        last_event_end=optional_moment(body, "Last event end"),
        last_recorded=optional_moment(body, "Last recorded"),
        minimum=optional_number(body, "Min value"),
        maximum=optional_number(body, "Max value"),
        mean=optional_number(body, "Mean value"),
        total=optional_number(body, "Sum over values"),
        count=integer(body, "Number of values"),
    )


def _status(data: JsonValue) -> SensorStatus:
    body = as_object(data)
    return SensorStatus(
        sensor_id=integer(body, "id"),
        source_type=optional_text(body, "source_type"),
        stale=truth(body, "stale"),
        staleness=None if body.get("staleness") is None else duration(body, "staleness"),
        stale_since=optional_moment(body, "staleness_since"),
        reason=optional_text(body, "reason") or "",
    )


def _chart_annotation(data: JsonValue) -> Annotation:
    body = as_object(data)
    recorded_at = body.get("belief_time")
    return Annotation(
        id=None,
        content=" ".join(str(line) for line in as_list(body.get("content"))),
        start=_since_epoch(body, "start"),
        end=_since_epoch(body, "end"),
        type=text(body, "type"),
        recorded_at=None if recorded_at is None else _since_epoch(body, "belief_time"),
    )


def _since_epoch(body: JsonObject, key: str) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=integer(body, key))
    except OverflowError:
        raise ShapeError(f"{key} is no moment") from None


def _key_figure(data: JsonValue) -> KeyFigure:
    body = as_object(data)
    return KeyFigure(
        sensor_id=integer(body, "sensor"),
        title=text(body, "title"),
        unit=text(body, "unit"),
        function=text(body, "downsample_function"),
        value=optional_number(body, "downsample_value"),
    )


def _asset_job(data: JsonValue) -> AssetJob:
    body = as_object(data)
    return AssetJob(
        id=text(body, "job_id"),
        queue=text(body, "queue"),
        status=text(body, "status"),
        entity=optional_text(body, "entity") or "",
        enqueued_at=_http_date(optional_text(body, "enqueued_at")),
        error=shortened(optional_text(body, "err") or ""),
        details=embedded(body, "metadata"),
    )


def _http_date(value: str | None) -> datetime | None:
    """Return a moment that is written as in HTTP headers; what cannot be read is not known."""
    try:
        found = parsedate_to_datetime(value or "")
    except ValueError, OverflowError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
