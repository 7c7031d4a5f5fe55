"""What arrives when clocks change: in time zones with every kind of summer time, and when the system's clock jumps."""

from datetime import UTC, date, datetime, timedelta
from unittest.mock import AsyncMock
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from . import site
from .conftest import feed_subentry, make_entry
from .fed_site import METER, NOON, pass_time, posts
from .test_init import set_up

QUARTER = site.QUARTER
WATT = {"unit_of_measurement": "W"}


def arrived(client: AsyncMock) -> dict[datetime, float]:
    """Return what the server holds of the battery's power: the last value that was sent for each interval."""
    return {
        start + index * QUARTER: value
        for start, values in posts(client, site.BATTERY_POWER)
        for index, value in enumerate(values)
        if value is not None
    }


async def begin(hass: HomeAssistant, watts: int) -> None:
    """Set up an entry whose only feed measures the battery's power; it is stored as kW, consumption negative."""
    hass.states.async_set(METER, str(watts), WATT)
    entry = make_entry(feed_subentry(site.BATTERY_POWER, METER, direction="consumption"))
    entry.add_to_hass(hass)
    await set_up(hass, entry)


@pytest.mark.parametrize(
    ("zone", "day", "quarters"),
    [
        ("Europe/Amsterdam", date(2026, 3, 29), 92),
        ("Europe/Amsterdam", date(2026, 10, 25), 100),
        # Half an hour of summer time.
        ("Australia/Lord_Howe", date(2026, 10, 4), 94),
        ("Australia/Lord_Howe", date(2026, 4, 5), 98),
        # None at all, and hours that begin at half past.
        ("Asia/Kolkata", date(2026, 3, 29), 96),
        ("America/St_Johns", date(2026, 3, 8), 92),
        ("America/St_Johns", date(2026, 11, 1), 100),
    ],
)
async def test_a_day_on_which_clocks_change_arrives_whole_and_each_interval_once(
    hass: HomeAssistant,
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    zone: str,
    day: date,
    quarters: int,
) -> None:
    await hass.config.async_set_time_zone(zone)
    midnight, next_midnight = (
        datetime(at.year, at.month, at.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for at in (day, day + timedelta(days=1))
    )
    freezer.move_to(midnight)
    await begin(hass, 0)

    # In each quarter-hour the meter shows as many watts as quarters have passed: 0, 1, 2, …
    for quarter in range(1, quarters + 1):
        await pass_time(hass, freezer, 15, step=5)
        hass.states.async_set(METER, str(quarter), WATT)
    await pass_time(hass, freezer, 2)

    assert midnight + quarters * QUARTER == next_midnight
    assert arrived(client) == {
        midnight + quarter * QUARTER: pytest.approx(-quarter / 1000) for quarter in range(quarters)
    }
    sent = [value for _, values in posts(client, site.BATTERY_POWER) for value in values]
    assert len(sent) == quarters


async def test_a_clock_that_jumps_ahead_fills_the_hour_with_what_was_shown_before(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NOON)
    await begin(hass, 1000)
    await pass_time(hass, freezer, 10)
    freezer.tick(timedelta(hours=1))
    hass.states.async_set(METER, "4000", WATT)
    await pass_time(hass, freezer, 22)

    # 12:00 to 13:10 at 1 kW, by the clock, then 4 kW from 13:10 on: of 13:00 to 13:15 that is 10 minutes and 5.
    assert arrived(client) == {
        NOON + index * QUARTER: pytest.approx(value)
        for index, value in enumerate((-1.0, -1.0, -1.0, -1.0, -2.0, -4.0))
    }


async def test_a_clock_that_is_set_back_measures_the_hour_anew(
    hass: HomeAssistant, client: AsyncMock, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NOON)
    await begin(hass, 1000)
    await pass_time(hass, freezer, 92)
    assert arrived(client)[NOON + timedelta(hours=1)] == pytest.approx(-1.0)

    # It is 13:32, and becomes 12:32: what is shown from then on belongs to the hour that is lived twice.
    freezer.tick(-timedelta(hours=1))
    hass.states.async_set(METER, "4000", WATT)
    await pass_time(hass, freezer, 15 * 6 + 2)

    found = arrived(client)
    assert found[NOON + QUARTER] == pytest.approx(-1.0)
    # 12:30 to 12:45 had been returned, and only 13 minutes of it are seen again: it keeps what the whole one was.
    assert found[NOON + 2 * QUARTER] == pytest.approx(-1.0)
    # From 12:45 on the second measurement replaces the first.
    assert [found[NOON + index * QUARTER] for index in (3, 4, 5, 6, 7)] == [pytest.approx(-4.0)] * 5
    assert max(found) == NOON + 7 * QUARTER
