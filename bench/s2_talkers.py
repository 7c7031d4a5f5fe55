"""S2 devices in a process of their own, so that their work is not taken for ours.

``python -m bench.s2_talkers ADDRESS PER_SECOND SECRET...`` lets one battery for each secret say so much a second. It prints
"ready" when all of them follow their control type, speaks until its standard input ends, and then prints what ``Talk`` holds.
"""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count
import json
import sys
import time

from aiohttp import ClientSession, ClientWebSocketResponse

from demo.resource_managers.battery import Battery
from demo.resource_managers.resource_manager import Message, message

# A device that says more than so often a second says several things at once.
_SHORTEST_PAUSE = 0.02  # s


@dataclass(frozen=True, slots=True)
class Talk:
    """What devices went through.

    Attributes:
        answered: messages.
        longest_delay: s from a message to its answer, at most.
    """

    answered: int
    longest_delay: float


class Talker:
    """A battery that says how it is again and again, and notes how long the answers take."""

    def __init__(self, address: str, secret: str) -> None:
        """Be a battery with a secret."""
        self._url = f"{address}/{secret}"
        self._battery = Battery(datetime.now(UTC))
        self._sent: dict[str, float] = {}
        self._statuses = _statuses()
        self.follows = asyncio.Event()
        self.answered = 0
        self.longest_delay = 0.0

    async def run(self, http: ClientSession, begin: float, per_second: float) -> None:
        """Connect, and talk from ``begin`` s after the control type was selected until cancelled."""
        async with http.ws_connect(self._url) as socket, asyncio.TaskGroup() as tasks:
            await socket.send_str(self._battery.greet())
            tasks.create_task(self._hear(socket))
            await self.follows.wait()
            await asyncio.sleep(begin)
            pause = max(1 / per_second, _SHORTEST_PAUSE)
            loop = asyncio.get_running_loop()
            due = loop.time()
            while True:
                for _ in range(round(pause * per_second)):
                    await self._say(socket)
                due += pause
                await asyncio.sleep(max(0, due - loop.time()))

    async def _say(self, socket: ClientWebSocketResponse) -> None:
        said = next(self._statuses)
        self._sent[said["message_id"]] = time.perf_counter()
        await socket.send_str(json.dumps(said))

    async def _hear(self, socket: ClientWebSocketResponse) -> None:
        async for received in socket:
            heard = json.loads(received.data)
            sent = self._sent.pop(heard.get("subject_message_id"), None)
            if sent is not None:
                if heard["status"] != "OK":
                    raise RuntimeError(f"a status was refused: {heard}")
                self.answered += 1
                self.longest_delay = max(self.longest_delay, time.perf_counter() - sent)
            for text in self._battery.hear(received.data, datetime.now(UTC)):
                await socket.send_str(text)
            if heard["message_type"] == "SelectControlType":
                self.follows.set()
        raise RuntimeError("the connection was closed")


def _statuses() -> Iterator[Message]:
    """Yield levels and powers in turns, all of them news."""
    for number in count():
        yield message("FRBC.StorageStatus", present_fill_level=0.5 + number % 100 / 1000)
        yield message(
            "PowerMeasurement",
            measurement_timestamp=datetime.now(UTC).isoformat(),
            values=[{"commodity_quantity": "ELECTRIC.POWER.L1", "value": float(number % 1000)}],
        )


@asynccontextmanager
async def talkers(address: str, per_second: float, *secrets: str) -> AsyncIterator[Process]:
    """Let devices talk in a process of their own; yield it when all are there.

    Raises:
        RuntimeError: they do not get in.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", __name__, address, str(per_second), *secrets),
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdout is not None
    try:
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError("the S2 devices were not let in")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def end_talk(process: Process) -> Talk:
    """Let the devices fall silent; return what they went through."""
    said, _ = await process.communicate()
    return Talk(**json.loads(said))


async def _talk(address: str, per_second: float, secrets: list[str]) -> Talk:
    talking = [Talker(address, secret) for secret in secrets]
    async with ClientSession() as http:
        tasks = [
            asyncio.create_task(each.run(http, number / len(talking) / per_second, per_second))
            for number, each in enumerate(talking)
        ]
        told = asyncio.create_task(_tell_when_ready(talking))
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        done, _ = await asyncio.wait({ended, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in (told, *tasks):
            task.cancel()
        for task in done - {ended}:
            task.result()
        await asyncio.gather(told, *tasks, return_exceptions=True)
    return Talk(
        answered=sum(each.answered for each in talking),
        longest_delay=max(each.longest_delay for each in talking),
    )


async def _tell_when_ready(talking: list[Talker]) -> None:
    for each in talking:
        await each.follows.wait()
    print("ready", flush=True)


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_talk(sys.argv[1], float(sys.argv[2]), sys.argv[3:])))))
