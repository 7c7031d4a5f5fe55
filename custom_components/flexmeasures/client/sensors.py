"""Calls about sensors and their values."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from .connection import API, Calls
from .durations import format_duration
from .errors import InvalidInputError
from .inputs import checked_id, checked_length, checked_moment, checked_text, checked_values
from .models import JsonObject, PostedData, Sensor, SensorData
from .parsing import list_of, posted_job, sensor, sensor_data
from .transport import Request


class SensorCalls(Calls):
    """Sensors: the time series of assets."""

    async def get_sensors(
        self, *, asset_id: int, include_public: bool = False
    ) -> tuple[Sensor, ...]:
        """Return the sensors of an asset and of all assets below it, in one request.

        Args:
            asset_id: where to begin.
            include_public: also the sensors of public assets, such as market prices.
        """
        query = {"asset": str(checked_id(asset_id, "asset_id"))}
        if include_public:
            query["include_public_assets"] = "true"
        request = Request(method="GET", path=f"{API}/sensors", query=query)
        return await self._connection.call(request, list_of(sensor))

    async def get_sensor(self, sensor_id: int) -> Sensor:
        """Return one sensor."""
        path = f"{API}/sensors/{checked_id(sensor_id, 'sensor_id')}"
        return await self._connection.call(Request(method="GET", path=path), sensor)

    async def add_sensor(
        self,
        *,
        asset_id: int,
        name: str,
        unit: str,
        resolution: timedelta,
        timezone: str | None = None,
        attributes: JsonObject | None = None,
    ) -> Sensor:
        """Create a sensor on an asset.

        Args:
            asset_id: the asset.
            name: not empty, and new on this asset.
            unit: as FlexMeasures writes it; empty for a quantity without dimension.
            resolution: length of one interval; zero for instantaneous readings.
            timezone: IANA name; the server's own when None.
            attributes: such as ``{"consumption_is_positive": True}``.
        """
        if resolution < timedelta():
            raise InvalidInputError("resolution", "must not be negative")
        body: dict[str, object] = {
            "generic_asset_id": checked_id(asset_id, "asset_id"),
            "name": checked_text(name, "name"),
            "unit": unit,
            "event_resolution": format_duration(resolution),
        }
        if timezone is not None:
            body["timezone"] = checked_text(timezone, "timezone")
        if attributes is not None:
            body["attributes"] = attributes
        request = Request(method="POST", path=f"{API}/sensors", body=body, repeatable=False)
        return await self._connection.call(request, sensor)

    async def post_sensor_data(
        self,
        sensor_id: int,
        *,
        start: datetime,
        duration: timedelta,
        values: Sequence[float | None],
        unit: str,
        prior: datetime | None = None,
    ) -> PostedData:
        """Send values for a window; sending the same again is harmless.

        Args:
            sensor_id: the sensor.
            start: aware; begin of the first interval.
            duration: of all values together; zero for one value of an instantaneous sensor.
            values: evenly spread over the window, in the sensor's own sign; None leaves a gap.
            unit: of the values; the server converts.
            prior: aware; when these values were known, if not now.

        Raises:
            InvalidInputError: names the argument that is wrong; nothing was sent.
        """
        path = f"{API}/sensors/{checked_id(sensor_id, 'sensor_id')}/data"
        body: dict[str, object] = {
            "start": checked_moment(start, "start"),
            "values": checked_values(values, duration),
            "duration": format_duration(duration),
            "unit": checked_text(unit, "unit"),
        }
        if prior is not None:
            body["prior"] = checked_moment(prior, "prior")
        request = Request(method="POST", path=path, body=body)
        return PostedData(job_id=await self._connection.call(request, posted_job))

    async def get_sensor_data(
        self,
        sensor_id: int,
        *,
        start: datetime,
        duration: timedelta,
        unit: str,
        resolution: timedelta | None = None,
    ) -> SensorData:
        """Return the most recently known values of a window, in the sensor's own sign.

        Args:
            sensor_id: the sensor.
            start: aware, and a multiple of the resolution: else the server finds nothing.
            duration: longer than zero.
            unit: to convert to.
            resolution: to resample to; the sensor's own when None.
        """
        path = f"{API}/sensors/{checked_id(sensor_id, 'sensor_id')}/data"
        query = {
            "start": checked_moment(start, "start"),
            "duration": format_duration(checked_length(duration, "duration")),
            "unit": checked_text(unit, "unit"),
        }
        if resolution is not None:
            query["resolution"] = format_duration(checked_length(resolution, "resolution"))
        request = Request(method="GET", path=path, query=query)
        return await self._connection.call(request, partial(sensor_data, sensor_id=sensor_id))
