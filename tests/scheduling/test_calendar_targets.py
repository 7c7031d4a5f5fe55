"""Calendar events as departures of a car."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flexmeasures.scheduling.calendar_targets import (
    CalendarEvent,
    departures_of,
    state_of_charge_in,
)
from custom_components.flexmeasures.scheduling.electric_vehicle import Departure

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("80 %", 0.8),
        ("Grandmother, 80%", 0.8),
        ("Ski trip\nleave with 100 % please", 1.0),
        ("62,5 % is enough", 0.625),
        ("62.5%", 0.625),
        ("0 %", 0.0),
        ("180 % sure that 90 % do", 0.9),
        ("Dentist", None),
        ("80 km", None),
        ("-5 %", None),
        ("1080 %", None),
        ("", None),
    ],
)
def test_a_state_of_charge_is_a_number_before_a_per_cent_sign(
    text: str, share: float | None
) -> None:
    assert state_of_charge_in(text) == share


def test_events_to_come_are_departures_in_order_of_time_and_the_car_is_away_while_they_last() -> (
    None
):
    events = (
        CalendarEvent(NOW + 20 * HOUR, NOW + 23 * HOUR, "Sports 60 %"),
        CalendarEvent(NOW + 11 * HOUR, NOW + 11 * HOUR, "Work 80 %"),
        CalendarEvent(NOW + 12 * HOUR, NOW + 13 * HOUR, "Dentist"),
        CalendarEvent(NOW - HOUR, NOW + HOUR, "Under way 90 %"),
    )

    assert departures_of(events, NOW) == (
        Departure(time=NOW + 11 * HOUR, state_of_charge=0.8),
        Departure(time=NOW + 20 * HOUR, state_of_charge=0.6, returns_at=NOW + 23 * HOUR),
    )
