"""What FlexMeasures tells us, as frozen typed data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

type JsonValue = str | int | float | bool | list["JsonValue"] | dict[str, "JsonValue"] | None
type JsonObject = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerVersions:
    """What the public discovery endpoint says.

    Attributes:
        server: version of FlexMeasures, such as ``1.0.1``; None when the server does not tell.
        apis: API versions it serves, such as ``("v3_0",)``.
    """

    server: str | None
    apis: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Readiness of the server: its own checks by name, each True when healthy."""

    ready: bool
    checks: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The signed-in user."""

    id: int
    email: str
    username: str
    account_id: int
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the server: who owns assets and users."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetType:
    """A kind of asset; its id differs from server to server, its name does not."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A FlexMeasures asset: a site, a device, or a group of them.

    Attributes:
        account_id: None for a public asset.
        parent_id: None for a top-level asset.
        description: words for people; empty when there are none.
        external_id: the asset's name in another system.
        latitude: degrees north.
        longitude: degrees east.
        flex_context: what the server stores for scheduling, in FlexMeasures' own field names.
        flex_model: what the server stores for scheduling, in FlexMeasures' own field names.
        attributes: anything that somebody keeps there.
        sensors_to_show: the graphs of the asset's page, as the server describes them.
        sensors_to_show_as_kpis: what `get_kpis` summarises, as the server describes it.
    """

    id: int
    name: str
    type_name: str
    account_id: int | None
    parent_id: int | None
    description: str = ""
    external_id: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    flex_context: JsonObject = field(default_factory=dict)
    flex_model: JsonObject = field(default_factory=dict)
    attributes: JsonObject = field(default_factory=dict)
    sensors_to_show: tuple[JsonValue, ...] = ()
    sensors_to_show_as_kpis: tuple[JsonValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A FlexMeasures sensor: a time series of one quantity on one asset.

    Attributes:
        unit: as FlexMeasures writes it: ``kW``, ``EUR/MWh``, ``%``, ``°C`` …
        resolution: length of one interval; zero for instantaneous readings.
    """

    id: int
    name: str
    unit: str
    resolution: timedelta
    timezone: str
    asset_id: int
    attributes: JsonObject = field(default_factory=dict)

    @property
    def is_instantaneous(self) -> bool:
        """True when values hold for a moment instead of an interval."""
        return not self.resolution

    @property
    def consumption_is_positive(self) -> bool:
        """Sign of stored power: True when consumption is stored positive (the server's default is False)."""
        return self.attributes.get("consumption_is_positive") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorData:
    """Values of one sensor as the server stores them: in the sensor's own sign convention.

    Attributes:
        values: one per interval of ``resolution`` from ``start``; None where nothing is known.
    """

    sensor_id: int
    start: datetime
    resolution: timedelta
    unit: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorTable:
    """Values of several sensors side by side, on one grid.

    Attributes:
        start: of the first row.
        resolution: from row to row.
        columns: one per sensor, in the order in which they were asked for; each states its unit.
    """

    start: datetime
    resolution: timedelta
    columns: tuple[SensorData, ...]

    def rows(self) -> Iterator[tuple[datetime, tuple[float | None, ...]]]:
        """Yield the moment at which each interval begins, and one value per sensor."""
        for index, row in enumerate(zip(*(column.values for column in self.columns), strict=True)):
            yield self.start + index * self.resolution, row


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedData:
    """The server's receipt for posted values.

    Attributes:
        job_id: the ingestion job that still has to store them; None when they are stored already.
    """

    job_id: str | None


class SignConvention(StrEnum):
    """Which direction of power a positive number means."""

    CONSUMPTION_POSITIVE = "consumption-positive"
    PRODUCTION_POSITIVE = "production-positive"


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSchedule:
    """A computed schedule for one sensor, with unit and sign as requested from the server.

    Attributes:
        values: one per step of ``resolution`` from ``start``; None where the server has none.
        commitment_costs: cost per commitment, in the currency of the prices.
    """

    sensor_id: int
    schedule_id: str
    start: datetime
    resolution: timedelta
    unit: str
    sign: SignConvention
    values: tuple[float | None, ...]
    scheduler: str | None = None
    commitment_costs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorForecast:
    """A forecast for one sensor, in the sensor's own unit and sign convention.

    Attributes:
        values: one per interval of ``resolution`` from ``start``; None where there is no forecast.
    """

    sensor_id: int
    forecast_id: str
    start: datetime
    resolution: timedelta
    unit: str
    values: tuple[float | None, ...]


class JobStatus(StrEnum):
    """The states of a job on the server."""

    QUEUED = "QUEUED"
    STARTED = "STARTED"
    DEFERRED = "DEFERRED"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    CANCELED = "CANCELED"

    @property
    def has_ended(self) -> bool:
        """True when the job will not change any more."""
        return self in {self.FINISHED, self.FAILED, self.STOPPED, self.CANCELED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of the server: ingestion, schedule or forecast.

    Attributes:
        message: the server's own sentence, shortened.
        unresolved: constraints that the schedule could not keep, as the server lists them.
        resolved: constraints that it kept, with their margin.
        failure: last line of what went wrong on the server, shortened; empty for a job that did not fail.
    """

    id: str
    status: JobStatus
    message: str = ""
    unresolved: tuple[JsonObject, ...] = ()
    resolved: tuple[JsonObject, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleResult:
    """A finished schedule job: the job's findings and one schedule per requested sensor."""

    job: Job
    schedules: tuple[SensorSchedule, ...]

    def for_sensor(self, sensor_id: int) -> SensorSchedule:
        """Return the schedule of one of the requested sensors.

        Raises:
            KeyError: it was not requested.
        """
        for schedule in self.schedules:
            if schedule.sensor_id == sensor_id:
                return schedule
        raise KeyError(sensor_id)
