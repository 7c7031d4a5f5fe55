"""Compares what FlexMeasures has with what Home Assistant's recorder remembers; none of the integration's own sums."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import json
from math import isclose, isfinite
from pathlib import Path
import sqlite3

from custom_components.flexmeasures.client import FlexMeasuresClient

from .site import MINUTE, Measured

LEAST_COVERAGE = 0.5
# An unchanged level is told this seldom.
LEVEL_HOLDS = timedelta(minutes=15)
PRECISION = 1e-9
UNIT_FACTORS = {("W", "kW"): 0.001}

_STATES = """
    SELECT last_updated_ts, state, shared_attrs
    FROM states JOIN states_meta USING (metadata_id) LEFT JOIN state_attributes USING (attributes_id)
    WHERE states_meta.entity_id = ? ORDER BY last_updated_ts, state_id
"""
_LAST_BEFORE = "SELECT MAX(last_updated_ts) FROM states WHERE last_updated_ts < ?"

type Readings = Sequence[tuple[datetime, float | None]]
type Values = dict[datetime, float]
# None where too little was seen to tell.
type Expected = dict[datetime, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What became of one feed's intervals.

    Attributes:
        intervals: that ended in the time that was looked at.
        unknown: those of which less than half was seen; no value is expected.
        equal: those that the server has as they should be.
        lost: begin of those that the server should have, and has not.
        wrong: begin of those that it has otherwise, or that nobody can have measured.
    """

    name: str
    intervals: int
    unknown: int
    equal: int
    lost: tuple[datetime, ...]
    wrong: tuple[datetime, ...]


def compare(name: str, expected: Expected, stored: Values) -> Comparison:
    """Count, interval by interval."""
    known = {begin: value for begin, value in expected.items() if value is not None}
    lost = tuple(begin for begin in known if begin not in stored)
    equal = {
        begin
        for begin, value in known.items()
        if begin in stored and isclose(stored[begin], value, rel_tol=PRECISION, abs_tol=PRECISION)
    }
    wrong = tuple(begin for begin in expected if begin in stored and begin not in equal)
    return Comparison(
        name=name,
        intervals=len(expected),
        unknown=len(expected) - len(known),
        equal=len(equal),
        lost=lost,
        wrong=wrong,
    )


def means(readings: Readings, begin: datetime, end: datetime) -> Expected:
    """Return the mean of each minute, over the time in which something was shown; None for less than half."""
    result: Expected = {}
    for minute in _minutes(begin, end):
        covered = integral = 0.0
        for start, stop, value in _cut(readings, minute, minute + MINUTE):
            if value is not None:
                covered += (stop - start).total_seconds()
                integral += value * (stop - start).total_seconds()
        is_known = covered >= LEAST_COVERAGE * MINUTE.total_seconds()
        result[minute] = integral / covered if is_known else None
    return result


def levels(readings: Readings, begin: datetime, end: datetime) -> Expected:
    """Return what was shown at each whole minute; None where nothing was."""
    return {
        minute: next((value for time, value in reversed(readings) if time <= minute), None)
        for minute in _minutes(begin, end)
    }


def held(stored: Values, expected: Expected) -> Values:
    """Return the level that the server knows at each minute; one that is not told again holds while something is shown."""
    result: Values = {}
    for minute, value in expected.items():
        oldest = minute - (MINUTE if value is None else LEVEL_HOLDS)
        told = [time for time in stored if oldest < time <= minute]
        if told:
            result[minute] = stored[max(told)]
    return result


def recorded(database: Path, measured: Measured, restarted: datetime) -> Readings:
    """Return what an entity showed, in the unit of its sensor; None from when Home Assistant was killed.

    A process that is killed tells nobody when: it ended with the last thing that it recorded. Blocks.
    """
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(_STATES, (measured.entity,)).fetchall()
        (death,) = connection.execute(_LAST_BEFORE, (restarted.timestamp(),)).fetchone()
    readings = [
        (datetime.fromtimestamp(time, UTC), _number(state, attributes, measured.unit))
        for time, state, attributes in rows
    ]
    ended = datetime.fromtimestamp(death, UTC)
    return sorted([*readings, (ended, None)], key=lambda reading: reading[0])


async def read_back(
    client: FlexMeasuresClient,
    database: Path,
    feeds: tuple[Measured, ...],
    *,
    begin: datetime,
    restarted: datetime,
    end: datetime,
) -> list[Comparison]:
    """Return for each feed what became of its intervals from the begin (a whole minute) to the end."""
    found = []
    for measured in feeds:
        readings = await asyncio.to_thread(recorded, database, measured, restarted)
        stored = await _stored(client, measured, begin - LEVEL_HOLDS, end)
        if measured.aggregation == "last":
            expected = levels(readings, begin, end)
            stored = held(stored, expected)
        else:
            expected = means(readings, begin, end)
        found.append(compare(measured.name, expected, stored))
    return found


def report(comparisons: list[Comparison]) -> str:
    """Return a line for each feed, and one for all."""
    lines = [f"{'':<36}{'minutes':>9}{'unknown':>9}{'equal':>9}{'lost':>9}{'wrong':>9}"]
    for each in comparisons:
        counts = (each.intervals, each.unknown, each.equal, len(each.lost), len(each.wrong))
        lines.append(f"{each.name:<36}" + "".join(f"{count:>9}" for count in counts))
        for what, minutes in (("lost", each.lost), ("wrong", each.wrong)):
            if minutes:
                lines.append(f"  {what}: " + ", ".join(f"{minute:%H:%M}" for minute in minutes))
    return "\n".join(lines)


async def _stored(
    client: FlexMeasuresClient, measured: Measured, begin: datetime, end: datetime
) -> Values:
    data = await client.get_sensor_data(
        measured.sensor_id,
        start=begin,
        duration=end - begin,
        unit=measured.unit,
        resolution=MINUTE,
    )
    return {
        data.start + index * data.resolution: value
        for index, value in enumerate(data.values)
        if value is not None
    }


def _number(state: str, attributes: str | None, unit: str) -> float | None:
    known = json.loads(attributes or "{}")
    try:
        number = float(state)
    except ValueError:
        return None
    if known.get("restored") or not isfinite(number):
        return None
    return number * UNIT_FACTORS.get((known.get("unit_of_measurement"), unit), 1)


def _minutes(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin < end:
        yield begin
        begin += MINUTE


def _cut(
    readings: Readings, begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, float | None]]:
    """Yield what was shown from when until when, within these times."""
    for index, (time, value) in enumerate(readings):
        until = readings[index + 1][0] if index + 1 < len(readings) else end
        if max(time, begin) < min(until, end):
            yield max(time, begin), min(until, end), value
