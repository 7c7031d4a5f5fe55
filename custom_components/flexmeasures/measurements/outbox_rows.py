"""Between the outbox's rows, in seconds since 1970, and what its callers see."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
import math
import sqlite3

from .intervals import Interval
from .outbox_models import INSTANTANEOUS_STEP, Block, OutboxSensor, OutboxStatistics, Priority

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)

# Sensor, resolution in seconds, priority, unit.
type SeriesKey = tuple[int, int, int, str]
# Sensor, resolution and start in seconds.
type Slot = tuple[int, int, int]

_NEXT_SERIES = """
    SELECT series, sensor, resolution, priority, unit, oldest
    FROM waiting JOIN sensors ON sensors.id = sensor
    WHERE parked IS NULL AND oldest IS NOT NULL
    ORDER BY priority, oldest, sensor, series
"""
_VALUES = """
    SELECT (start - ?) / ?, value FROM intervals WHERE series = ? AND start < ? ORDER BY start
"""
_SENSORS = """
    SELECT sensors.id,
           COALESCE(SUM((SELECT COUNT(*) FROM intervals WHERE series = waiting.series)), 0),
           MIN(oldest), MIN(oldest) FILTER (WHERE priority = ?),
           recorded_until, confirmed_at, parked, audited_at
    FROM sensors LEFT JOIN waiting ON waiting.sensor = sensors.id
    GROUP BY sensors.id
"""
# CROSS keeps SQLite from looking at every row that was sent for the newest of each series.
_LAST_SENT = """
    SELECT sensor, start, value
    FROM series JOIN sent ON sent.series = series.id
        AND start = (SELECT MAX(start) FROM sent WHERE sent.series = series.id)
    ORDER BY start
"""
_TOTALS = """
    SELECT (SELECT COUNT(*) FROM intervals),
           (SELECT MIN(oldest) FROM waiting),
           (SELECT MAX(confirmed_at) FROM sensors)
"""


def seconds_of(time: datetime) -> int:
    """Return whole seconds since 1970.

    Raises:
        ValueError: the time is naive.
    """
    return _since_epoch(time) // _SECOND


def _since_epoch(time: datetime) -> timedelta:
    if time.utcoffset() is None:
        raise ValueError("the time needs a time zone")
    return time - _EPOCH


def time_of(seconds: int) -> datetime:
    """Return the time, in UTC, that lies so many seconds after 1970."""
    return _EPOCH + seconds * _SECOND


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else time_of(seconds)


def slot_and_value(row: tuple[int, timedelta, Interval]) -> tuple[Slot, float | None]:
    """Return where an interval belongs, and its value; what is not a finite number is a gap.

    Raises:
        ValueError: the start is naive or not on the sensor's grid, or the resolution is not in whole seconds.
    """
    sensor, resolution, interval = row
    if resolution < timedelta() or resolution % _SECOND:
        raise ValueError(f"a resolution in whole seconds is needed, not {resolution}")
    start = _since_epoch(interval.start)
    if start % (resolution or INSTANTANEOUS_STEP):
        raise ValueError(f"{interval.start} is not on the grid of {resolution}")
    is_number = interval.value is not None and math.isfinite(interval.value)
    slot = (sensor, resolution // _SECOND, start // _SECOND)
    return slot, interval.value if is_number else None


def rows_of(block: Block) -> list[tuple[int, float]]:
    """Return start and value of what a block delivers."""
    start = seconds_of(block.start)
    step = block.step // _SECOND
    return [
        (start + position * step, value)
        for position, value in enumerate(block.values)
        if value is not None
    ]


def series_key(block: Block, priority: Priority) -> SeriesKey:
    """Return the series in which a block's intervals stand while they have the priority."""
    return (block.sensor_id, block.resolution // _SECOND, priority, block.unit or "")


def read_blocks(
    connection: sqlite3.Connection,
    maximum_values: int,
    maximum_blocks: int | None,
    except_sensors: Collection[int],
) -> list[Block]:
    """Return what to send next, at most one block per sensor."""
    taken = set(except_sensors)
    blocks: list[Block] = []
    for row in connection.execute(_NEXT_SERIES).fetchall():
        if len(blocks) == maximum_blocks:
            break
        _, sensor, *_ = row
        if sensor not in taken:
            taken.add(sensor)
            blocks.append(_read_block(connection, row, maximum_values))
    return blocks


def _read_block(
    connection: sqlite3.Connection, row: tuple[int, int, int, int, str, int], maximum_values: int
) -> Block:
    series, sensor, resolution, priority, unit, oldest = row
    step = resolution or INSTANTANEOUS_STEP // _SECOND
    found = connection.execute(_VALUES, (oldest, step, series, oldest + maximum_values * step))
    known: dict[int, float] = dict(found)
    return Block(
        sensor_id=sensor,
        start=time_of(oldest),
        resolution=resolution * _SECOND,
        priority=Priority(priority),
        values=tuple(known.get(position) for position in range(max(known) + 1)),
        unit=unit or None,
    )


def read_sensors(connection: sqlite3.Connection) -> dict[int, OutboxSensor]:
    """Return what is known of each sensor."""
    # Where a sensor has several series, the newest value comes last.
    last_sent = {sensor: (start, value) for sensor, start, value in connection.execute(_LAST_SENT)}
    sensors = {}
    for row in connection.execute(_SENSORS, (Priority.LIVE,)).fetchall():
        sensor, backlog, oldest, oldest_live, recorded_until, confirmed_at, parked, audited_at = row
        start, value = last_sent.get(sensor, (None, None))
        sensors[sensor] = OutboxSensor(
            backlog=backlog,
            oldest=_moment(oldest),
            oldest_live=_moment(oldest_live),
            recorded_until=_moment(recorded_until),
            confirmed_at=_moment(confirmed_at),
            parked=parked,
            audited_at=_moment(audited_at),
            last_sent=value,
            last_sent_start=_moment(start),
        )
    return sensors


def read_statistics(connection: sqlite3.Connection, size: int) -> OutboxStatistics:
    """Return the outbox in numbers, and its size in bytes among them."""
    backlog, oldest, confirmed_at = connection.execute(_TOTALS).fetchone()
    counts = dict(connection.execute("SELECT name, count FROM counters"))
    return OutboxStatistics(
        backlog=backlog,
        oldest=_moment(oldest),
        confirmed_at=_moment(confirmed_at),
        dropped=counts["dropped"],
        lost=counts["lost"],
        corrupt_files=counts["corrupt_files"],
        bytes=size,
    )
