"""The action that sends history, answered with what was read."""

from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import probatio

from .backfill import Backfill, BackfillError
from .const import DOMAIN
from .data import FlexMeasuresData
from .history import has_recorder
from .service_answers import local
from .service_fields import SENSOR_IDS, time_of
from .service_targets import SITE, data_of, refused

BACKFILL: Final = probatio.Schema(
    {
        **SITE,
        probatio.Optional("sensors"): SENSOR_IDS,
        probatio.Optional("start"): object,
        probatio.Optional("end"): object,
    }
)


async def async_backfill(call: ServiceCall) -> ServiceResponse:
    """Send the history of feeds; whoever wants the answer waits until all of it is in the outbox."""
    backfill = ready_backfill(call.hass, data_of(call))
    sensor_ids = _sensors(call, backfill)
    start, end = time_of(call, "start"), time_of(call, "end")
    now = dt_util.utcnow()
    if start is not None and start >= min(end or now, now):
        raise refused("start", "nothing_before_end", value=str(call.data["start"]))
    await backfill.async_ask(sensor_ids, start, end)
    if not call.return_response:
        return None
    try:
        await backfill.async_finished(sensor_ids)
    except BackfillError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="history_not_sent",
            translation_placeholders={"message": str(error)},
        ) from error
    return {"sensors": [_progress_of(backfill, sensor_id) for sensor_id in sensor_ids]}


def ready_backfill(hass: HomeAssistant, data: FlexMeasuresData) -> Backfill:
    """Return what sends the entry's history.

    Raises:
        ServiceValidationError: there is none, because nothing is measured or nothing was recorded.
    """
    if data.backfill is None or not data.backfill.feeds:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="nothing_is_measured"
        )
    if not has_recorder(hass):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recorder")
    return data.backfill


def _sensors(call: ServiceCall, backfill: Backfill) -> list[int]:
    """Return the sensors that are named, or all that get measurements."""
    named: list[int] = call.data.get("sensors", list(backfill.feeds))
    for sensor_id in named:
        if sensor_id not in backfill.feeds:
            raise refused("sensors", "sensor_not_measured", value=str(sensor_id))
    return named


def _progress_of(backfill: Backfill, sensor_id: int) -> JsonObjectType:
    done = backfill.progress[sensor_id]
    return {
        "sensor": sensor_id,
        "measurement": backfill.feeds[sensor_id].title,
        "days": done.days_done,
        "intervals": done.intervals,
        "first": local(done.first),
        "last": local(done.last),
    }
