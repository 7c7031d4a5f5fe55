"""Readings that an accumulator gets, and the slots that it closes, in minutes after noon."""

from datetime import UTC, datetime, timedelta

from custom_components.flexmeasures.measurements import Accumulator

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)


def feed(accumulator: Accumulator, *readings: tuple[float, float | None]) -> None:
    """Add readings at minutes after noon."""
    for minutes, value in readings:
        accumulator.add(NOON + minutes * MINUTE, value)


def closed(accumulator: Accumulator, minutes: float) -> list[tuple[float, float | None, float]]:
    """Return what is closed at so many minutes after noon: start in minutes after noon, value, coverage."""
    return [
        ((slot.start - NOON) / MINUTE, slot.value, slot.coverage)
        for slot in accumulator.close(NOON + minutes * MINUTE)
    ]


def counted(accumulator: Accumulator, minutes: float) -> list[tuple[float, float | None, float]]:
    """Return what is closed, to nine digits: differences of what a counter shows are not exact."""
    return [
        (start, None if value is None else round(value, 9), round(coverage, 9))
        for start, value, coverage in closed(accumulator, minutes)
    ]
