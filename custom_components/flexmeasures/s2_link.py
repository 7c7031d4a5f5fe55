"""One WebSocket with an S2 device: texts in, texts out, and no device that holds up the others."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from .s2 import MAXIMUM_LENGTH

# Twice as often as proxies and routers forget silent connections.
HEARTBEAT: Final = 30.0  # s
# A device that has said nothing for one and a half heartbeats, not even to a ping, is gone.
_PATIENCE: Final = 1.5
# A device that does not answer our close is not waited for.
_CLOSING: Final = 1.0  # s
# Reading 20 texts takes a few ms: so long may one device keep the event loop from all others.
_MOST_AT_ONCE: Final = 20
# A device that sends but does not read is not read either beyond this, so that its answers do not pile up.
_MOST_UNREAD: Final = 100
# What is said unasked, such as instructions, may pile up a little further; then the device does not listen at all.
_MOST_WAITING: Final = 1000


class S2Link:
    """A device's socket, from its upgrade until it is closed.

    When it fails, only this device loses its connection; it is free to come back.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        abort: Callable[[], None],
        name: str,
        owner: str,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        """Take over an open socket.

        Args:
            socket: after its upgrade.
            abort: cuts the connection without a word.
            name: of the connection, known to nobody else.
            owner: whose secret opened it.
            heartbeat: s between pings.
        """
        self.name = name
        self._heartbeat = heartbeat
        self.owner = owner
        self._socket = socket
        self._abort = abort
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._closing = False

    def send(self, texts: tuple[str, ...]) -> None:
        """Send texts in their order, soon; a device that takes none for long loses its connection."""
        if self._closing:
            return
        for text in texts:
            self._texts.put_nowait(text)
        if self._texts.qsize() > _MOST_WAITING:
            self._closing = True
            self._has_room.set()
            self._abort()
        elif self._texts.qsize() > _MOST_UNREAD:
            self._has_room.clear()

    def close(self) -> None:
        """Close the socket once everything is sent."""
        self._texts.put_nowait(None)
        self._closing = True
        self._has_room.set()

    async def async_run(self, take: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Hand every text on until the socket is closed by either side."""
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._async_write())
            pinging = tasks.create_task(self._async_ping())
            try:
                await self._async_read(take)
            except TimeoutError:
                self._abort()
            finally:
                pinging.cancel()
                if not self._closing:
                    writing.cancel()

    async def _async_read(self, take: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Read until the socket is closed.

        Raises:
            TimeoutError: the device is gone, or takes nothing of what is said to it.
        """
        patience = _PATIENCE * self._heartbeat
        taken = 0
        while True:
            message = await self._socket.receive(timeout=patience)
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return
            await take(message.data)
            taken += 1
            if taken % _MOST_AT_ONCE == 0:
                await asyncio.sleep(0)
            if not self._has_room.is_set():
                async with asyncio.timeout(patience):
                    await self._has_room.wait()

    async def _async_ping(self) -> None:
        """Ping by ourselves: aiohttp's own heartbeat outlives a socket that closes while data come in."""
        with suppress(ConnectionError):
            while True:
                await asyncio.sleep(self._heartbeat)
                await self._socket.ping()

    async def _async_write(self) -> None:
        try:
            # When the connection is lost, the reader notices the same, and ends the session.
            with suppress(ConnectionError):
                while (text := await self._texts.get()) is not None:
                    await self._socket.send_str(text)
                    if self._texts.qsize() <= _MOST_UNREAD:
                        self._has_room.set()
                await self._socket.close(code=WSCloseCode.GOING_AWAY)
        finally:
            self._closing = True
            self._has_room.set()


def new_socket() -> web.WebSocketResponse:
    """Return a socket for one connection, not upgraded yet; larger messages than S2 knows end it with code 1009."""
    return web.WebSocketResponse(max_msg_size=MAXIMUM_LENGTH, timeout=_CLOSING)
