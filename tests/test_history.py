"""Restarts: what happened before the start is measured from the recorder's memory, and nothing is made up."""

from datetime import datetime, timedelta
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy.exc import OperationalError

from . import site
from .conftest import feed_subentry, make_entry
from .recorded import (
    NOON,
    WATT,
    auto_enable_custom_integrations,
    live,
    noon,
    pass_time,
    sent,
)
from .test_init import set_up

__all__ = ["auto_enable_custom_integrations", "noon"]

METER = "sensor.inverter_power"
MINUTE = timedelta(minutes=1)
SOLAR = feed_subentry(site.SOLAR_POWER, METER, direction="production")
COUNTED = feed_subentry(
    site.BATTERY_POWER, METER, aggregation="counter_to_power", direction="production"
)


def at(minute: float) -> datetime:
    """Return a time after noon."""
    return NOON + minute * MINUTE


async def restart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Load the entry again, and let it look back."""
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def fed(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return an entry that has measured 2 kW for the first quarter-hour."""
    await live(hass, freezer, METER, (NOON, "2000"))
    entry = make_entry(SOLAR)
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, at(17))
    return entry


async def test_the_interval_that_was_open_is_whole_after_a_reload(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass, freezer, METER, (at(20), "5000"))

    await restart(hass, fed)
    await pass_time(hass, freezer, at(32))

    # 5 minutes at 2 kW and 10 at 5 kW are 4 kW; without the recorder it would have been 5 kW.
    assert sent(client, site.SOLAR_POWER) == {
        NOON: pytest.approx(0.002),
        at(15): pytest.approx(0.004),
    }


async def test_intervals_that_ended_while_the_entry_was_away_are_sent(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config_entries.async_unload(fed.entry_id)
    await live(hass, freezer, METER, (at(20), "5000"), (at(45), "unavailable"), (at(70), "3000"))
    freezer.move_to(at(75))

    await set_up(hass, fed)
    await pass_time(hass, freezer, at(77))

    # From 12:45 to 13:10 the meter was unavailable: a gap, and 13:00 to 13:15 is known for a third only.
    assert sent(client, site.SOLAR_POWER) == {
        NOON: pytest.approx(0.002),
        at(15): pytest.approx(0.004),
        at(30): pytest.approx(0.005),
    }


@pytest.mark.parametrize(("hours", "expected"), [(30, 0.002), (50, 0.005)])
async def test_days_without_the_entry_are_rebuilt_day_by_day(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hours: int,
    expected: float,
) -> None:
    """The meter changes after 40 hours only, and what it shows is known also if the recorder leaves it out."""
    await hass.config_entries.async_unload(fed.entry_id)
    if hours > 40:
        await live(hass, freezer, METER, (at(40 * 60), "5000"))
    freezer.move_to(at(hours * 60 + 1))

    await set_up(hass, fed)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(hass, freezer, at(hours * 60 + 3))

    known = sent(client, site.SOLAR_POWER)
    assert sorted(known) == [at(15 * step) for step in range(hours * 4)]
    assert known[at(15)] == pytest.approx(0.002)
    assert known[at(hours * 60 - 15)] == pytest.approx(expected)


async def test_what_changes_while_the_past_is_read_is_neither_lost_nor_counted_twice(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    uploader = "custom_components.flexmeasures.uploader"

    async def changing(hass: HomeAssistant) -> None:
        freezer.move_to(at(20))
        hass.states.async_set(METER, "5000", WATT)
        freezer.move_to(at(26))
        hass.states.async_set(METER, "8000", WATT)

    freezer.move_to(at(18))
    with patch(f"{uploader}.async_all_recorded", changing):
        await restart(hass, fed)
    await pass_time(hass, freezer, at(32))

    # 5 minutes at 2 kW, 6 at 5 kW and 4 at 8 kW: 72 / 15.
    assert sent(client, site.SOLAR_POWER)[at(15)] == pytest.approx(0.0048)


async def test_a_feed_that_was_never_recorded_begins_now(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass, freezer, METER, (NOON, "2000"), (at(20), "5000"))
    freezer.move_to(at(40))
    entry = make_entry(SOLAR)
    entry.add_to_hass(hass)

    await set_up(hass, entry)
    await pass_time(hass, freezer, at(62))

    assert sent(client, site.SOLAR_POWER) == {at(45): pytest.approx(0.005)}


async def test_readings_of_the_past_keep_the_unit_that_they_had_and_texts_are_gaps(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config_entries.async_unload(fed.entry_id)
    await live(hass, freezer, METER, (at(18), "3"), attributes={"unit_of_measurement": "kW"})
    await live(hass, freezer, METER, (at(30), "3"), attributes={"unit_of_measurement": "MW"})
    await live(hass, freezer, METER, (at(45), "much"), (at(46), "3000"), (at(60), "3"))
    await live(hass, freezer, METER, (at(75), "20"), attributes={"unit_of_measurement": "°C"})
    freezer.move_to(at(91))

    await set_up(hass, fed)
    await pass_time(hass, freezer, at(93))

    # 3 minutes at 2 kW and 12 at 3 kW are 2.8 kW.
    assert sent(client, site.SOLAR_POWER) == {
        NOON: pytest.approx(0.002),
        at(15): pytest.approx(0.0028),
        at(30): pytest.approx(3),
        at(45): pytest.approx(0.003),
        at(60): pytest.approx(0.000003),
    }


async def test_an_entity_that_was_renamed_keeps_its_past(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    registry = er.async_get(hass)
    meter = registry.async_get_or_create("sensor", "inverter", "power")
    await live(hass, freezer, meter.entity_id, (NOON, "2000"))
    entry = make_entry(feed_subentry(site.SOLAR_POWER, meter.id, direction="production"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await pass_time(hass, freezer, at(17))

    freezer.move_to(at(25))
    hass.states.async_remove(meter.entity_id)
    registry.async_update_entity(meter.entity_id, new_entity_id="sensor.renamed")
    hass.states.async_set("sensor.renamed", "5000", WATT)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(hass, freezer, at(32))

    # 10 minutes at 2 kW under the old name and 5 at 5 kW under the new one are 3 kW.
    assert sent(client, site.SOLAR_POWER)[at(15)] == pytest.approx(0.003)


async def test_an_entity_that_the_recorder_leaves_out_is_known_since_its_last_change(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    with patch(
        "custom_components.flexmeasures.recorder_states.get_significant_states", return_value={}
    ):
        freezer.move_to(at(18))
        hass.states.async_set(METER, "5000", WATT)
        freezer.move_to(at(28))
        await restart(hass, fed)
    await pass_time(hass, freezer, at(32))

    # Nothing is known of the first 3 minutes.
    assert sent(client, site.SOLAR_POWER)[at(15)] == pytest.approx(0.005)


async def test_a_recorder_that_fails_is_told_once_and_measuring_begins_now(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await live(hass, freezer, METER, (at(20), "5000"))
    with patch(
        "custom_components.flexmeasures.recorder_states.get_significant_states",
        side_effect=OperationalError("SELECT", {}, Exception("database is locked")),
    ):
        await restart(hass, fed)
    await pass_time(hass, freezer, at(32))

    assert caplog.text.count("measures from now on, earlier readings are unknown") == 1
    assert sent(client, site.SOLAR_POWER)[at(15)] == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("target", "trouble"),
    [
        ("homeassistant.components.recorder.Recorder.async_block_till_done", TimeoutError()),
        (
            "homeassistant.components.recorder.Recorder.async_add_executor_job",
            RuntimeError("cannot schedule new futures after shutdown"),
        ),
    ],
)
async def test_a_recorder_that_has_ended_or_hangs_delays_nothing_for_ever(
    hass: HomeAssistant,
    client: AsyncMock,
    fed: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    target: str,
    trouble: Exception,
) -> None:
    await live(hass, freezer, METER, (at(20), "5000"))
    with patch(target, side_effect=trouble):
        await restart(hass, fed)
    await pass_time(hass, freezer, at(32))

    assert caplog.text.count("measures from now on, earlier readings are unknown") == 1
    assert sent(client, site.SOLAR_POWER)[at(15)] == pytest.approx(0.005)


async def test_an_entry_that_is_unloaded_while_it_looks_back_looks_back_again(
    hass: HomeAssistant, client: AsyncMock, fed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass, freezer, METER, (at(20), "5000"))
    blocked = hass.loop.create_future()
    with patch(
        "homeassistant.components.recorder.Recorder.async_block_till_done",
        return_value=None,
        side_effect=lambda: blocked,
    ):
        await hass.config_entries.async_reload(fed.entry_id)
        await hass.async_block_till_done()
        await hass.config_entries.async_unload(fed.entry_id)
    await set_up(hass, fed)
    await pass_time(hass, freezer, at(32))

    assert sent(client, site.SOLAR_POWER)[at(15)] == pytest.approx(0.004)


async def test_a_counter_goes_on_where_it_was(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    kwh = {"unit_of_measurement": "kWh"}
    await live(hass, freezer, METER, (NOON, "100"), attributes=kwh)
    entry = make_entry(COUNTED)
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await live(hass, freezer, METER, (at(15), "101"), attributes=kwh)
    await pass_time(hass, freezer, at(17))
    await live(hass, freezer, METER, (at(21), "101.5"), attributes=kwh)

    await restart(hass, entry)
    await live(hass, freezer, METER, (at(30), "102.5"), attributes=kwh)
    await pass_time(hass, freezer, at(33))

    # 1 kWh in the first quarter-hour, 1.5 kWh in the second; all of it was produced.
    assert sent(client, site.BATTERY_POWER) == {
        NOON: pytest.approx(4),
        at(15): pytest.approx(6),
    }
