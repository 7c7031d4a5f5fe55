"""What the events of a calendar ask of a car."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo

from homeassistant.components.calendar import DOMAIN as CALENDAR_DOMAIN, SERVICE_GET_EVENTS
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, ServiceResponse
from homeassistant.exceptions import HomeAssistantError

from .const import CONF_CALENDAR_ENTITY, DOMAIN, LOGGER
from .flexible_device import FlexibleDevice
from .followed_entities import resolve_entity_id
from .scheduling import CalendarEvent, Departure, departures_of

# A calendar on the internet; a plan without what it asks for would leave the car empty, so it is waited for.
_LONGEST_WAIT_SECONDS = 20


async def async_read_departures(
    hass: HomeAssistant, device: FlexibleDevice, *, now: datetime, until: datetime, zone: tzinfo
) -> tuple[Departure, ...]:
    """Return what the device's calendar asks for until a time; nothing for a device without one.

    Args:
        hass: has the calendar.
        device: may name a calendar.
        now: aware.
        until: aware.
        zone: in which a day without a time of day begins.

    Raises:
        HomeAssistantError: the calendar does not answer; what it asks for is not known.
    """
    entity = device.settings.get(CONF_CALENDAR_ENTITY)
    if entity is None:
        return ()
    entity_id = resolve_entity_id(hass, entity)
    try:
        answer = await _async_ask(hass, entity_id, now, until)
        return departures_of(_events(answer, entity_id, zone), now)
    except Exception as error:
        # The calendar is another integration's, whose code may raise, and answer, anything.
        LOGGER.debug("%s tells no events", entity_id, exc_info=True)
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="calendar_unknown",
            translation_placeholders={"entity": entity_id},
        ) from error


async def _async_ask(
    hass: HomeAssistant, entity_id: str, now: datetime, until: datetime
) -> ServiceResponse:
    async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
        return await hass.services.async_call(
            CALENDAR_DOMAIN,
            SERVICE_GET_EVENTS,
            {
                ATTR_ENTITY_ID: entity_id,
                "start_date_time": now.isoformat(),
                "end_date_time": until.isoformat(),
            },
            blocking=True,
            return_response=True,
        )


def _events(answer: object, entity_id: str, zone: tzinfo) -> Iterator[CalendarEvent]:
    match answer:
        case {**calendars} if isinstance(found := calendars.get(entity_id), dict):
            events = found["events"]
        case _:
            raise ValueError("the calendar is not in the answer")
    for event in events:
        yield CalendarEvent(
            start=_moment(event["start"], zone),
            end=_moment(event["end"], zone),
            text=f"{event.get('summary') or ''}\n{event.get('description') or ''}",
        )


def _moment(text: str, zone: tzinfo) -> datetime:
    """Return when an event begins or ends, in UTC; a day begins at midnight in the zone.

    Raises:
        ValueError: it is no time.
    """
    if "T" not in text and " " not in text:
        return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
