"""Home Assistant ends, or is killed, and starts again with the recorder's and the outbox's files."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from datetime import datetime, timedelta
import sqlite3
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from . import site
from .conftest import make_entry
from .fed_site import METER, SOLAR
from .recorded import NOON, live, pass_time, sent
from .test_init import set_up

type Home = Callable[[], AbstractAsyncContextManager[HomeAssistant]]

pytestmark = pytest.mark.parametrize("persistent_database", [True])


@pytest.fixture(autouse=True)
def auto_enable_custom_integrations() -> None:
    """Leave that to the homes of these tests: the database has to be there before them."""


@pytest.fixture
def home(
    freezer: FrozenDateTimeFactory,
    recorder_db_url: str,
    async_test_recorder: Callable[..., AbstractAsyncContextManager[Recorder]],
) -> Home:
    """Return how to start Home Assistant with the recorder; it stops at the end of the context."""
    freezer.move_to(NOON)

    @asynccontextmanager
    async def start() -> AsyncIterator[HomeAssistant]:
        async with async_test_home_assistant() as hass, async_test_recorder(hass):
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            yield hass
            await hass.async_stop()

    return start


def at(minute: float) -> datetime:
    """Return a time after noon."""
    return NOON + timedelta(minutes=minute)


async def measure(hass: HomeAssistant) -> MockConfigEntry:
    """Set the feed up."""
    entry = make_entry(SOLAR)
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


async def end_process(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Take away what a process that ends takes with it: its tasks, its timers and its open file."""
    await entry._async_process_on_unload(hass)
    entry.runtime_data.uploader._outbox.close()


@pytest.mark.parametrize(("is_killed", "minutes_known"), [(False, 2), (True, 1)])
async def test_the_time_without_home_assistant_is_a_gap_also_after_a_kill(
    client: AsyncMock,
    freezer: FrozenDateTimeFactory,
    home: Home,
    recorder_db_url: str,
    is_killed: bool,
    minutes_known: int,
) -> None:
    async with home() as first:
        await live(first, freezer, METER, (NOON, "2000"))
        entry = await measure(first)
        await pass_time(first, freezer, at(17))
        await live(first, freezer, METER, (at(18), "2000"), (at(20), "4000"))
        await live(first, freezer, "sensor.other", (at(21), "1"))
        freezer.move_to(at(22))
        await end_process(first, entry)
    if is_killed:
        file = recorder_db_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            (changed,) = database.execute(
                'UPDATE recorder_runs SET "end" = NULL RETURNING 1'
            ).fetchone()
            assert changed
    freezer.move_to(at(24))
    async with home() as second:
        await live(second, freezer, METER, (at(25), "3200"))
        entry = await measure(second)
        await pass_time(second, freezer, at(32))
        await end_process(second, entry)

    # 12:15 to 12:20 2 kW, then 4 kW until Home Assistant stopped at 12:22 or, if it was killed, until the last that is
    # known of it, 12:21; 3.2 kW from 12:25 on.
    energy = 5 * 2 + minutes_known * 4 + 5 * 3.2
    assert sent(client, site.SOLAR_POWER) == {
        NOON: pytest.approx(0.002),
        at(15): pytest.approx(energy / (10 + minutes_known) / 1000),
    }
