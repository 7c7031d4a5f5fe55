"""How history is sent: once, in order, and what becomes of it when something goes wrong."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from unittest.mock import AsyncMock, patch
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from sqlalchemy.exc import OperationalError

from custom_components.flexmeasures.client import ConnectionFailedError
from custom_components.flexmeasures.history import async_replay
from custom_components.flexmeasures.measurements import Outbox, OutboxFullError

from .. import site
from ..conftest import feed_subentry, make_entry
from ..fed_site import CHARGE, KWH, LEVEL, METER, SOLAR
from ..recorded import NOON, live, pass_time, sent
from ..test_init import set_up
from .home import BUTTON, DAY, HOUR, STATES, call, hours, lived, progress


async def test_history_is_sent_once_and_not_again_at_every_start(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass, freezer, METER, (NOON, "1000"))
    freezer.move_to(hours(24))
    entry = make_entry(
        feed_subentry(site.SOLAR_POWER, METER, direction="production", history_days=1)
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, hours(24.3))
    client.post_sensor_data.reset_mock()

    await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, freezer, hours(24.6))

    assert sorted(sent(client, site.SOLAR_POWER)) == [hours(24.25)]
    assert progress(hass) == {}


async def test_a_back_fill_goes_on_where_it_was_after_a_restart(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    entry = await lived(hass, freezer)
    backfill = entry.runtime_data.backfill
    read = backfill._async_read_stretch
    second = asyncio.Event()

    async def only_the_first(sensor_id: int) -> None:
        if backfill.progress[sensor_id].days_done:
            second.set()
            await asyncio.Event().wait()
        await read(sensor_id)

    with patch.object(backfill, "_async_read_stretch", only_the_first):
        waiting = hass.async_create_task(call(hass, start=NOON.isoformat()))
        await second.wait()
        assert progress(hass) == {f"{METER} → {site.SOLAR_POWER}": "1 / 2"}
        await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(HomeAssistantError, match="goes on when the integration is loaded again"):
        await waiting

    with patch(
        "custom_components.flexmeasures.backfill.async_replay", side_effect=async_replay
    ) as replay:
        await set_up(hass, entry)
        await pass_time(hass, freezer, hours(48) + timedelta(minutes=5))

    # Only the second day was left to read.
    assert [item.args[3] for item in replay.call_args_list] == [hours(24)]
    assert progress(hass) == {f"{METER} → {site.SOLAR_POWER}": "2 / 2"}
    assert len(sent(client, site.SOLAR_POWER)) == 48 * 4


async def test_live_intervals_that_wait_are_neither_replaced_nor_held_up(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    accept = client.post_sensor_data.side_effect
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    entry = await lived(hass, freezer)
    await pass_time(hass, freezer, hours(48.6))

    with patch(STATES, return_value={}):
        await call(hass, start=hours(48).isoformat())
    (told,) = await call(hass, start=hours(46).isoformat())
    assert told["intervals"] == 8
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data.delivery.statistics.backlog == 10
    client.post_sensor_data.reset_mock()
    client.post_sensor_data.side_effect = accept
    await pass_time(hass, freezer, hours(48.7))

    starts = [item.kwargs["start"] for item in client.post_sensor_data.call_args_list]
    assert starts == [hours(48), hours(46)]


async def test_a_recorder_that_fails_is_told_and_asked_again(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await lived(hass, freezer)
    locked = OperationalError("SELECT", {}, Exception("database is locked"))
    with patch(STATES, side_effect=locked):
        with pytest.raises(HomeAssistantError, match=r"History is not sent now.*locked"):
            await call(hass, start=hours(47).isoformat())
        await pass_time(hass, freezer, hours(48) + timedelta(minutes=6))
        state = hass.states.get(BUTTON)
        assert state
        assert "locked" in state.attributes["problem"]
    await pass_time(hass, freezer, hours(48) + timedelta(minutes=14))

    assert caplog.text.count("History of Home is not sent now") == 1
    assert len(sent(client, site.SOLAR_POWER)) == 4
    state = hass.states.get(BUTTON)
    assert state
    assert state.attributes["problem"] is None


async def test_a_disk_that_is_full_loses_no_day(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await lived(hass, freezer)
    with (
        patch.object(Outbox, "record", side_effect=OutboxFullError("no space left")),
        pytest.raises(HomeAssistantError, match="no space left"),
    ):
        await call(hass, start=hours(40).isoformat())
    await pass_time(hass, freezer, hours(48) + timedelta(minutes=8))

    assert len(sent(client, site.SOLAR_POWER)) == 32


async def test_reading_waits_while_much_waits_to_be_sent(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    accept = client.post_sensor_data.side_effect
    client.post_sensor_data.side_effect = ConnectionFailedError("refused")
    await lived(hass, freezer)
    with (
        patch("custom_components.flexmeasures.backfill._MOST_WAITING", 50),
        pytest.raises(HomeAssistantError, match="already waits to be sent"),
    ):
        await call(hass, start=NOON.isoformat())
    assert progress(hass) == {f"{METER} → {site.SOLAR_POWER}": "1 / 2"}

    client.post_sensor_data.side_effect = accept
    client.post_sensor_data.reset_mock()
    await pass_time(hass, freezer, hours(48) + timedelta(minutes=12))

    assert progress(hass) == {f"{METER} → {site.SOLAR_POWER}": "2 / 2"}
    assert len(sent(client, site.SOLAR_POWER)) == 48 * 4


async def test_moments_of_an_instantaneous_sensor_are_sent_once(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    kwh = {"unit_of_measurement": "kWh"}
    await live(hass, freezer, LEVEL, (NOON, "5"), (hours(1), "6"), attributes=kwh)
    await lived(hass, freezer, CHARGE)

    (told,) = await call(hass, start=NOON.isoformat(), end=hours(1.5).isoformat())
    await pass_time(hass, freezer, hours(48) + timedelta(minutes=5))

    known = sent(client, site.BATTERY_ENERGY)
    past = {time: value for time, value in known.items() if time < hours(2)}
    # Told anew every quarter of an hour, and at once when it changes.
    assert past == {
        **{hours(step / 4): 5.0 for step in range(4)},
        hours(1): 6.0,
        hours(1.25): 6.0,
    }
    assert told["intervals"] == len(past)


async def test_several_feeds_are_sent_one_after_the_other(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    kwh = {"unit_of_measurement": "kWh"}
    await live(hass, freezer, LEVEL, (NOON, "5"), attributes=kwh)
    await lived(hass, freezer, SOLAR, CHARGE)

    told = await call(hass, start=hours(46).isoformat(), sensors=[site.SOLAR_POWER])
    both = await call(hass, start=hours(46).isoformat())

    assert [item["sensor"] for item in told] == [site.SOLAR_POWER]
    assert [item["sensor"] for item in both] == [site.SOLAR_POWER, site.BATTERY_ENERGY]


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        ("Europe/Amsterdam", datetime(2026, 3, 29)),
        ("Europe/Amsterdam", datetime(2026, 10, 25)),
        ("Australia/Lord_Howe", datetime(2026, 4, 5)),
        ("Australia/Lord_Howe", datetime(2026, 10, 4)),
        ("Asia/Kolkata", datetime(2026, 3, 29)),
        ("America/St_Johns", datetime(2026, 3, 8)),
        ("America/St_Johns", datetime(2026, 11, 1)),
    ],
)
async def test_no_interval_is_missing_or_twice_where_clocks_change(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    zone: str,
    night: datetime,
) -> None:
    await hass.config.async_set_time_zone(zone)
    start = night.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = (night + DAY).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    freezer.move_to(start)
    changes = [
        (start + step * HOUR, str(1000 * step)) for step in range(int((end - start) / HOUR) + 1)
    ]
    await live(hass, freezer, METER, *changes)
    freezer.move_to(end)
    entry = make_entry(SOLAR)
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    local = start.astimezone(ZoneInfo(zone))

    (told,) = await call(hass, start=local.isoformat(), end=end.isoformat())
    await pass_time(hass, freezer, end + timedelta(minutes=5))

    posted = [
        (item.kwargs["start"], len(item.kwargs["values"]))
        for item in client.post_sensor_data.call_args_list
    ]
    assert told["intervals"] == (end - start) // site.QUARTER
    assert all(
        earlier + count * site.QUARTER == later for (earlier, count), (later, _) in pairwise(posted)
    )
    known = sent(client, site.SOLAR_POWER)
    assert len(known) == sum(count for _, count in posted) == (end - start) // site.QUARTER
    assert all(
        known[start + step * HOUR] == pytest.approx(step / 1000) for step in range(len(changes) - 1)
    )


async def test_a_clock_that_jumps_by_an_hour_makes_no_interval_twice(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass, freezer, METER, (NOON, "1000"), (hours(2), "2000"), (hours(3.1), "3000"))
    # Set back by an hour, and forward by one later.
    await live(hass, freezer, METER, (hours(2.2), "4000"), (hours(4), "5000"))
    freezer.move_to(hours(6))
    entry = make_entry(SOLAR)
    entry.add_to_hass(hass)
    await set_up(hass, entry)

    (told,) = await call(hass, start=NOON.isoformat())
    await pass_time(hass, freezer, hours(6.1))

    known = sent(client, site.SOLAR_POWER)
    assert told["intervals"] == len(known) == 24
    # 12 minutes at 2 kW and 3 at 4 kW; then as the times say, since nobody knows which clock was right.
    assert known[hours(2)] == pytest.approx(0.0024)
    assert known[hours(3)] == pytest.approx((6 * 4 + 9 * 3) / 15 / 1000)
    assert known[hours(4)] == pytest.approx(0.005)


async def test_a_level_that_stands_still_is_known_at_once_though_its_history_ends_within_the_minute(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass, freezer, LEVEL, (hours(47) + timedelta(seconds=40), "60"), attributes=KWH)
    begun = hours(47) + timedelta(seconds=70)
    freezer.move_to(begun)
    level = feed_subentry(site.BATTERY_ENERGY, LEVEL, aggregation="last", history_days=1.0)
    entry = make_entry(level)
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, begun + timedelta(minutes=3))

    assert sent(client, site.BATTERY_ENERGY) == {hours(47) + timedelta(minutes=1): 60.0}
