"""Starts and stops one Home Assistant process."""

import asyncio
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
import os
from pathlib import Path
import signal
import socket
from types import TracebackType
from typing import Self

import aiohttp

from .api import HomeAssistantApi
from .folder import LOOPBACK, FolderSettings, write_folder
from .sign_in import Tokens, sign_in

# A cold start on a slow machine without compiled bytecode takes about 20 s.
START_SECONDS = 120
# Home Assistant gives integrations 20 + 10 s before it cuts them off.
STOP_SECONDS = 40
POLL_SECONDS = 0.1
LOG_LINES_IN_ERROR = 20
PROCESS_FILE = "process"


class StartError(Exception):
    """Home Assistant did not start; the text ends with the last lines of its log."""


class HomeAssistant:
    """Owns one Home Assistant process and its configuration folder.

    Attributes:
        api: acts as the owner; available between ``start`` and ``stop``.
        tokens: of the owner, for a browser.
        url: where it listens.
    """

    api: HomeAssistantApi
    tokens: Tokens

    def __init__(
        self,
        environment: Path,
        folder: Path,
        *,
        port: int | None = None,
        custom_components: Sequence[Path] = (),
        frontend: bool = True,
    ) -> None:
        """Say which installation runs on which folder; without a port, a free one is taken at start."""
        self._command = environment / "bin" / "hass"
        self._folder = folder
        self._port = port
        self._custom_components = custom_components
        self._frontend = frontend
        self._process: Process | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """Return the address, without a trailing slash."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def log(self) -> Path:
        """Return the log file."""
        return self._folder / "home-assistant.log"

    @property
    def database(self) -> Path:
        """Return the recorder's file."""
        return self._folder / "home-assistant_v2.db"

    async def start(self) -> None:
        """Write the folder, start, sign in, and return when everything is set up.

        Raises:
            StartError: the process ended or did not get ready in time; nothing is left running.
        """
        await stop_leftover(self._folder)
        if self._port is None:
            self._port = free_port()
        settings = FolderSettings(
            port=self._port,
            custom_components=self._custom_components,
            frontend=self._frontend,
        )
        write_folder(self._folder, settings)
        try:
            async with asyncio.timeout(START_SECONDS):
                self._process = await self._spawn()
                self._session = aiohttp.ClientSession()
                await self._wait_for_http()
                await self._sign_in()
                while not await self.api.is_running():
                    await self._pause()
        except TimeoutError:
            await self.stop()
            raise StartError(self._failure(f"was not ready after {START_SECONDS} s")) from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the process, politely at first. Does nothing when it does not run."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        if (process := self._process) is None:
            return
        self._process = None
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        (self._folder / PROCESS_FILE).unlink(missing_ok=True)

    async def kill(self) -> None:
        """End the process at once, as a power cut does; `start` may follow."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        if (process := self._process) is not None:
            self._process = None
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def wait(self) -> int:
        """Return the exit code when the process ends by itself."""
        if self._process is None:
            raise RuntimeError("Home Assistant was not started")
        return await self._process.wait()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()

    async def _spawn(self) -> Process:
        inherited = dict(os.environ)
        # It would make other integrations visible than those linked into the folder.
        inherited.pop("PYTHONPATH", None)
        environment = {
            **inherited,
            "PATH": f"{self._command.parent}{os.pathsep}{inherited.get('PATH', '')}",
            # What is not installed shall fail at once instead of being fetched.
            "UV_OFFLINE": "1",
        }
        with (self._folder / "output.log").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                self._command,
                "--config",
                self._folder,
                "--log-file",
                self.log,
                "--ignore-os-check",
                "--skip-pip",
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                env=environment,
                # Ctrl-C reaches only us; we end the process in our own order.
                start_new_session=True,
            )
        (self._folder / PROCESS_FILE).write_text(
            f"{process.pid} {start_time(process.pid)}", encoding="ascii"
        )
        return process

    async def _wait_for_http(self) -> None:
        assert self._session is not None
        while True:
            with suppress(aiohttp.ClientConnectionError):
                async with self._session.get(f"{self.url}/auth/providers") as response:
                    # Any answer of this view will do: before onboarding it is a refusal.
                    if response.status != HTTPStatus.NOT_FOUND:
                        return
            await self._pause()

    async def _sign_in(self) -> None:
        assert self._session is not None
        self.tokens = await sign_in(self._session, self.url, self._folder / "tokens.json")
        self.api = HomeAssistantApi(self._session, self.url, self.tokens.access_token)

    async def _pause(self) -> None:
        assert self._process is not None
        if (code := self._process.returncode) is not None:
            raise StartError(self._failure(f"ended with exit code {code}"))
        await asyncio.sleep(POLL_SECONDS)

    def _failure(self, what: str) -> str:
        text = ""
        for file in (self._folder / "output.log", self.log):
            if file.exists():
                text += file.read_text(encoding="utf-8", errors="replace")
        tail = "\n".join(text.splitlines()[-LOG_LINES_IN_ERROR:])
        return f"Home Assistant {what}\n{tail}"


async def stop_leftover(folder: Path) -> None:
    """End the process of a run on this folder that was cut off before it could do so."""
    file = folder / PROCESS_FILE
    if not file.exists():
        return
    pid, started = map(int, file.read_text(encoding="ascii").split())
    if start_time(pid) == started:
        os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            while start_time(pid) == started:
                await asyncio.sleep(POLL_SECONDS)
    file.unlink()


def free_port(preferred: int | None = None) -> int:
    """Return the preferred port of loopback if nobody listens there, else any free one."""
    if preferred is not None and not is_in_use(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_in_use(port: int) -> bool:
    """Return whether a port of loopback is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def start_time(pid: int) -> int | None:
    """Return when a process started, in the kernel's ticks; None when there is none (or only its remains).

    Together with the number this names one process for good: numbers alone are used again.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    after_name = fields.rpartition(")")[2].split()
    return None if after_name[0] == "Z" else int(after_name[19])
