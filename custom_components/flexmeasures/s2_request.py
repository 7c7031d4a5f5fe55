"""What S2 devices add to the one request for a site's plans; nothing here brings the room for S2."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

from .client import JsonObject, JsonValue
from .plan_models import Baseline
from .scheduling import Finding, Schedule

if TYPE_CHECKING:
    from .client import Sensor
    from .s2.control_types import Series, SeriesKind

# Names the sensor of a group's power: the server writes it.
_GROUP: Final = "group"

type ExpectEnergies = Callable[[Mapping[str, Schedule]], tuple[float | None, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class S2Request:
    """What one S2 device adds.

    Attributes:
        flex_models: its entries of the flex-model.
        actuators: the sensor of power of each actuator that the server plans, by the actuator's id; what burns fuel is
            planned beside it, and no electric power that anybody follows.
        context: lists that go behind those of the flex-context's fields.
        series: values that have to be stored before.
        sensor_of: id of the sensor that a series is stored on, by its kind.
        placed: W per step of the planned time, consumption positive, of a device that places its own programmes.
        available: W per step that the device forecasts of what can be curtailed, positive; empty where it forecasts nothing.
        forecast_sensor: id of the sensor on which others forecast the same; None where nobody does.
        findings: what stands in the way of what it wants, or was understood with a reservation.
        baseline: what it would do without a plan.
        price_at_once: of a kWh of its programmes if they ran as soon as they could; None where that is not known.
        expect: returns the kWh expected at the borders of steps of such schedules; None for what stores nothing.
    """

    flex_models: tuple[JsonObject, ...] = ()
    actuators: Mapping[str, Sensor]
    context: Mapping[str, list[JsonValue]]
    series: tuple[Series, ...] = ()
    sensor_of: Mapping[SeriesKind, int]
    placed: tuple[float | None, ...] = ()
    available: tuple[float | None, ...] = ()
    forecast_sensor: int | None = None
    findings: tuple[Finding, ...] = ()
    baseline: Baseline = Baseline.UNKNOWN
    price_at_once: float | None = None
    expect: ExpectEnergies | None = None

    @property
    def is_planned(self) -> bool:
        """Tell whether there is a plan for it; what cannot be controlled only counts for the others."""
        return bool(self.actuators or self.placed)

    @property
    def is_grouped(self) -> bool:
        """Tell whether the server plans several actuators within a limit of them all, and stores their power together."""
        return any(_GROUP in model for model in self.flex_models)

    @property
    def reads_more(self) -> bool:
        """Tell whether the server plans with what lies on a sensor and was not told by the device."""
        stored = {self.sensor_of[each.kind] for each in self.series}
        read = {
            value["sensor"]
            for model in self.flex_models
            for field, value in model.items()
            if field != _GROUP and isinstance(value, dict) and "sensor" in value
        }
        return not read <= {*stored, *_expected_on(self.flex_models)}

    def is_same(self, before: S2Request, start: datetime, end: datetime, *, has_path: bool) -> bool:
        """Tell whether a new plan for the time from start to end would know nothing that the plan before did not.

        Args:
            before: as the plan in force was asked for.
            start: from which on both are to say the same.
            end: until then.
            has_path: whether the energy that is stored is compared with the plan's expectation instead.
        """
        ignored = {"soc-at-start"} if has_path else frozenset[str]()
        return (
            (self.actuators, self.context) == (before.actuators, before.context)
            and _within(self.flex_models, start, end, ignored)
            == _within(before.flex_models, start, end, ignored)
            and _values(self.series, start, end) == _values(before.series, start, end)
        )


def _expected_on(models: Iterable[JsonObject]) -> Iterator[JsonValue]:
    """Yield the sensors on which the server notes what it expects itself."""
    for model in models:
        noted = model.get("state-of-charge")
        if isinstance(noted, dict):
            yield noted.get("sensor")


def joined_context(
    requests: Iterable[S2Request], chosen: JsonObject | None, stored: JsonObject
) -> JsonObject | None:
    """Return a flex-context with the devices' lists in it; a field that is sent replaces what the site stores."""
    joined: JsonObject = dict(chosen or {})
    for request in requests:
        for field, values in request.context.items():
            before = joined.get(field, stored.get(field))
            joined[field] = [*(before if isinstance(before, list) else []), *values]
    return joined or chosen


def _within(
    models: Sequence[JsonObject], start: datetime, end: datetime, ignored: Iterable[str]
) -> list[dict[str, JsonValue]]:
    """Return entries with what they say of other times left out."""
    return [
        {
            field: _clipped(value, start, end) if isinstance(value, list) else value
            for field, value in model.items()
            if field not in ignored
        }
        for model in models
    ]


def _clipped(values: list[JsonValue], start: datetime, end: datetime) -> list[JsonValue]:
    clipped: list[JsonValue] = []
    for value in values:
        if not isinstance(value, dict) or not {"start", "end"} <= value.keys():
            clipped.append(value)
            continue
        begin = max(start, datetime.fromisoformat(cast("str", value["start"])))
        until = min(end, datetime.fromisoformat(cast("str", value["end"])))
        if begin < until:
            clipped.append({**value, "start": begin.isoformat(), "end": until.isoformat()})
    return clipped


def _values(
    series: Sequence[Series], start: datetime, end: datetime
) -> dict[tuple[str, datetime], float]:
    """Return what is foreseen of the time, by kind and begin of the step."""
    values: dict[tuple[str, datetime], float] = {}
    for each in series:
        for index, value in enumerate(each.values):
            begin = each.start + index * each.resolution
            if value is not None and start <= begin and begin + each.resolution <= end:
                values[each.kind, begin] = round(value, 6)
    return values
