"""A server on loopback that answers by script, and breaks on request in every way that a real one might."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
import json
import ssl
from typing import Self
from urllib.parse import parse_qs, urlsplit

SIGN_IN = "/api/requestAuthToken"


class Fault(Enum):
    """How an answer goes wrong below HTTP."""

    RESET = auto()  # the connection is cut after the request was read
    STALL = auto()  # nothing comes
    STALL_IN_BODY = auto()  # half of the body comes
    CUT_IN_BODY = auto()  # half of the body comes, then the end


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One scripted answer; `body` is bytes as they are, or data for JSON."""

    status: int = 200
    body: object = field(default_factory=dict)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def content(self) -> bytes:
        """The body as it goes over the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    @property
    def head(self) -> bytes:
        """Status line and headers."""
        headers = {
            "Content-Length": str(len(self.content)),
            "Connection": "close",
            "Retry-After": "47",  # FlexMeasures sends it with every answer
        }
        if self.content_type:
            headers["Content-Type"] = self.content_type
        headers |= self.headers
        lines = [
            f"HTTP/1.1 {self.status} Scripted",
            *(f"{k}: {v}" for k, v in headers.items() if v),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The decoded query."""
        return {key: values[0] for key, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def body(self) -> dict[str, object]:
        """The decoded JSON body."""
        decoded: dict[str, object] = json.loads(self.content)
        return decoded


class FaultServer:
    """Serves scripted replies in order; the last one of a script is repeated for ever.

    Sign-ins have a script of their own, which by default gives token-1, token-2 and so on.
    """

    def __init__(self) -> None:
        """Begin without a script."""
        self.requests: list[Received] = []
        self.sign_ins: list[Received] = []
        self.arrived = asyncio.Event()
        self.disconnected = asyncio.Event()
        self.hold_sign_in: asyncio.Event | None = None
        self._replies: list[Reply] = [Reply()]
        self._sign_in_replies: list[Reply] = []
        self._tls = False

    async def start(self, tls: ssl.SSLContext | None = None) -> Self:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self._tls = tls is not None
        return self

    async def stop(self) -> None:
        """Stop listening and drop all connections."""
        self._server.close()
        self._server.close_clients()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """The address."""
        port = self._server.sockets[0].getsockname()[1]
        return f"http{'s' if self._tls else ''}://127.0.0.1:{port}"

    def script(self, *replies: Reply) -> None:
        """Answer the next requests like this."""
        self._replies = list(replies)

    def script_sign_in(self, *replies: Reply) -> None:
        """Answer the next sign-ins like this."""
        self._sign_in_replies = list(replies)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            received = await _read(reader)
            reply = await self._reply_to(received)
            await _answer(reply, reader, writer)
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        finally:
            self.disconnected.set()
            writer.close()

    async def _reply_to(self, received: Received) -> Reply:
        if received.path.endswith(SIGN_IN):
            self.sign_ins.append(received)
            number = len(self.sign_ins)
            if self.hold_sign_in is not None:
                self.arrived.set()
                await self.hold_sign_in.wait()
            default = Reply(body={"auth_token": f"token-{number}", "user_id": 7, "status": 200})
            return _next(self._sign_in_replies) or default
        self.requests.append(received)
        self.arrived.set()
        return _next(self._replies) or Reply()


def _next(replies: list[Reply]) -> Reply | None:
    if not replies:
        return None
    return replies.pop(0) if len(replies) > 1 else replies[0]


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {}
    for line in head[1:]:
        name, separator, value = line.partition(": ")
        if separator:
            headers[name.title()] = value
    content = await reader.readexactly(int(headers.get("Content-Length", 0)))
    return Received(method=method, target=target, headers=headers, content=content)


async def _answer(reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    match reply.fault:
        case Fault.RESET:
            writer.transport.abort()
            return
        case Fault.STALL:
            await reader.read()
            return
        case Fault.STALL_IN_BODY | Fault.CUT_IN_BODY:
            writer.write(reply.head + reply.content[: len(reply.content) // 2])
            await writer.drain()
            if reply.fault is Fault.STALL_IN_BODY:
                await reader.read()
            return
    writer.write(reply.head + reply.content)
    await writer.drain()
