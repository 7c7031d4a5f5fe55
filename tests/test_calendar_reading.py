"""A car's calendar: events as Home Assistant tells them, and as the car has to be ready."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.flexmeasures.calendar_reading import async_read_departures
from custom_components.flexmeasures.flexible_device import FlexibleDevice
from custom_components.flexmeasures.scheduling import Departure

from .conftest import make_entry
from .planning import car

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CALENDAR = "calendar.car"


@pytest.fixture
def calls(hass: HomeAssistant) -> list[ServiceCall]:
    """Return how the calendar was asked; what it answers is the first call's `answer`."""
    return []


def answer_with(hass: HomeAssistant, calls: list[ServiceCall], answer: Any) -> None:
    """Let the calendar answer so."""

    async def get_events(call: ServiceCall) -> Any:
        calls.append(call)
        if isinstance(answer, Exception):
            raise answer
        return answer

    hass.services.async_register(
        "calendar", "get_events", get_events, supports_response=SupportsResponse.ONLY
    )


async def read(hass: HomeAssistant, **settings: object) -> tuple[Departure, ...]:
    """Return what the car's calendar asks for within a day."""
    entry = make_entry(car(**settings))
    device = FlexibleDevice.from_subentry(next(iter(entry.subentries.values())))
    return await async_read_departures(
        hass, device, now=NOW, until=NOW + DAY, zone=ZoneInfo("Europe/Amsterdam")
    )


async def test_a_car_without_a_calendar_asks_nobody(
    hass: HomeAssistant, calls: list[ServiceCall]
) -> None:
    answer_with(hass, calls, {})

    assert await read(hass) == ()
    assert calls == []


async def test_events_with_a_state_of_charge_become_departures(
    hass: HomeAssistant, calls: list[ServiceCall]
) -> None:
    events = [
        {
            "start": "2026-11-25T07:30:00+01:00",
            "end": "2026-11-25T17:00:00+01:00",
            "summary": "Work 80%",
        },
        # A whole day begins at midnight on the wall.
        {
            "start": "2026-11-25",
            "end": "2026-11-26",
            "summary": "Trip",
            "description": "needs 95 %",
        },
        {"start": "2026-11-25 08:00:00", "end": "2026-11-25 09:00:00", "summary": "Dentist"},
    ]
    answer_with(hass, calls, {CALENDAR: {"events": events}})

    departures = await read(hass, calendar_entity=CALENDAR)

    assert departures == (
        Departure(
            time=datetime(2026, 11, 24, 23, 0, tzinfo=UTC),
            state_of_charge=0.95,
            returns_at=datetime(2026, 11, 25, 23, 0, tzinfo=UTC),
        ),
        Departure(
            time=datetime(2026, 11, 25, 6, 30, tzinfo=UTC),
            state_of_charge=0.8,
            returns_at=datetime(2026, 11, 25, 16, 0, tzinfo=UTC),
        ),
    )
    assert calls[0].data == {
        "entity_id": CALENDAR,
        "start_date_time": "2026-11-24T20:00:00+00:00",
        "end_date_time": "2026-11-25T20:00:00+00:00",
    }


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {CALENDAR: None},
        {CALENDAR: {}},
        {CALENDAR: {"events": [{"start": "soon", "end": "later"}]}},
        {CALENDAR: {"events": [{"summary": "no time"}]}},
        HomeAssistantError("offline"),
        RuntimeError("a defect of another integration"),
    ],
)
async def test_a_calendar_that_does_not_tell_is_not_taken_for_an_empty_one(
    hass: HomeAssistant, calls: list[ServiceCall], answer: Any
) -> None:
    answer_with(hass, calls, answer)

    with pytest.raises(HomeAssistantError) as raised:
        await read(hass, calendar_entity=CALENDAR)

    assert raised.value.translation_key == "calendar_unknown"
    assert raised.value.translation_placeholders == {"entity": CALENDAR}


async def test_without_any_calendar_integration_the_reason_is_told(hass: HomeAssistant) -> None:
    with pytest.raises(HomeAssistantError) as raised:
        await read(hass, calendar_entity=CALENDAR)

    assert raised.value.translation_key == "calendar_unknown"
    assert raised.value.translation_placeholders == {"entity": CALENDAR}
