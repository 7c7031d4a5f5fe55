"""How often the server is asked: a Home Assistant with the real client, against a server that counts."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from unittest.mock import Mock, patch

from aiohttp import ThreadedResolver
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant import loader
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.const import CONF_EMAIL, CONF_PASSWORD, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import STORAGE_DIR
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_test_home_assistant,
)

from custom_components.flexmeasures.const import CONF_SITE_ID, DOMAIN

from .figures import Figure
from .server import SITE, counts, running_server

_BEGIN = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
# The same in every process, so that the next one finds the last one's outbox.
_ENTRY_ID = "entry_of_the_site"
_QUIET_SENSORS = 100
# Until every sensor has been asked once, which is no quiet time.
_SETTLING = timedelta(minutes=2)
_HOUR = 60  # minutes
_QUIET_MINUTES = 4 * _HOUR
_STEP = timedelta(seconds=1)
# Home Assistant's own resolver listens to multicast DNS on all interfaces.
_MAKE_RESOLVER = "homeassistant.helpers.aiohttp_client._async_make_resolver"


class _LocalResolver(ThreadedResolver):
    """Resolves names as the operating system does, and closes the way Home Assistant wants it."""

    async def real_close(self) -> None:
        """Close."""
        await self.close()


async def measure_setup() -> list[Figure]:
    """Set up an entry with few and with many sensors, and count requests until their entities are there."""
    figures = []
    for sensors in (10, 100, 1000):
        async with running_server(sensors) as url, home(url) as (hass, entry):
            began = time.perf_counter()
            await hass.config_entries.async_setup(entry.entry_id)
            took = time.perf_counter() - began
            asked = _without_values(await counts(url))
            _check_entities(hass, entry, sensors)
        name = f"set-up with {sensors} sensors"
        figures.append(
            Figure(name=f"{name}: requests", value=asked.total(), unit="requests", bound=5)
        )
        figures.append(Figure(name=f"{name}: time", value=took, unit="s"))
    return figures


async def measure_quiet_hour() -> list[Figure]:
    """Let hours pass in which nothing happens but measurements arriving on the server; find the busiest one."""
    totals: list[int] = []
    with freeze_time(_BEGIN) as clock:
        assert isinstance(clock, FrozenDateTimeFactory)
        async with running_server(_QUIET_SENSORS) as url, home(url) as (hass, entry):
            await hass.config_entries.async_setup(entry.entry_id)
            _check_entities(hass, entry, _QUIET_SENSORS)
            await _let_pass(hass, clock, _SETTLING)
            before = await counts(url)
            for _ in range(_QUIET_MINUTES):
                totals.append((await counts(url)).total())
                await _let_pass(hass, clock, timedelta(minutes=1))
            asked = await counts(url) - before
    values = asked.total() - _without_values(asked).total()
    if values < _QUIET_SENSORS * _QUIET_MINUTES // _HOUR:
        raise RuntimeError(f"sensors are not read every hour: {values} readings")
    hours = [end - begin for begin, end in zip(totals, totals[_HOUR:], strict=False)]
    name = f"{_QUIET_SENSORS} sensors, quiet"
    return [
        Figure(name=f"{name}: busiest hour", value=max(hours), unit="requests", bound=200),
        Figure(
            name=f"{name}: hour on average",
            value=asked.total() * _HOUR / _QUIET_MINUTES,
            unit="requests",
        ),
    ]


def _without_values(asked: Counter[str]) -> Counter[str]:
    """Leave out the readings of values, which are spread over the time after set-up."""
    return Counter({name: count for name, count in asked.items() if not name.endswith("/data")})


def _check_entities(hass: HomeAssistant, entry: MockConfigEntry, sensors: int) -> None:
    if entry.state is not ConfigEntryState.LOADED:
        raise RuntimeError(f"the entry is not set up: {entry.reason}")
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    present = [entity for entity in registered if "_sensor_" in entity.unique_id]
    if len(present) != sensors or not all(hass.states.get(item.entity_id) for item in present):
        raise RuntimeError(f"{len(present)} of {sensors} sensors are there")


async def _let_pass(hass: HomeAssistant, clock: FrozenDateTimeFactory, duration: timedelta) -> None:
    for _ in range(duration // _STEP):
        clock.tick(_STEP)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)


@asynccontextmanager
async def home(
    url: str, subentries: Sequence[ConfigSubentryData] = (), folder: Path | None = None
) -> AsyncIterator[tuple[HomeAssistant, MockConfigEntry]]:
    """Run a Home Assistant with an entry for the server, not yet set up.

    Args:
        url: of the server.
        subentries: of the entry.
        folder: where Home Assistant keeps its files; none that lasts by default.
    """
    async with AsyncExitStack() as stack:
        folder = folder or Path(stack.enter_context(TemporaryDirectory()))
        (folder / STORAGE_DIR).mkdir(exist_ok=True)
        stack.enter_context(patch(_MAKE_RESOLVER, side_effect=lambda _: _LocalResolver()))
        hass = await stack.enter_async_context(async_test_home_assistant(config_dir=str(folder)))
        stack.push_async_callback(hass.async_stop, force=True)
        hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
        # The card and the calendar need it; nothing is served here, and there is no frontend.
        hass.config.components.add("http")
        hass.http = Mock()
        entry = MockConfigEntry(
            domain=DOMAIN,
            entry_id=_ENTRY_ID,
            title="Home",
            data={
                CONF_URL: url,
                CONF_EMAIL: "someone@example.com",
                CONF_PASSWORD: "password",
                CONF_VERIFY_SSL: True,
                CONF_SITE_ID: SITE,
            },
            subentries_data=list(subentries),
        )
        entry.add_to_hass(hass)
        yield hass, entry
        await hass.config_entries.async_unload(entry.entry_id)
