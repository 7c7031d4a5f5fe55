"""Calls about the values of sensors."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from .data_file import DataFile, read_data_file
from .durations import format_duration
from .errors import InvalidInputError, UnexpectedResponseError
from .inputs import (
    Length,
    Moment,
    checked_duration,
    checked_id,
    checked_moment,
    checked_text,
    length_of,
    moment_of,
)
from .jobs import DEFAULT_TIMEOUT, JobCalls
from .models import PostedData, SensorData, SensorTable
from .parsing import posted_job, read, sensor_data
from .post_body import post_body
from .sensors import sensor_path
from .transport import Request

# The server answers about 20 of these a second, however many are under way; some of them hide the way.
_AT_ONCE: Final = 4


class SensorDataCalls(JobCalls):
    """The values of sensors, in and out."""

    async def post_sensor_data(
        self,
        sensor_id: int,
        start: Moment,
        duration: Length,
        values: Sequence[float | None],
        unit: str,
        *,
        prior: Moment | None = None,
        horizon: Length | None = None,
        wait: bool = False,
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> PostedData:
        """Send values for a window; sending the same again is harmless.

        A post for a window of which another one was sent within the last second waits until that second is over:
        the server would accept it, and lose it.

        Args:
            sensor_id: the sensor.
            start: with a time zone; begin of the first interval.
            duration: of all values together; zero for one value of an instantaneous sensor.
            values: evenly spread over the window, in the sensor's own sign; None leaves a gap.
            unit: of the values; the server converts. Energy (``kWh``) into a power sensor is the energy per interval.
            prior: with a time zone; when these values were known, if not now.
            horizon: how long before the end of its interval each value was known; below zero for afterwards.
            wait: until the server has stored them.
            timeout: how long to wait for that.

        Raises:
            InvalidInputError: names the argument that is wrong; nothing was sent.
            ValidationError: the server refuses the unit or the resolution, or `wait` is False and the values
                contradict others that were recorded in the same second.
            JobFailedError: with `wait`, the server could not store them.
            JobTimeoutError: with `wait`, it had not stored them within `timeout`.
        """
        path = f"{sensor_path(sensor_id)}/data"
        begin, length = moment_of(start, "start"), length_of(duration, "duration")
        fields: dict[str, object] = {
            "start": begin.isoformat(),
            "duration": format_duration(length),
            "unit": checked_text(unit, "unit"),
        }
        if horizon is not None:
            if prior is not None:
                raise InvalidInputError("horizon", "says the same as prior")
            fields["horizon"] = format_duration(length_of(horizon, "horizon"))
        known = None if prior is None else moment_of(prior, "prior")
        if known is not None:
            fields["prior"] = known.isoformat()
        body = post_body(values, length, fields)
        async with self._connection.posts.turn(sensor_id, begin, length, known) as turn:
            if turn.prior is not None and turn.prior is not known:
                body = post_body(values, length, fields | {"prior": turn.prior.isoformat()})
            answer = await self._connection.answer(Request(method="POST", path=path, body=body))
            turn.answered = answer.headers.get("Date")
        job_id = read(answer, posted_job)
        return await self._receipt(job_id, timeout) if wait else PostedData(job_id=job_id)

    async def post_measurements(
        self,
        sensor_id: int,
        start: Moment,
        duration: Length,
        values: Sequence[float | None],
        unit: str,
        *,
        prior: Moment | None = None,
        horizon: Length | None = None,
        wait: bool = False,
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> PostedData:
        """Send values for a window: `post_sensor_data` under its older name."""
        return await self.post_sensor_data(
            sensor_id,
            start,
            duration,
            values,
            unit,
            prior=prior,
            horizon=horizon,
            wait=wait,
            timeout=timeout,
        )

    async def upload_sensor_data(
        self,
        sensor_id: int,
        file: DataFile,
        *,
        unit: str | None = None,
        file_name: str | None = None,
        belief_time_measured_instantly: bool = False,
        wait: bool = False,
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> PostedData:
        """Send a CSV or Excel file with the columns ``event_start`` and ``event_value``.

        Args:
            sensor_id: the sensor.
            file: path of the file, or its content as bytes.
            unit: of the values; the sensor's own when None.
            file_name: ends in ``.csv``, ``.xlsx`` or ``.xls``; only needed for content.
            belief_time_measured_instantly: each value was known when its interval ended; otherwise now.
            wait: until the server has stored them.
            timeout: how long to wait for that.

        Raises:
            InvalidInputError: there is no such file, or it is of another kind.
            ValidationError: the server cannot read it, or it is larger than the server takes (3 MiB by default).
            JobFailedError, JobTimeoutError: as for `post_sensor_data`.
        """
        path = f"{sensor_path(sensor_id)}/data/upload"
        fields = {"belief-time-measured-instantly": str(bool(belief_time_measured_instantly))}
        if unit is not None:
            fields["unit"] = checked_text(unit, "unit")
        form = await read_data_file(file, file_name, fields)
        answer = await self._connection.answer(Request(method="POST", path=path, form=form))
        job_id = read(answer, posted_job)
        return await self._receipt(job_id, timeout) if wait else PostedData(job_id=job_id)

    async def get_sensor_data(
        self,
        sensor_id: int,
        start: Moment,
        duration: Length,
        unit: str,
        resolution: Length | None = None,
        *,
        source: int | None = None,
        source_type: str | None = None,
        source_account: int | None = None,
        prior: Moment | None = None,
        horizon: Length | None = None,
    ) -> SensorData:
        """Return the most recently known values of a window, in the sensor's own sign.

        Without a source, what was scheduled or forecast counts like what was measured: the newest wins.

        Args:
            sensor_id: the sensor.
            start: with a time zone, and a multiple of the resolution: else the server finds nothing.
            duration: longer than zero.
            unit: to convert to.
            resolution: to resample to; the sensor's own when None.
            source: only from this data source, from `get_sources`.
            source_type: only from sources of this kind: ``user``, ``scheduler``, ``forecaster``, ``reporter`` …
            source_account: only from sources of this account.
            prior: with a time zone; what was known then.
            horizon: what was known so long before the end of each interval.

        Raises:
            InvalidInputError: names the argument that is wrong; nothing was sent.
            ValidationError: the unit cannot be converted, or there is no such source on this sensor.
        """
        query = _window(start, duration, resolution) | {"unit": checked_text(unit, "unit")}
        if source is not None:
            query["source"] = str(checked_id(source, "source"))
        # The spelling with a dash is younger, and all servers read this one.
        if source_type is not None:
            query["source_type"] = checked_text(source_type, "source_type")
        if source_account is not None:
            query["source_account"] = str(checked_id(source_account, "source_account"))
        if prior is not None:
            query["prior"] = checked_moment(prior, "prior")
        if horizon is not None:
            query["horizon"] = format_duration(length_of(horizon, "horizon"))
        request = Request(method="GET", path=f"{sensor_path(sensor_id)}/data", query=query)
        return await self._connection.call(request, partial(sensor_data, sensor_id=sensor_id))

    async def get_sensor_table(
        self,
        sensor_ids: Sequence[int],
        start: Moment,
        duration: Length,
        unit: str | Mapping[int, str],
        resolution: Length,
        *,
        prior: Moment | None = None,
    ) -> SensorTable:
        """Return several sensors' values side by side, resampled to one grid.

        Args:
            sensor_ids: at least one, each once.
            start: with a time zone, and a multiple of the resolution.
            duration: longer than zero.
            unit: to convert to: one for all, or one per sensor.
            resolution: of the common grid.
            prior: with a time zone; what was known then.
        """
        ids = [checked_id(sensor_id, "sensor_ids") for sensor_id in sensor_ids]
        if not ids or len(set(ids)) < len(ids):
            raise InvalidInputError("sensor_ids", "must name at least one sensor, and each once")
        units = {
            sensor_id: unit if isinstance(unit, str) else unit.get(sensor_id, "")
            for sensor_id in ids
        }
        for value in units.values():
            checked_text(value, "unit")
        _window(start, duration, resolution)
        places = asyncio.Semaphore(_AT_ONCE)

        async def column(sensor_id: int) -> SensorData:
            async with places:
                return await self.get_sensor_data(
                    sensor_id, start, duration, units[sensor_id], resolution, prior=prior
                )

        try:
            async with asyncio.TaskGroup() as tasks:
                columns = [tasks.create_task(column(sensor_id)) for sensor_id in ids]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return _table([task.result() for task in columns])

    async def _receipt(self, job_id: str | None, timeout: timedelta) -> PostedData:
        if job_id is not None:
            await self.wait_for_job(job_id, timeout=timeout)
        return PostedData(job_id=None)


def _window(start: Moment, duration: Length, resolution: Length | None) -> dict[str, str]:
    query = {
        "start": checked_moment(start, "start"),
        "duration": checked_duration(duration, "duration"),
    }
    if resolution is not None:
        query["resolution"] = checked_duration(resolution, "resolution")
    return query


def _table(columns: Sequence[SensorData]) -> SensorTable:
    first = columns[0]
    for column in columns:
        if (column.start, column.resolution, len(column.values)) != (
            first.start,
            first.resolution,
            len(first.values),
        ):
            raise UnexpectedResponseError(
                f"sensors {first.sensor_id} and {column.sensor_id} came on different grids",
                status=200,
                request=f"GET {sensor_path(column.sensor_id)}/data",
            )
    return SensorTable(start=first.start, resolution=first.resolution, columns=tuple(columns))
