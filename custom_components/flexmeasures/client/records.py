"""What FlexMeasures keeps about assets and sensors beside their values, as frozen typed data."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .models import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """Who or what recorded values: a user, a scheduler, a forecaster and so on.

    Attributes:
        type: ``user``, ``scheduler``, ``forecaster``, ``reporter``, or what a plug-in calls its own.
        model: which scheduler or forecaster; None for people.
        version: of the model.
        account_id: whose source; None for one that serves all.
    """

    id: int
    name: str
    type: str
    description: str = ""
    model: str | None = None
    version: str | None = None
    account_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatistics:
    """What one source recorded on a sensor, in the sensor's own unit and sign convention.

    Attributes:
        source: name of the source.
        source_id: None when the server does not tell.
        first_event_start: begin of the first interval; None when there is none.
        last_event_end: end of the last interval.
        last_recorded: when the newest value became known.
        minimum: smallest value; None when there are only gaps.
        maximum: largest value.
        mean: average over values, not over time.
        total: sum over values, not an integral over time.
        count: number of values.
    """

    source: str
    source_id: int | None
    first_event_start: datetime | None
    last_event_end: datetime | None
    last_recorded: datetime | None
    minimum: float | None
    maximum: float | None
    mean: float | None
    total: float | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorStatus:
    """Whether the newest values of one kind of source are as new as the server expects.

    Attributes:
        source_type: the kind of source; None when nothing was recorded yet.
        stale: True when they are too old.
        staleness: how old they are; for forecasts and prices, how far they reach into the future.
        stale_since: the moment from which on ``staleness`` counts.
        reason: the server's own sentence.
    """

    sensor_id: int
    source_type: str | None
    stale: bool
    staleness: timedelta | None
    stale_since: datetime | None
    reason: str


class AnnotationType(StrEnum):
    """What an annotation is for."""

    ALERT = "alert"
    ERROR = "error"
    FEEDBACK = "feedback"
    HOLIDAY = "holiday"
    LABEL = "label"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A note about a span of time on an asset, a sensor or an account.

    Attributes:
        id: None for one that was read from a chart, which does not tell.
        type: as in `AnnotationType`, or what a newer server has more.
        recorded_at: when it was known; None when that was not said.
    """

    id: int | None
    content: str
    start: datetime
    end: datetime
    type: str
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """A sensor's values over a span of time in one number, rounded to two decimals by the server.

    Attributes:
        unit: of the sensor.
        function: how its values became one: ``sum``, ``mean``, ``min`` or ``max``.
    """

    sensor_id: int
    title: str
    unit: str
    function: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetJob:
    """A recent job of an asset or of one of its sensors, as the asset's page lists it.

    Attributes:
        queue: ``scheduling``, ``forecasting`` or ``ingestion``.
        status: in the words of the queue: ``finished``, ``failed``, ``queued`` …
        entity: what it was for, in words for people.
        error: why it failed; empty for a job that did not.
        details: what the job was asked to do and said about it.
    """

    id: str
    queue: str
    status: str
    entity: str
    enqueued_at: datetime | None
    error: str = ""
    details: JsonObject = field(default_factory=dict)
