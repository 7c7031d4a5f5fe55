"""Intervals to put into an outbox, in the words of the tests."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from custom_components.flexmeasures.measurements import Interval
from custom_components.flexmeasures.measurements.outbox import Outbox
from custom_components.flexmeasures.measurements.outbox_models import Block, Priority

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
INSTANTANEOUS = timedelta()

type Row = tuple[int, timedelta, Interval]


def row(sensor: int, start: datetime, value: float | None, resolution: timedelta = QUARTER) -> Row:
    """Return an interval as the outbox takes it."""
    return sensor, resolution, Interval(start=start, value=value, coverage=1.0)


def quarters(sensor: int, *values: float | None, start: datetime = NOON) -> list[Row]:
    """Return quarter-hours one after another, by default from noon on."""
    return [row(sensor, start + index * QUARTER, value) for index, value in enumerate(values)]


def record(
    outbox: Outbox,
    *rows: Row,
    now: datetime = NOON,
    priority: Priority = Priority.LIVE,
) -> None:
    """Record the rows at noon."""
    outbox.record(rows, now=now, priority=priority)


def quarters_block(
    sensor: int,
    *values: float | None,
    start: datetime = NOON,
    priority: Priority = Priority.LIVE,
) -> Block:
    """Return a block of quarter-hours, by default from noon on."""
    return Block(
        sensor_id=sensor, start=start, resolution=QUARTER, priority=priority, values=values
    )


def waiting(outbox: Outbox) -> dict[tuple[int, datetime], float]:
    """Return all that is unsent of the sensors that are not parked, and take it out."""
    found: dict[tuple[int, datetime], float] = {}
    while blocks := outbox.blocks(maximum_values=1000):
        for block in blocks:
            found |= intervals(block)
        outbox.confirm(*blocks, now=NOON)
    return found


def intervals(block: Block) -> dict[tuple[int, datetime], float]:
    """Return what the block delivers."""
    return {
        (block.sensor_id, block.start + index * block.step): value
        for index, value in enumerate(block.values)
        if value is not None
    }


def starts(blocks: Iterable[Block]) -> list[tuple[int, datetime]]:
    """Return sensor and start of each block."""
    return [(block.sensor_id, block.start) for block in blocks]
