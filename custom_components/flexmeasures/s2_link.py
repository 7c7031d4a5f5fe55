"""One WebSocket with an S2 device: texts in, texts out, and no device that holds up the others."""

import asyncio
from collections import deque
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
# What is said unasked, such as instructions, may pile up so far; then the device does not listen at all.
_MOST_WAITING: Final = 1000


class S2Link:
    """A device's socket, from its upgrade until it is closed.

    Whoever has something to send sends all that waits. For answers that is the reader: a device that takes no answers is
    not read either. When the link fails, only this device loses its connection; it is free to come back.
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
        self._texts: deque[str] = deque()
        self._sending = asyncio.Lock()
        self._said_unasked = asyncio.Event()
        self._taking = False
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()

    def send(self, texts: tuple[str, ...]) -> None:
        """Send texts in their order, soon; a device that takes none for long loses its connection."""
        if self._closing:
            return
        self._texts.extend(texts)
        if len(self._texts) > _MOST_WAITING:
            self._closing = True
            self._abort()
        if self._closing or not self._taking:
            self._said_unasked.set()

    def close(self) -> None:
        """Close the socket once everything is sent."""
        self._closing = True
        self._said_unasked.set()

    async def async_run(self, take: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Hand every text on until the socket is closed by either side."""
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._async_write())
            watching = tasks.create_task(self._async_watch())
            try:
                await self._async_read(take)
            finally:
                watching.cancel()
                if not self._closing:
                    writing.cancel()

    async def _async_read(self, take: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Read, and send what is answered, until the socket is closed."""
        taken = 0
        with suppress(ConnectionError):
            while True:
                message = await self._socket.receive()
                self._heard_at = self._loop.time()
                if message.type is WSMsgType.PING:
                    await self._socket.pong(message.data)
                    continue
                if message.type is WSMsgType.PONG:
                    continue
                if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    return
                self._taking = True
                try:
                    await take(message.data)
                finally:
                    self._taking = False
                if self._texts:
                    await self._async_send()
                taken += 1
                if taken % _MOST_AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def _async_watch(self) -> None:
        """Ping, and cut the connection of a device that gives no sign of life.

        By ourselves: aiohttp's own heartbeat outlives a socket that closes while data come in, and a limit for each
        message costs as much as reading it.
        """
        patience = _PATIENCE * self._heartbeat
        ping_at = self._loop.time() + self._heartbeat
        while (now := self._loop.time()) < (gone_at := self._heard_at + patience):
            if now < ping_at:
                await asyncio.sleep(min(ping_at, gone_at) - now)
                continue
            ping_at = now + self._heartbeat
            with suppress(ConnectionError, TimeoutError):
                # Beside a device that reads nothing a ping would wait, too.
                async with asyncio.timeout(gone_at - now):
                    await self._socket.ping()
        self._abort()

    async def _async_write(self) -> None:
        """Send what is said unasked, and close in the end."""
        try:
            # When the connection is lost, the reader notices the same, and ends the session.
            with suppress(ConnectionError):
                while not self._closing:
                    await self._said_unasked.wait()
                    self._said_unasked.clear()
                    await self._async_send()
                await self._socket.close(code=WSCloseCode.GOING_AWAY)
        finally:
            self._closing = True

    async def _async_send(self) -> None:
        """Send all that waits.

        Raises:
            ConnectionError: the connection is lost.
        """
        async with self._sending:
            while self._texts:
                await self._socket.send_str(self._texts.popleft())


def new_socket() -> web.WebSocketResponse:
    """Return a socket for one connection, not upgraded yet; larger messages than S2 knows end it with code 1009.

    Pings are answered by the link, which wants to know of every sign of life.
    """
    return web.WebSocketResponse(max_msg_size=MAXIMUM_LENGTH, timeout=_CLOSING, autoping=False)
