"""A server on loopback that answers by script, and breaks on request in every way that a real one might."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
import json
import ssl
from typing import Self
from urllib.parse import parse_qs, urlsplit

SIGN_IN = "/api/requestAuthToken"
ECHO = "the token that was sent"


class Fault(Enum):
    """How an answer goes wrong below HTTP."""

    RESET_ON_ARRIVAL = auto()  # the connection is cut before the request was read
    RESET = auto()  # the connection is cut after the request was read
    STALL = auto()  # nothing comes
    STALL_IN_BODY = auto()  # half of the body comes
    CUT_IN_BODY = auto()  # half of the body comes, then the end


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One scripted answer; `body` is bytes as they are, or data for JSON.

    `ECHO` in it stands for the token that came with the request.
    """

    status: int = 200
    body: object = field(default_factory=dict)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def content(self) -> bytes:
        """The body as it goes over the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    def head(self, version: str, *, keep_alive: bool = False) -> bytes:
        """Status line and headers of a server that names this version."""
        headers = {
            "Content-Length": str(len(self.content)),
            "Connection": "keep-alive" if keep_alive else "close",
            "FlexMeasures-Version": version,
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

    Sign-ins have a script of their own, which by default gives token-1, token-2 and so on. Where the version is too
    old to be named in every answer, the question for it is answered besides the script.

    Attributes:
        requests: what arrived, except sign-ins and that question.
        cut: how many connections were cut before a request was read.
        keep_alive: True when connections stay open for further requests.
        open: how many connections there are.
    """

    def __init__(self) -> None:
        """Begin without a script."""
        self.requests: list[Received] = []
        self.sign_ins: list[Received] = []
        self.version_questions = 0
        self.version = "1.0.1"
        self.cut = 0
        self.keep_alive = False
        self.open = 0
        self.arrived = asyncio.Event()
        self.disconnected = asyncio.Event()
        self.hold_sign_in: asyncio.Event | None = None
        self._replies: list[Reply] = [Reply()]
        self._sign_in_replies: list[Reply] = []
        self._closed = asyncio.Event()
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

    @property
    def attempts(self) -> int:
        """How often something was tried, besides sign-ins."""
        return len(self.requests) + self.cut

    async def quiet(self) -> None:
        """Wait until no connection is open."""
        while self.open:
            self._closed.clear()
            await self._closed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while await self._serve_one(reader, writer):
                pass
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        finally:
            self.open -= 1
            self.disconnected.set()
            self._closed.set()
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; tell whether the connection stays open."""
        if self.sign_ins and self._replies and self._replies[0].fault is Fault.RESET_ON_ARRIVAL:
            _next(self._replies)
            self.cut += 1
            writer.transport.abort()
            return False
        reply = await self._reply_to(await _read(reader))
        head = reply.head(self._named_version, keep_alive=self.keep_alive)
        await _answer(reply, head, reader, writer)
        return self.keep_alive and reply.fault is None

    @property
    def _named_version(self) -> str:
        """What the answers name: servers before 0.32 do not."""
        return self.version if _numbers(self.version) >= (0, 32) else ""

    async def _reply_to(self, received: Received) -> Reply:
        if received.path.endswith(SIGN_IN):
            self.sign_ins.append(received)
            number = len(self.sign_ins)
            if self.hold_sign_in is not None:
                self.arrived.set()
                await self.hold_sign_in.wait()
            default = Reply(body={"auth_token": f"token-{number}", "user_id": 7, "status": 200})
            return _next(self._sign_in_replies) or default
        if received.path.endswith("/api/") and not self._named_version:
            self.version_questions += 1
            return Reply(body={"versions": ["v3_0"], "flexmeasures_version": self.version})
        self.requests.append(received)
        self.arrived.set()
        reply = _next(self._replies) or Reply()
        token = received.headers.get("Authorization", "")
        return replace(reply, body=reply.content.replace(ECHO.encode(), token.encode()))


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


async def _answer(
    reply: Reply, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    match reply.fault:
        case Fault.RESET:
            writer.transport.abort()
            return
        case Fault.STALL:
            await reader.read()
            return
        case Fault.STALL_IN_BODY | Fault.CUT_IN_BODY:
            writer.write(head + reply.content[: len(reply.content) // 2])
            await writer.drain()
            if reply.fault is Fault.STALL_IN_BODY:
                await reader.read()
            return
    writer.write(head + reply.content)
    await writer.drain()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
