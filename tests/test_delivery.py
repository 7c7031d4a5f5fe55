"""What becomes of measurements when the server, the disk or the sensor is not as it was."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
import random
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import (
    ConnectionFailedError,
    FlexMeasuresError,
    JobFailedError,
    JobTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    PostedData,
    RateLimitedError,
    ServerError,
    ValidationError,
    WrongPasswordError,
)
from custom_components.flexmeasures.const import DOMAIN
from custom_components.flexmeasures.delivery import Delivery
from custom_components.flexmeasures.measurements import (
    Interval,
    Outbox,
    OutboxCorruptError,
    OutboxFullError,
    OutboxTooNewError,
    Priority,
)

from . import site
from .conftest import BATTERY_SUBENTRY, feed_subentry, make_entry
from .test_init import set_up
from .test_uploader import CHARGE, LEVEL, METER, NOON, SOLAR, fed, noon, pass_time, posts, shown

__all__ = ["fed", "noon"]

KWH = {"unit_of_measurement": "kWh"}
LONG = timedelta(minutes=1)
SOLAR_VALUE = pytest.approx(0.002)


def issue(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> ir.IssueEntry | None:
    """Return an issue of the entry."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{entry.entry_id}_{key}")


def solar_issue(hass: HomeAssistant, entry: MockConfigEntry) -> tuple[str | None, dict[str, str]]:
    """Return key and placeholders of the issue of the solar sensor, which is there."""
    found = issue(hass, entry, f"feed_refused_{site.SOLAR_POWER}")
    assert found
    assert found.is_fixable
    assert found.translation_placeholders
    return found.translation_key, found.translation_placeholders


def change_solar(client: AsyncMock, **changes: object) -> None:
    """Let the server have another solar sensor from its next answer on."""
    client.get_sensors.return_value = tuple(
        replace(sensor, **changes) if sensor.id == site.SOLAR_POWER else sensor
        for sensor in client.get_sensors.return_value
    )


@pytest.mark.parametrize(
    "error",
    [
        PermissionDeniedError("not yours", status=403, request="POST /"),
        NotFoundError("no such sensor", status=404, request="POST /"),
        ValidationError("no such unit", status=422, request="POST /"),
    ],
    ids=["403", "404", "422"],
)
async def test_a_refusal_of_one_sensor_stops_no_other(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    error: FlexMeasuresError,
) -> None:
    accept = client.post_sensor_data.side_effect

    async def refuse_solar(sensor_id: int, **more: object) -> object:
        if sensor_id == site.SOLAR_POWER:
            raise error
        return await accept(sensor_id, **more)

    client.post_sensor_data.side_effect = refuse_solar
    hass.states.async_set(LEVEL, "5", KWH)
    await set_up(hass, fed)
    await pass_time(hass, freezer, 32)

    assert client.stored.own.keys() == {site.BATTERY_ENERGY}
    assert len(posts(client, site.SOLAR_POWER)) == 1
    assert shown(hass, "upload_backlog") == "2"
    assert shown(hass, "uploads_paused") == "off"
    key, placeholders = solar_issue(hass, fed)
    assert key == "feed_refused"
    assert placeholders["reason"] == str(error)
    delivery = fed.runtime_data.delivery
    assert delivery.problems == {site.SOLAR_POWER: str(error)}
    assert delivery.sensors[site.SOLAR_POWER].parked == str(error)


async def test_an_error_of_the_server_about_one_sensor_stops_no_other(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    accept = client.post_sensor_data.side_effect

    async def stumble_over_solar(sensor_id: int, **more: object) -> object:
        if sensor_id == site.SOLAR_POWER:
            raise ServerError("oops", status=500, request="POST /")
        return await accept(sensor_id, **more)

    client.post_sensor_data.side_effect = stumble_over_solar
    hass.states.async_set(LEVEL, "5", KWH)
    await set_up(hass, fed)
    await pass_time(hass, freezer, 16)
    hass.states.async_set(LEVEL, "6", KWH)
    await pass_time(hass, freezer, 3)

    assert set(client.stored.own[site.BATTERY_ENERGY].values()) == {5.0, 6.0}
    assert fed.runtime_data.delivery.problems == {site.SOLAR_POWER: "oops"}
    assert fed.runtime_data.delivery.sensors[site.SOLAR_POWER].parked is None

    client.post_sensor_data.side_effect = accept
    await pass_time(hass, freezer, 2)
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}
    assert fed.runtime_data.delivery.problems == {}


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


async def test_what_the_server_says_about_a_failed_job_is_shown(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.wait_for_job.side_effect = JobFailedError("UniqueViolation", job_id="1")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)
    assert fed.runtime_data.delivery.problems == {site.SOLAR_POWER: "UniqueViolation"}

    await pass_time(hass, freezer, 4)
    _, placeholders = solar_issue(hass, fed)
    assert placeholders["reason"] == "UniqueViolation"


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
    await pass_time(hass, freezer, 1)
    old = Interval(start=NOON - timedelta(days=40), value=9.0, coverage=1.0)
    outbox = fed.runtime_data.uploader._outbox
    rows = [(site.BATTERY_POWER, site.QUARTER, old)]
    await hass.async_add_executor_job(
        lambda: outbox.record(rows, now=NOON, priority=Priority.BACKFILL)
    )
    freezer.tick(timedelta(minutes=13, seconds=59))
    await pass_time(hass, freezer, 1.5, step=0.5)

    sent_to = [call.args[0] for call in client.post_sensor_data.call_args_list]
    assert sent_to == [site.SOLAR_POWER, site.BATTERY_POWER]
    client.bulk.assert_called()


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({"unit": "kW"}, "kW, 0:15:00"),
        ({"resolution": timedelta(minutes=5)}, "MW, 0:05:00"),
    ],
    ids=["unit", "resolution"],
)
async def test_a_sensor_that_changed_on_the_server_waits_until_somebody_decides(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    changes: dict[str, object],
    now: str,
) -> None:
    """Values in MW must not become kW, nor quarter-hours three times five minutes."""
    await set_up(hass, fed)
    change_solar(client, **changes)
    await pass_time(hass, freezer, 17)

    assert posts(client, site.SOLAR_POWER) == []
    key, placeholders = solar_issue(hass, fed)
    assert key == "feed_sensor_changed"
    assert (placeholders["was"], placeholders["now"]) == ("MW, 0:15:00", now)
    assert shown(hass, "upload_backlog") == "1"

    # Somebody undoes the change.
    client.get_sensors.return_value = site.SENSORS
    await hass.config_entries.async_reload(fed.entry_id)
    await pass_time(hass, freezer, 2)
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}
    assert issue(hass, fed, f"feed_refused_{site.SOLAR_POWER}") is None


async def test_a_sensor_that_was_deleted_on_the_server_waits_until_somebody_decides(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, fed)
    client.get_sensors.return_value = site.SENSORS[:2]
    await pass_time(hass, freezer, 17)

    assert posts(client, site.SOLAR_POWER) == []
    assert solar_issue(hass, fed)[0] == "feed_sensor_gone"
    assert shown(hass, "upload_backlog") == "1"


async def test_what_nobody_feeds_any_more_is_forgotten_where_the_server_refused_it(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    client.post_sensor_data.side_effect = PermissionDeniedError("no", status=403, request="POST /")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)
    assert issue(hass, fed, f"feed_refused_{site.SOLAR_POWER}")

    subentry = next(s for s in fed.subentries.values() if s.title.startswith(METER))
    hass.config_entries.async_remove_subentry(fed, subentry.subentry_id)
    await hass.async_block_till_done()
    await pass_time(hass, freezer, 2)

    assert issue(hass, fed, f"feed_refused_{site.SOLAR_POWER}") is None
    assert shown(hass, "upload_backlog") == "0"


async def test_a_file_that_is_damaged_while_in_use_is_set_aside_and_measuring_goes_on(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    outbox_file: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    accept = client.post_sensor_data.side_effect
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 31)
    assert shown(hass, "upload_backlog") == "2"

    def damage() -> None:
        connection = fed.runtime_data.uploader._outbox._connection
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with outbox_file.open("r+b") as file:
            file.seek(4096)
            file.write(random.Random(4).randbytes(outbox_file.stat().st_size - 4096))
        connection.execute("PRAGMA shrink_memory")

    await hass.async_add_executor_job(damage)
    client.post_sensor_data.side_effect = accept
    await pass_time(hass, freezer, 31)

    assert "The outbox of Home is damaged" in caplog.text
    assert len(list(outbox_file.parent.glob("*.corrupt-*[0-9]Z"))) == 1
    statistics = fed.runtime_data.delivery.statistics
    # The two that waited are lost, and are told; the next ones arrive.
    assert (statistics.corrupt_files, statistics.lost) == (1, 2)
    assert shown(hass, "lost_intervals") == "2"
    assert min(client.stored.own[site.SOLAR_POWER]) == NOON + 2 * site.QUARTER
    assert shown(hass, "uploads_paused") == "off"


async def test_a_file_that_is_damaged_while_home_assistant_is_down_is_set_aside(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    outbox_file: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await hass.async_add_executor_job(outbox_file.write_text, "no database")
    await set_up(hass, fed)
    await pass_time(hass, freezer, 17)

    assert "The outbox of Home was damaged" in caplog.text
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}
    assert fed.runtime_data.delivery.statistics.corrupt_files == 1


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (OutboxTooNewError("version 9"), "outbox_too_new"),
        (OutboxFullError("no space left"), "outbox_unusable"),
    ],
)
async def test_an_outbox_that_cannot_be_opened_is_told_until_it_can(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, error: Exception, key: str
) -> None:
    with patch.object(Outbox, "open", side_effect=error):
        await set_up(hass, fed)
    found = issue(hass, fed, "outbox")
    assert found
    assert found.translation_key == key
    assert found.translation_placeholders == {"site": "Home", "reason": str(error)}

    await hass.config_entries.async_reload(fed.entry_id)
    assert issue(hass, fed, "outbox") is None


async def test_a_damaged_file_that_cannot_be_replaced_pauses(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, fed)
    with (
        patch.object(Outbox, "blocks", side_effect=OutboxCorruptError("malformed")),
        patch.object(Outbox, "reopen", side_effect=OutboxFullError("no space left")),
    ):
        await pass_time(hass, freezer, 17)
        assert shown(hass, "uploads_paused") == "on"

    # The pauses have grown to 5 minutes.
    await pass_time(hass, freezer, 6)
    assert client.stored.own[site.SOLAR_POWER] == {NOON: SOLAR_VALUE}


async def record_solar(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Put the quarter-hour before noon into the outbox, without telling anybody."""
    interval = Interval(start=NOON - site.QUARTER, value=0.004, coverage=1.0)
    outbox = entry.runtime_data.uploader._outbox
    rows = [(site.SOLAR_POWER, site.QUARTER, interval)]
    await hass.async_add_executor_job(lambda: outbox.record(rows, now=NOON))


async def ingested(entry: MockConfigEntry, sensor_ids: list[int] | None = None) -> bool:
    """Ask whether all up to noon is ingested, and wait for it for at most a minute."""
    delivery: Delivery = entry.runtime_data.delivery
    return await delivery.async_ingested(until=NOON, within=LONG, sensor_ids=sensor_ids)


async def test_what_was_measured_can_be_awaited(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry
) -> None:
    """Nothing is waited for that is there already, and the jitter is not waited for."""
    await set_up(hass, fed)
    assert await ingested(fed)
    await record_solar(hass, fed)

    assert await ingested(fed, sensor_ids=[site.BATTERY_POWER])
    assert client.stored.own == {}
    assert await ingested(fed)

    assert client.stored.own == {site.SOLAR_POWER: {NOON - site.QUARTER: 0.004}}


async def test_what_was_measured_after_the_moment_is_not_awaited(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry
) -> None:
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await set_up(hass, fed)
    await record_solar(hass, fed)

    assert await fed.runtime_data.delivery.async_ingested(until=NOON - site.QUARTER, within=LONG)


async def test_a_paused_or_refused_delivery_is_not_awaited(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry
) -> None:
    await set_up(hass, fed)
    await record_solar(hass, fed)
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    assert not await ingested(fed)
    assert fed.runtime_data.delivery.paused == "refused"
    assert not await ingested(fed)
    assert len(posts(client, site.SOLAR_POWER)) == 1


async def test_a_failing_job_is_not_awaited_twice(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry
) -> None:
    await set_up(hass, fed)
    await record_solar(hass, fed)
    client.wait_for_job.side_effect = JobFailedError("UniqueViolation", job_id="1")

    assert not await ingested(fed)
    assert len(posts(client, site.SOLAR_POWER)) == 1


async def test_waiting_ends_with_its_deadline_and_sending_goes_on(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    asked, done = asyncio.Event(), asyncio.Event()

    async def slow(job_id: str, **_: object) -> object:
        asked.set()
        await done.wait()
        return site.finished(job_id)

    client.wait_for_job.side_effect = slow
    await set_up(hass, fed)
    await record_solar(hass, fed)
    waiting = hass.async_create_task(ingested(fed))
    await asked.wait()
    freezer.tick(2 * LONG)
    assert not await waiting

    done.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert shown(hass, "upload_backlog") == "0"


async def test_an_outbox_that_cannot_be_read_confirms_nothing(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry
) -> None:
    await set_up(hass, fed)
    with patch.object(Outbox, "sensors", side_effect=OutboxFullError("no space left")):
        assert not await ingested(fed)


async def test_a_plan_counts_on_what_was_measured_before_it(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set("sensor.home_battery_level", "35", {"unit_of_measurement": "%"})
    hass.states.async_set(METER, "2000", {"unit_of_measurement": "W"})
    entry = make_entry(BATTERY_SUBENTRY, SOLAR, CHARGE)
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await record_solar(hass, entry)
    order: list[str] = []
    accept, plan = client.post_sensor_data.side_effect, client.trigger_and_get_schedule.side_effect

    async def note_post(*args: object, **more: object) -> object:
        order.append("posted")
        return await accept(*args, **more)

    async def note_plan(*args: object, **more: object) -> object:
        order.append("planned")
        return await plan(*args, **more)

    client.post_sensor_data.side_effect = note_post
    client.trigger_and_get_schedule.side_effect = note_plan
    freezer.tick(1)
    await entry.runtime_data.planner.async_reschedule()
    assert order == ["posted", "planned"]

    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await record_solar(hass, entry)
    await entry.runtime_data.planner.async_reschedule()
    assert order == ["posted", "planned", "planned"]


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
