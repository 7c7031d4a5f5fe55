"""A home whose meters feed the sensors of a server, in simulated time."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant, State, callback
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures import connection
from custom_components.flexmeasures.client import FlexMeasuresClient, Timing
from custom_components.flexmeasures.const import SUBENTRY_MEASUREMENT

from .home import home
from .server import FIRST_SENSOR

BEGIN = datetime(2026, 11, 22, 12, tzinfo=UTC)
RESOLUTION = timedelta(minutes=5)
_ATTRIBUTES = {"unit_of_measurement": "W", "device_class": "power"}


@asynccontextmanager
async def fed_home(
    url: str, watts: Iterable[int], folder: Path | None = None
) -> AsyncIterator[tuple[HomeAssistant, MockConfigEntry]]:
    """Run a Home Assistant with a meter for each of the server's sensors, set up and feeding.

    Args:
        url: of the server.
        watts: what the meters show at first.
        folder: where Home Assistant keeps its files; none that lasts by default.

    Raises:
        RuntimeError: the entry could not be set up.
    """
    shown = list(watts)
    timing = Timing(clock=asyncio.get_running_loop().time)
    feeds = [_feed(number) for number in range(len(shown))]
    with patch.object(connection, "FlexMeasuresClient", partial(FlexMeasuresClient, timing=timing)):
        async with home(url, feeds, folder) as (hass, entry):
            show(hass, shown)
            await hass.config_entries.async_setup(entry.entry_id)
            if entry.state is not ConfigEntryState.LOADED:
                raise RuntimeError(f"the entry is not set up: {entry.reason}")
            yield hass, entry


@callback
def show(hass: HomeAssistant, watts: Iterable[int]) -> None:
    """Let the meters show the power."""
    for number, power in enumerate(watts):
        hass.states.async_set(meter(number), str(power), _ATTRIBUTES)


def meter_state(watts: int, number: int = 0) -> State:
    """Return the state of a meter."""
    return State(meter(number), str(watts), _ATTRIBUTES)


def meter(number: int) -> str:
    """Return the entity id of a meter."""
    return f"sensor.meter_{number}"


def _feed(number: int) -> ConfigSubentryData:
    sensor = FIRST_SENSOR + number
    return ConfigSubentryData(
        data=MappingProxyType(
            {
                "entity": meter(number),
                "sensor": sensor,
                "aggregation": "mean",
                "direction": "consumption",
            }
        ),
        subentry_type=SUBENTRY_MEASUREMENT,
        title=meter(number),
        unique_id=f"feed_{sensor}",
    )
