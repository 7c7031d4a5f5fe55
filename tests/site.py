"""A small site as the server would describe it: a building with prices, a battery and solar panels."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import DEFAULT, AsyncMock

from custom_components.flexmeasures.client import (
    Account,
    Asset,
    DataSource,
    Job,
    JobStatus,
    PostedData,
    ScheduleResult,
    Sensor,
    SensorData,
    SensorSchedule,
    ServerVersions,
    SignConvention,
    User,
)

QUARTER = timedelta(minutes=15)
ACCOUNT = Account(id=3, name="Our account")
USER = User(id=6, email="someone@example.com", username="someone", account_id=3, timezone="UTC")
OWN_SOURCE = DataSource(id=8, name="someone", type="user", user_id=6)
SOMEBODY_S_SOURCE = DataSource(id=9, name="somebody", type="user", user_id=7)

BATTERY_POWER = 11
BATTERY_ENERGY = 12
SOLAR_POWER = 13
PRICES = 14
SOMEBODY_S_PRICES = 15

ASSETS = (
    Asset(
        id=1,
        name="Home",
        type_name="building",
        account_id=3,
        parent_id=None,
        flex_context={"consumption-price": {"sensor": PRICES}},
    ),
    Asset(id=2, name="Battery", type_name="battery", account_id=3, parent_id=1),
    Asset(id=4, name="Solar panels", type_name="solar", account_id=3, parent_id=1),
)


def make_sensor(sensor_id: int, name: str, unit: str, asset_id: int, **more: Any) -> Sensor:
    """Return a quarter-hourly sensor."""
    facts = {"resolution": QUARTER, "timezone": "Europe/Amsterdam", **more}
    return Sensor(id=sensor_id, name=name, unit=unit, asset_id=asset_id, **facts)


SENSORS = (
    make_sensor(BATTERY_POWER, "power", "kW", 2),
    make_sensor(BATTERY_ENERGY, "state-of-charge", "kWh", 2, resolution=timedelta(0)),
    make_sensor(SOLAR_POWER, "Roof east", "MW", 4),
    # Public sensors of an asset elsewhere: the site's flex-context names the first, nobody the second.
    make_sensor(PRICES, "day-ahead prices", "EUR/kWh", 99, resolution=timedelta(hours=1)),
    make_sensor(SOMEBODY_S_PRICES, "other prices", "EUR/kWh", 99, resolution=timedelta(hours=1)),
)


def answer(client: AsyncMock) -> StoredValues:
    """Let the stand-in answer for the site, and return what it stores.

    Every value is its interval's hour of the day in UTC; who asks for our own only gets what was posted.
    """
    client.ensure_supported.return_value = ServerVersions(server="1.0.1", apis=("v3_0",))
    client.get_assets.return_value = ASSETS
    client.get_sensors.return_value = SENSORS
    client.get_account.return_value = ACCOUNT
    client.get_user.return_value = USER
    client.get_sources.return_value = (SOMEBODY_S_SOURCE, OWN_SOURCE)
    client.post_sensor_data.return_value = PostedData(job_id="ingestion")
    stored = StoredValues()
    client.post_sensor_data.side_effect = stored.post
    client.get_sensor_data.side_effect = stored.read
    client.wait_for_job.side_effect = lambda job_id, **_: finished(job_id)
    client.trigger_schedule.return_value = "job"
    client.trigger_and_get_schedule.side_effect = plan(1000.0)
    return stored


class StoredValues:
    """What was posted, as the server keeps it.

    Attributes:
        own: value by sensor and begin.
        unreadable: what reading our own values of a sensor raises.
    """

    def __init__(self) -> None:
        self.own: dict[int, dict[datetime, float]] = {}
        self.unreadable: dict[int, Exception] = {}

    async def post(
        self,
        sensor_id: int,
        *,
        start: datetime,
        duration: timedelta,
        values: Sequence[float | None],
        **_: object,
    ) -> object:
        """Keep the values; None is nothing."""
        step = duration / len(values)
        known = self.own.setdefault(sensor_id, {})
        for index, value in enumerate(values):
            if value is not None:
                known[start + index * step] = value
        return DEFAULT

    async def read(
        self,
        sensor_id: int,
        *,
        start: datetime,
        duration: timedelta,
        unit: str,
        resolution: timedelta,
        source: int | None = None,
    ) -> SensorData:
        """Return our own values when only they are asked for, and otherwise the hour of the day."""
        if source is None:
            return await _hour_of_the_day(
                sensor_id, start=start, duration=duration, unit=unit, resolution=resolution
            )
        assert source == OWN_SOURCE.id
        if sensor_id in self.unreadable:
            raise self.unreadable[sensor_id]
        known = self.own.get(sensor_id, {})
        steps = range(duration // resolution)
        return SensorData(
            sensor_id=sensor_id,
            start=start,
            resolution=resolution,
            unit=unit,
            values=tuple(known.get(start + index * resolution) for index in steps),
        )


async def _hour_of_the_day(
    sensor_id: int, *, start: datetime, duration: timedelta, unit: str, resolution: timedelta
) -> SensorData:
    times = [start + step * resolution for step in range(duration // resolution)]
    return SensorData(
        sensor_id=sensor_id,
        start=start,
        resolution=resolution,
        unit=unit,
        # Readings without duration come every quarter-hour, between which the grid is empty.
        values=tuple(
            float(time.astimezone(UTC).hour)
            if resolution >= QUARTER or time.minute % 15 == 0
            else None
            for time in times
        ),
    )


def finished(job_id: str) -> Job:
    """Return a finished job that could not keep one wish."""
    return Job(id=job_id, status=JobStatus.FINISHED, unresolved=({"asset": 2},))


def plan(*powers: float | None) -> Any:
    """Return what triggering does: the powers (W) in turn, a quarter-hour each, over the whole duration."""

    async def trigger_and_get(
        asset_id: int,
        *,
        sensor_ids: list[int],
        unit: str,
        start: datetime,
        duration: timedelta,
        **_: object,
    ) -> ScheduleResult:
        steps = duration // QUARTER
        factor = 1000 if unit == "kW" else 1
        return ScheduleResult(
            job=finished("job"),
            schedules=tuple(
                SensorSchedule(
                    sensor_id=sensor_id,
                    schedule_id="job",
                    start=start,
                    resolution=QUARTER,
                    unit=unit,
                    sign=SignConvention.CONSUMPTION_POSITIVE,
                    values=tuple(
                        None if (power := powers[step % len(powers)]) is None else power / factor
                        for step in range(steps)
                    ),
                    scheduler="StorageScheduler",
                    commitment_costs={"electricity net energy": -1.25},
                )
                for sensor_id in sensor_ids
            ),
        )

    return trigger_and_get
