"""What events of a calendar ask of a car: "80 %" in an event means to have that much when it begins."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
import re

from .electric_vehicle import Departure

# One to three digits before a per cent sign, with or without space; "180 %" and "-5 %" are no state of charge.
_STATE_OF_CHARGE = re.compile(r"(?<![\d.,-])(\d{1,3}(?:[.,]\d+)?)\s?%")
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An event as a calendar tells it.

    Attributes:
        start: aware.
        end: aware; not before the start.
        text: its title and description.
    """

    start: datetime
    end: datetime
    text: str


def departures_of(events: Iterable[CalendarEvent], now: datetime) -> tuple[Departure, ...]:
    """Return what the events that begin after now ask for, in order of time; an event without a number asks for nothing.

    While an event lasts the car is taken to be away.

    Args:
        events: in any order.
        now: aware.
    """
    found = []
    for event in events:
        share = state_of_charge_in(event.text)
        if share is None or event.start <= now:
            continue
        returns_at = event.end if event.end > event.start else None
        found.append(Departure(time=event.start, state_of_charge=share, returns_at=returns_at))
    return tuple(sorted(found, key=lambda departure: departure.time))


def state_of_charge_in(text: str) -> float | None:
    """Return the first state of charge in a text as a share (0 to 1); None without one.

    A number above 100 % is no state of charge.
    """
    for match in _STATE_OF_CHARGE.finditer(text):
        percentage = float(match[1].replace(",", "."))
        if percentage <= _PERCENT:
            return percentage / _PERCENT
    return None
