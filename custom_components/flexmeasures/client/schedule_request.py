"""What a schedule trigger asks for, checked; and which sensors its schedule is written to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .durations import format_duration
from .errors import InvalidInputError
from .flex_data import FlexObject, flex_context_body, flex_model_body
from .inputs import (
    Length,
    Moment,
    checked_duration,
    checked_id,
    checked_length,
    checked_moment,
    moment_of,
)
from .models import Asset, JsonObject, JsonValue

type FlexModels = Sequence[FlexObject] | FlexObject
type FlexContexts = FlexObject | Sequence[FlexObject]

# Where the server writes the power of a device that is named by its asset.
_OUTPUTS = ("consumption", "production")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRequest:
    """A checked trigger.

    Attributes:
        models: one per device, in the server's field names; empty when they are stored on the server.
        body: as it is sent.
    """

    start: datetime
    duration: timedelta
    models: tuple[JsonObject, ...]
    body: Mapping[str, object]


def schedule_request(
    sensor_id: int | None,
    *,
    start: Moment,
    duration: Length,
    flex_model: FlexModels | None,
    flex_context: FlexContexts | None,
    prior: Moment | None,
    resolution: Length | None,
    force_new_job_creation: bool,
) -> ScheduleRequest:
    """Check a trigger; what is empty is left out. The flex-model of a single `sensor_id` need not name it."""
    begin, length = moment_of(start, "start"), checked_length(duration, "duration")
    models = flex_model_body(flex_model) if flex_model else []
    if sensor_id is not None:
        models = [_single_model(checked_id(sensor_id, "sensor_id"), models)]
    body: dict[str, object] = {"start": begin.isoformat(), "duration": format_duration(length)}
    if models:
        body["flex-model"] = models
    if flex_context:
        body["flex-context"] = flex_context_body(flex_context)
    if prior is not None:
        body["prior"] = checked_moment(prior, "prior")
    if resolution is not None:
        body["resolution"] = checked_duration(resolution, "resolution")
    if force_new_job_creation:
        body["force-new-job-creation"] = True
    return ScheduleRequest(start=begin, duration=length, models=tuple(models), body=body)


def output_sensors(models: Sequence[JsonObject], tree: Iterable[Asset]) -> tuple[int, ...]:
    """Return the power sensors that a schedule is written to, in the order of the devices.

    Args:
        models: of a request; when empty, all that are stored in the tree count.
        tree: the asset of the trigger and all below it, with their stored flex-models.
    """
    stored = {asset.id: asset.flex_model for asset in tree}
    found = (
        [_sensors_of(model, stored) for model in models]
        if models
        else [_named_sensors(model) for model in stored.values()]
    )
    return tuple(dict.fromkeys(sensor for sensors in found for sensor in sensors))


def needs_tree(models: Sequence[JsonObject]) -> bool:
    """Tell whether what the server stores says more about the devices than these models do."""
    return not models or any("sensor" not in model for model in models)


def single_device_by_sensor(request: ScheduleRequest, tree: Sequence[Asset]) -> ScheduleRequest:
    """Return the request with its device named by an output sensor, when there is only one and it is named by asset.

    FlexMeasures 1.0 fails (500) on a single device without a sensor, and computes the same for it with one.
    """
    models = request.models
    devices = {asset.id for asset in tree if asset.flex_model}
    devices |= {device for model in models if isinstance(device := model.get("asset"), int)}
    if len(devices) != 1 or len(models) > 1 or not needs_tree(models):
        return request
    outputs = output_sensors(models, tree)
    if not outputs:
        return request
    given = models[0] if models else {}
    model = {"sensor": outputs[0]} | {key: value for key, value in given.items() if key != "asset"}
    return replace(request, body={**request.body, "flex-model": [model]})


def _sensors_of(model: JsonObject, stored: Mapping[int, JsonObject]) -> list[int]:
    named = _named_sensors(model)
    asset = model.get("asset")
    if named or not isinstance(asset, int):
        return named
    return _named_sensors(stored.get(asset, {}))


def _named_sensors(model: JsonObject) -> list[int]:
    sensor = model.get("sensor")
    if isinstance(sensor, int):
        return [sensor]
    references = [model.get(output) for output in _OUTPUTS]
    return [sensor for reference in references if (sensor := _referenced(reference)) is not None]


def _referenced(reference: JsonValue) -> int | None:
    sensor = reference.get("sensor") if isinstance(reference, dict) else None
    return sensor if isinstance(sensor, int) else None


def _single_model(sensor_id: int, models: Sequence[JsonObject]) -> JsonObject:
    if len(models) > 1:
        raise InvalidInputError("flex_model", "must be a single one with sensor_id")
    model = models[0] if models else {}
    if model.get("sensor", sensor_id) != sensor_id or "asset" in model:
        raise InvalidInputError("flex_model", "names another device than sensor_id")
    return {"sensor": sensor_id, **model}
