"""What a day without the server costs in the outbox: a commit at each boundary, the file, and reading it back."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
import time

from custom_components.flexmeasures.measurements.intervals import Interval
from custom_components.flexmeasures.measurements.outbox import Outbox

from .figures import Figure

_BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
_RESOLUTION = timedelta(minutes=5)
_BOUNDARIES = 288
_MOST_VALUES = 1000
# The promise speaks of 200 sensors; 1,000 is the largest home that is thought of.
_SIZE_BOUNDS = {200: 3.0, 1000: None}  # MB


def measure_outbox() -> list[Figure]:
    """Record a day at 5 minutes, then send all of it.

    Raises:
        AssertionError: something that was recorded did not come out.
    """
    figures = []
    for sensors, bound in _SIZE_BOUNDS.items():
        with TemporaryDirectory() as folder:
            path = Path(folder) / "outbox.sqlite"
            with closing(Outbox.open(path, now=_BEGIN)) as outbox:
                figures += _measure_day(outbox, sensors, bound)
    return figures


def _measure_day(outbox: Outbox, sensors: int, bound: float | None) -> list[Figure]:
    commits, sizes = [], []
    for boundary in range(_BOUNDARIES):
        commits.append(_timed_record(outbox, sensors, boundary))
        sizes.append(outbox.statistics().bytes)
    intervals = sensors * _BOUNDARIES
    assert outbox.statistics().backlog == intervals

    began = time.perf_counter()
    blocks = outbox.blocks(maximum_values=_MOST_VALUES)
    read = time.perf_counter()
    removed = sum(outbox.confirm(block, now=_BEGIN) for block in blocks)
    confirmed = time.perf_counter()
    assert (len(blocks), removed) == (sensors, intervals)

    day = f"outbox, a day of {sensors:,} sensors at 5 minutes"
    slowest = quantiles(commits, n=100)[-1]
    return [
        Figure(name=f"{day}: a commit, median", value=median(commits) * 1000, unit="ms"),
        Figure(name=f"{day}: a commit, 99th percentile", value=slowest * 1000, unit="ms"),
        Figure(
            name=f"{day}: {intervals:,} intervals on disk, with the log, at most",
            value=max(sizes) / 1e6,
            unit="MB",
            bound=bound,
        ),
        Figure(name=f"{day}: reading all blocks", value=(read - began) * 1000, unit="ms"),
        Figure(
            name=f"{day}: confirming a block",
            value=(confirmed - read) * 1000 / len(blocks),
            unit="ms",
        ),
    ]


def _timed_record(outbox: Outbox, sensors: int, boundary: int) -> float:
    """Record what closes at one boundary, and return the seconds that it took."""
    start = _BEGIN + boundary * _RESOLUTION
    rows = [
        # No two values are alike, and none is a whole number, which SQLite would store in fewer bytes.
        (sensor, _RESOLUTION, Interval(start=start, value=sensor + boundary / 7 + 0.1, coverage=1))
        for sensor in range(sensors)
    ]
    began = time.perf_counter()
    outbox.record(rows, now=start)
    return time.perf_counter() - began
