"""Carries a simulated device's texts over a WebSocket, and its clock on."""

import asyncio
import contextlib
from datetime import UTC, datetime

import aiohttp

from .resource_manager import ResourceManager

# As often as real devices measure.
_BEAT = 5  # s
_BACK_OFF = 5  # s


async def run(device: ResourceManager, url: str) -> None:
    """Hold a session until cancelled; connect again whenever it ends.

    Args:
        device: who speaks.
        url: of the energy manager, with the secret.
    """
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.ws_connect(url, heartbeat=30) as socket:
                    await _converse(device, socket)
            except aiohttp.ClientError as error:
                print(f"{device.name}: {type(error).__name__}")
            await asyncio.sleep(_BACK_OFF)


async def _converse(device: ResourceManager, socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.send_str(device.greet())
    async with asyncio.TaskGroup() as tasks:
        beat = tasks.create_task(_beat(device, socket))
        async for received in socket:
            if received.type is aiohttp.WSMsgType.TEXT:
                for text in device.hear(received.data, datetime.now(UTC)):
                    await socket.send_str(text)
        beat.cancel()


async def _beat(device: ResourceManager, socket: aiohttp.ClientWebSocketResponse) -> None:
    # Whoever reads notices the end; a text that comes a moment later meets a socket that is closing.
    with contextlib.suppress(aiohttp.ClientConnectionResetError):
        while not socket.closed:
            await asyncio.sleep(_BEAT)
            if device.identified:
                for text in device.advance(datetime.now(UTC)):
                    await socket.send_str(text)
