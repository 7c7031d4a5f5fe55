"""What S2 devices cost a whole Home Assistant: many that talk slowly, and one that talks without end, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import time
from types import MappingProxyType

from aiohttp import web
from homeassistant.components.http import KEY_HASS
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.const import SUBENTRY_S2_DEVICE
from custom_components.flexmeasures.s2_view import PATH, S2View

from .figures import Figure
from .home import home
from .own_memory import own_memory
from .s2_talkers import end_talk, talkers
from .server import S2_SENSORS, SITE, running_server

_DEVICES = 50
_BOUND_OF_SHARE = 2  # % of a core
_TALKING = 20  # s
# Until devices have their sensors, and what is done once is done.
_SETTLING = 8  # s
_FLOOD = 1000  # messages a second
_FLOODING = 10  # s
# Promised: nobody waits longer for an answer because another device floods.
_BOUND_OF_DELAY = 100  # ms
# Bytes that the flood may leave behind for each of its messages, would it be all of them: none of them is kept.
_BOUND_OF_GROWTH = 0.25  # MiB
_MIB = 1024  # KiB


async def measure_s2_home() -> list[Figure]:
    """Let many devices talk in their usual way, then let one flood while another goes on."""
    secrets = [f"secret-of-device-{number}" for number in range(_DEVICES)]
    async with (
        running_server(_DEVICES * len(S2_SENSORS), for_s2=True) as url,
        home(url, [_device(number, secret) for number, secret in enumerate(secrets)]) as place,
        _serving(*place) as address,
    ):
        return [await _measure_many(address, secrets), *await _measure_flood(address, secrets)]


async def _measure_many(address: str, secrets: list[str]) -> Figure:
    await asyncio.sleep(_SETTLING)
    silence = await _share()
    async with talkers(address, 1, *secrets) as process:
        await asyncio.sleep(_SETTLING)
        share = await _share()
        talk = await end_talk(process)
    if talk.answered < _DEVICES * _TALKING:
        raise RuntimeError(f"only {talk.answered} messages were answered")
    return Figure(
        name=f"{_DEVICES} S2 devices with a message a second: share of a core in Home Assistant",
        value=share - silence,
        unit="%",
        bound=_BOUND_OF_SHARE,
    )


async def _share() -> float:
    """Return the % of a core that Home Assistant uses for a while."""
    began = time.process_time()
    await asyncio.sleep(_TALKING)
    return (time.process_time() - began) / _TALKING * 100


async def _measure_flood(address: str, secrets: list[str]) -> list[Figure]:
    async with talkers(address, _FLOOD, secrets[0]) as flood:
        await asyncio.sleep(_SETTLING)
        before = own_memory()
        async with talkers(address, 20, secrets[1]) as other:
            await asyncio.sleep(_FLOODING)
            talk = await end_talk(other)
        growth = own_memory() - before
        flooded = await end_talk(flood)
    if flooded.answered < 0.9 * _FLOOD * (_FLOODING + _SETTLING):
        raise RuntimeError(f"the flood was a trickle: {flooded.answered} messages")
    return [
        Figure(
            name=f"an S2 device's answer while another sends {_FLOOD:,} messages a second, at most",
            value=talk.longest_delay * 1000,
            unit="ms",
            bound=_BOUND_OF_DELAY,
        ),
        Figure(
            name=f"memory that {_FLOODING} s of this flood leave behind",
            value=max(0, growth) / _MIB,
            unit="MiB",
            bound=_BOUND_OF_GROWTH,
        ),
    ]


@asynccontextmanager
async def _serving(hass: HomeAssistant, entry: MockConfigEntry) -> AsyncIterator[str]:
    """Set the entry up and serve its devices' address; yield that.

    Raises:
        RuntimeError: the entry could not be set up.
    """
    await hass.config_entries.async_setup(entry.entry_id)
    if entry.state is not ConfigEntryState.LOADED:
        raise RuntimeError(f"the entry is not set up: {entry.reason}")
    application = web.Application()
    application[KEY_HASS] = hass
    S2View().register(hass, application, application.router)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
    finally:
        await runner.cleanup()


def _device(number: int, secret: str) -> ConfigSubentryData:
    return ConfigSubentryData(
        data=MappingProxyType({"secret": secret, "asset": SITE + 1 + number}),
        subentry_type=SUBENTRY_S2_DEVICE,
        title=f"Battery {number}",
        unique_id=None,
    )
