"""Waiting until the server has what was measured, as a plan does."""

import asyncio
from datetime import timedelta
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ConnectionFailedError, JobFailedError
from custom_components.flexmeasures.delivery import Delivery
from custom_components.flexmeasures.measurements import Interval, Outbox, OutboxFullError

from .. import site
from ..conftest import BATTERY_SUBENTRY, make_entry
from ..fed_site import CHARGE, METER, NOON, SOLAR, posts, shown
from ..test_init import set_up

LONG = timedelta(minutes=1)


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
