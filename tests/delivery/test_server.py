"""A server that is away, slow or overburdened: what is posted again, what waits, and what goes first."""

from datetime import timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    JobTimeoutError,
    NotFoundError,
    PostedData,
    RateLimitedError,
    ServerError,
    WrongPasswordError,
)
from custom_components.flexmeasures.measurements import Interval, Outbox, Priority

from .. import site
from ..conftest import feed_subentry, make_entry
from ..fed_site import KWH, LEVEL, METER, NOON, SOLAR_VALUE, issue, pass_time, posts, shown
from ..test_init import set_up


async def test_a_server_that_only_fails_pauses_everything(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    """After three sensors in a row the others are not tried; none is parked."""
    client.post_sensor_data.side_effect = ServerError("busy", status=503, request="POST /")
    hass.states.async_set(METER, "1", {"unit_of_measurement": "kW"})
    hass.states.async_set(LEVEL, "1", KWH)
    sensors = tuple(site.make_sensor(100 + n, f"power {n}", "kW", 2) for n in range(5))
    client.get_sensors.return_value = (*site.SENSORS, *sensors)
    entry = make_entry(
        *(feed_subentry(sensor.id, METER, direction="consumption") for sensor in sensors)
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, 17)

    assert client.post_sensor_data.call_count == 3
    assert shown(hass, "uploads_paused") == "on"
    state = hass.states.get("binary_sensor.our_account_uploads_paused")
    assert state
    assert state.attributes["reason"] == "busy"
    assert shown(hass, "upload_backlog") == "5"
    assert entry.runtime_data.delivery.sensors[100].parked is None


async def test_a_job_that_the_server_lost_is_posted_again(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """A 202 is no confirmation: the queue may be gone before the worker comes to it."""
    lost = NotFoundError("no such job", status=404, request="GET /jobs")
    client.wait_for_job.side_effect = [lost, site.finished("2")]
    await set_up(hass, fed)
    await pass_time(hass, freezer, 18)

    assert posts(client, site.SOLAR_POWER) == [(NOON, (SOLAR_VALUE,))] * 2
    assert shown(hass, "upload_backlog") == "0"
    assert issue(hass, fed, f"feed_refused_{site.SOLAR_POWER}") is None


async def test_a_server_that_stores_before_it_answers_has_no_job_to_wait_for(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.post_sensor_data.return_value = PostedData(job_id=None)
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)

    client.wait_for_job.assert_not_called()
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}
    assert shown(hass, "upload_backlog") == "0"


async def test_a_worker_that_stands_still_pauses_without_losing_anything(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.wait_for_job.side_effect = JobTimeoutError("1", 200)
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)

    assert shown(hass, "uploads_paused") == "on"
    assert shown(hass, "upload_backlog") == "1"


async def test_a_refused_sign_in_asks_for_the_password_and_keeps_everything(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.post_sensor_data.side_effect = WrongPasswordError("no", status=401, request="POST /")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)

    assert shown(hass, "upload_backlog") == "1"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_too_many_requests_wait_as_long_as_the_server_says(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    accept = client.post_sensor_data.side_effect
    client.post_sensor_data.side_effect = RateLimitedError(
        "slow", status=429, request="POST /", retry_after=600
    )
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)
    assert len(posts(client, site.SOLAR_POWER)) == 1
    client.post_sensor_data.side_effect = accept

    await pass_time(hass, freezer, 8)
    assert len(posts(client, site.SOLAR_POWER)) == 1
    await pass_time(hass, freezer, 4)
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}


async def test_a_week_without_a_server_arrives_in_one_request(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    accept = client.post_sensor_data.side_effect
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await set_up(hass, fed)
    quarters = 7 * 24 * 4
    starts = [NOON - (quarters - index) * site.QUARTER for index in range(quarters)]
    week = [
        (site.SOLAR_POWER, site.QUARTER, Interval(start=start, value=float(index), coverage=1.0))
        for index, start in enumerate(starts)
    ]
    outbox = fed.runtime_data.uploader._outbox
    await hass.async_add_executor_job(lambda: outbox.record(week, now=NOON))
    await pass_time(hass, freezer, 3)
    assert shown(hass, "upload_backlog") == str(quarters)

    client.post_sensor_data.reset_mock()
    client.post_sensor_data.side_effect = accept
    await pass_time(hass, freezer, 6)

    assert len(posts(client, site.SOLAR_POWER)) == 1
    assert client.stored.own[site.SOLAR_POWER] == {
        start: float(index) for index, start in enumerate(starts)
    }
    assert shown(hass, "lost_intervals") == "0"


async def test_fresh_values_go_before_back_fill(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, fed)
    # What the first minute brings is sent up to 20 seconds later; nothing is left to be sent with the back-fill alone.
    await pass_time(hass, freezer, 2, step=0.5)
    old = Interval(start=NOON - timedelta(days=40), value=9.0, coverage=1.0)
    outbox = fed.runtime_data.uploader._outbox
    rows = [(site.BATTERY_POWER, site.QUARTER, old)]
    await hass.async_add_executor_job(
        lambda: outbox.record(rows, now=NOON, priority=Priority.BACKFILL)
    )
    freezer.tick(timedelta(minutes=12, seconds=59))
    await pass_time(hass, freezer, 1.5, step=0.5)

    sent_to = [call.args[0] for call in client.post_sensor_data.call_args_list]
    assert sent_to == [site.SOLAR_POWER, site.BATTERY_POWER]
    client.bulk.assert_called()


async def test_what_is_measured_now_goes_before_history_that_is_under_way(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, fed)
    await pass_time(hass, freezer, 32)
    outbox: Outbox = fed.runtime_data.uploader._outbox

    def record(sensor_id: int, value: float, priority: Priority, hours_ago: int = 1) -> None:
        hour = timedelta(hours=1)
        resolution = hour if sensor_id == site.PRICES else site.QUARTER
        interval = Interval(start=NOON - hours_ago * hour, value=value, coverage=1.0)
        outbox.record([(sensor_id, resolution, interval)], now=NOON, priority=priority)

    sent: list[float | None] = []
    accept = client.post_sensor_data.side_effect

    async def measure_meanwhile(
        sensor_id: int, *, values: tuple[float | None, ...], **more: object
    ) -> object:
        sent.extend(values)
        if values == (1.0,):
            record(site.BATTERY_POWER, 3.0, Priority.LIVE)
        return await accept(sensor_id, values=values, **more)

    client.post_sensor_data.side_effect = measure_meanwhile
    record(site.SOLAR_POWER, 1.0, Priority.BACKFILL, hours_ago=2)
    record(site.PRICES, 2.0, Priority.BACKFILL)
    await fed.runtime_data.delivery.async_recorded()
    await pass_time(hass, freezer, 32)

    assert sent[:3] == [1.0, 3.0, 2.0]
