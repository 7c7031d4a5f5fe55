"""A socket whose other end takes its time."""

import asyncio

from aiohttp import ClientConnectionResetError, WSMessage, WSMsgType


class SlowSocket:
    """A socket with messages to read that takes none until it flows."""

    def __init__(self, messages: int) -> None:
        self._left = messages
        self._lost = False
        self.flowing = asyncio.Event()
        self.sent: list[str] = []

    async def receive(self) -> WSMessage:
        """Return the next message."""
        if not self._left:
            return WSMessage(WSMsgType.CLOSED, None, None)
        self._left -= 1
        return WSMessage(WSMsgType.TEXT, "{}", None)

    async def send_str(self, text: str) -> None:
        """Take a text once it flows."""
        await self.flowing.wait()
        if self._lost:
            raise ClientConnectionResetError
        self.sent.append(text)

    async def ping(self) -> None:
        """Be pinged once it flows."""
        await self.flowing.wait()

    def abort(self) -> None:
        """Lose the connection."""
        self._lost = True
        self.flowing.set()

    async def close(self, code: int) -> None:
        """Be closed."""
