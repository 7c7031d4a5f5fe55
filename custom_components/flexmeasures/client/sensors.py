"""Calls about sensors: the time series of assets."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from .connection import API, Calls, Connection
from .durations import format_duration
from .errors import InvalidInputError, NotFoundError
from .inputs import (
    Length,
    Moment,
    checked_id,
    checked_json_object,
    checked_moment,
    checked_text,
    checked_window,
    length_of,
)
from .models import JsonObject, Sensor
from .paging import is_beyond_last_page, page_query
from .parsing import page_of, sensor
from .record_parsing import statistics, statuses
from .records import SensorStatus, SourceStatistics
from .shapes import list_of
from .transport import Request

_CHANGEABLE = frozenset({"attributes", "event_resolution", "name", "timezone", "unit"})


class SensorCalls(Calls):
    """Sensors: the time series of assets."""

    def __init__(self, connection: Connection) -> None:
        """Let only one change of attributes happen at a time: each is read, merged and written."""
        super().__init__(connection)
        self._merging_sensors = asyncio.Lock()

    async def get_sensors(
        self,
        asset_id: int | None = None,
        *,
        account_id: int | None = None,
        include_public: bool = False,
        search: str | None = None,
        unit: str | None = None,
        page: int | None = None,
        per_page: int | None = None,
    ) -> tuple[Sensor, ...]:
        """Return the sensors of an asset and of all assets below it, or of an account, in one request.

        Args:
            asset_id: where to begin; all of the account when None.
            account_id: whose sensors; the user's own account when None.
            include_public: also the sensors of public assets, such as market prices.
            search: only sensors whose name, or whose asset's name, contains these words.
            unit: only sensors in this unit.
            page: from 1 on; all at once when None. A page beyond the last one is empty.
            per_page: 10 when None.
        """
        query = page_query(page, per_page)
        if asset_id is not None:
            query["asset"] = str(checked_id(asset_id, "asset_id"))
        if account_id is not None:
            query["account"] = str(checked_id(account_id, "account_id"))
        if include_public:
            query["include_public_assets"] = "true"
        if search is not None:
            query["filter"] = checked_text(search, "search")
        if unit is not None:
            query["unit"] = checked_text(unit, "unit")
        query = await self._connection.list_query(query)
        request = Request(method="GET", path=f"{API}/sensors", query=query)
        if page is None:
            return await self._connection.call(request, list_of(sensor))
        try:
            return await self._connection.call(request, page_of(sensor))
        except NotFoundError as error:
            if is_beyond_last_page(error):
                return ()
            raise

    async def get_sensor(self, sensor_id: int) -> Sensor:
        """Return one sensor."""
        return await self._connection.call(
            Request(method="GET", path=sensor_path(sensor_id)), sensor
        )

    async def add_sensor(
        self,
        *,
        asset_id: int,
        name: str,
        unit: str,
        resolution: Length,
        timezone: str | None = None,
        attributes: JsonObject | None = None,
    ) -> Sensor:
        """Create a sensor on an asset.

        Args:
            asset_id: the asset.
            name: not empty, and new on this asset.
            unit: as FlexMeasures writes it; ``dimensionless`` for a mere number.
            resolution: length of one interval; zero for instantaneous readings.
            timezone: IANA name; the server's own when None.
            attributes: such as ``{"consumption_is_positive": True}``.
        """
        body: dict[str, object] = {
            "generic_asset_id": checked_id(asset_id, "asset_id"),
            "name": checked_text(name, "name"),
            "unit": checked_text(unit, "unit"),
            "event_resolution": _resolution(resolution, "resolution"),
        }
        if timezone is not None:
            body["timezone"] = checked_text(timezone, "timezone")
        if attributes is not None:
            body["attributes"] = checked_json_object(attributes, "attributes")
        request = Request(method="POST", path=f"{API}/sensors", body=body, repeatable=False)
        return await self._connection.call(request, sensor)

    async def update_sensor(
        self,
        sensor_id: int,
        updates: Mapping[str, object] | None = None,
        *,
        name: str | None = None,
        unit: str | None = None,
        resolution: Length | None = None,
        timezone: str | None = None,
        attributes: JsonObject | None = None,
    ) -> Sensor:
        """Change what is given, and leave everything else as it is; values that are stored are not converted.

        Args:
            sensor_id: the sensor.
            updates: the same fields under the server's names.
            name: not empty.
            unit: as FlexMeasures writes it.
            resolution: length of one interval; zero for instantaneous readings.
            timezone: IANA name.
            attributes: merged into the stored ones: others keep their values. Programs that do this at the same
                moment, other than through this client, may lose one of the changes.

        Raises:
            PermissionDeniedError: this takes an administrator of the account.
        """
        path = sensor_path(sensor_id)
        body = _changes(
            updates,
            name=name,
            unit=unit,
            event_resolution=resolution,
            timezone=timezone,
            attributes=attributes,
        )
        own = body.get("attributes")
        if not isinstance(own, dict):
            return await self._connection.call(
                Request(method="PATCH", path=path, body=body), sensor
            )
        async with self._merging_sensors:
            body["attributes"] = (await self.get_sensor(sensor_id)).attributes | own
            return await self._connection.call(
                Request(method="PATCH", path=path, body=body), sensor
            )

    async def delete_sensor(self, sensor_id: int) -> None:
        """Delete a sensor with all its values. There is no way back."""
        await self._connection.answer(Request(method="DELETE", path=sensor_path(sensor_id)))

    async def delete_sensor_data(
        self,
        sensor_id: int,
        *,
        source: int | None = None,
        start: Moment | None = None,
        until: Moment | None = None,
    ) -> None:
        """Delete values of a sensor: all of them, unless the arguments say which. There is no way back.

        Args:
            sensor_id: the sensor.
            source: only what this data source recorded, from `get_sources`.
            start: with a time zone; only intervals that begin then or later.
            until: with a time zone; only intervals that end then or earlier.
        """
        body: dict[str, object] = {}
        if start is not None and until is not None:
            body["start"], body["until"] = checked_window(start, until, ("start", "until"))
        elif start is not None:
            body["start"] = checked_moment(start, "start")
        elif until is not None:
            body["until"] = checked_moment(until, "until")
        if source is not None:
            body["source"] = checked_id(source, "source")
        path = f"{sensor_path(sensor_id)}/data"
        await self._connection.answer(Request(method="DELETE", path=path, body=body))

    async def get_sensor_stats(
        self,
        sensor_id: int,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        fresh: bool = False,
    ) -> tuple[SourceStatistics, ...]:
        """Return what each source has recorded on a sensor, in the sensor's own unit and sign.

        Args:
            sensor_id: the sensor.
            start: with a time zone; only intervals from then on.
            end: with a time zone; only intervals until then.
            fresh: compute anew, instead of what the server has computed some minutes ago.
        """
        query = {"fresh": "true"} if fresh else {}
        if start is not None and end is not None:
            checked_window(start, end, ("start", "end"))
        if start is not None:
            query["event_start_time"] = checked_moment(start, "start")
        if end is not None:
            query["event_end_time"] = checked_moment(end, "end")
        path = f"{sensor_path(sensor_id)}/stats"
        request = Request(method="GET", path=path, query=query)
        return await self._connection.call(request, statistics)

    async def get_sensor_status(self, sensor_id: int) -> tuple[SensorStatus, ...]:
        """Return whether a sensor's values are as new as the server expects, per kind of source."""
        request = Request(method="GET", path=f"{sensor_path(sensor_id)}/status")
        return await self._connection.call(request, statuses)


def sensor_path(sensor_id: int) -> str:
    """Return the address of a sensor."""
    return f"{API}/sensors/{checked_id(sensor_id, 'sensor_id')}"


def _changes(updates: Mapping[str, object] | None, **given: object) -> dict[str, object]:
    if updates is not None and not isinstance(updates, Mapping):
        raise InvalidInputError("updates", "must be an object")
    changes = dict(updates or {})
    for name, value in given.items():
        if value is not None and name in changes:
            raise InvalidInputError(name, "is given twice")
        if value is not None:
            changes[name] = value
    if not changes:
        raise InvalidInputError("updates", "there is nothing to change")
    return {name: _checked(name, value) for name, value in changes.items()}


def _checked(name: str, value: object) -> object:
    match name:
        case "attributes":
            return checked_json_object(value, name)
        case "event_resolution":
            return _resolution(value, "resolution")
    if name not in _CHANGEABLE:
        raise InvalidInputError("updates", f"{name} cannot be changed")
    return checked_text(value, name)


def _resolution(value: object, field: str) -> str:
    resolution = length_of(value, field)
    if resolution < timedelta():
        raise InvalidInputError(field, "must not be negative")
    return format_duration(resolution)
