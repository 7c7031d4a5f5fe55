"""Start and stop a complete FlexMeasures server whose state lies in one folder."""

from collections.abc import Callable, Iterable, Mapping
import contextlib
import fcntl
import json
import os
from pathlib import Path
import shutil
import signal
import socket
import subprocess
import time
from types import TracebackType
from typing import Self, TextIO

from .configuration import (
    LOOPBACK,
    HostOptions,
    ServerUser,
    Setting,
    choose_ports,
    load_secrets,
    write_settings,
)

CHECKOUT = Path(__file__).parents[2]
ENVIRONMENT = CHECKOUT / ".dev" / "flexmeasures"
# The host gives up by itself before this.
START_SECONDS = 300.0
# The host's own patience with each of its processes, twice, and a margin.
STOP_SECONDS = 45.0
# A server whose controller has just died needs a moment to stop before another can start in its folder.
HANDOVER_SECONDS = 15.0
LOG_TAIL_LINES = 30
# Settings of these in the caller's environment would reach into the server.
FOREIGN_VARIABLES = (
    "FLASK_",
    "FLEXMEASURES_",
    "GUNICORN_",
    "PG",
    "RQ_",
    "SECURITY_",
    "SQLALCHEMY_",
)


class FlexMeasuresServerError(Exception):
    """The server cannot be started or stopped; the message holds the end of the log that tells why."""


class FlexMeasuresServer:
    """A complete FlexMeasures server on loopback, empty but for its users and FlexMeasures' own asset types.

    It ends with the process that started it, however that ends, unless it is detached. Everything it keeps lies in
    its folder; a second start on the same folder finds its data, its users and, if possible, its address again.
    """

    def __init__(
        self,
        folder: Path,
        *,
        users: Iterable[ServerUser] = (),
        port: int | None = None,
        play: bool = False,
        settings: Mapping[str, Setting] | None = None,
        workers: int = 2,
        report: Callable[[str], None] | None = None,
        environment: Path = ENVIRONMENT,
    ) -> None:
        """Describe a server; start() starts it.

        Users that exist already stay as they are. Without a port, a free one is taken. In play mode the server has
        no rate limits. Settings are written to the configuration file of FlexMeasures, over the defaults. Without
        workers, schedules stay queued and posted data is stored at once. Each step is told to report.
        """
        self._folder = folder.resolve()
        self._users = tuple(users)
        self._wanted_port = port
        self._play = play
        self._settings = settings
        self._workers = workers
        self._report = report or (lambda _: None)
        self._python = environment / "bin" / "python"
        self._control: socket.socket | None = None
        self._host: subprocess.Popen[bytes] | None = None
        self._url: str | None = None

    @property
    def url(self) -> str:
        """The address of the started server, without a slash at its end."""
        if self._url is None:
            raise FlexMeasuresServerError("The server has not been started.")
        return self._url

    @property
    def running(self) -> bool:
        """Tell whether the server that this object started still runs."""
        return self._host is not None and self._host.poll() is None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def start(self) -> None:
        """Start the server, or do nothing if this object has started it already.

        Raises FlexMeasuresServerError when it cannot start, or when another process runs one in the same folder.
        """
        if self.running:
            return
        if not self._python.exists():
            raise FlexMeasuresServerError(f"There is no {self._python}: run script/setup first.")
        self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        try:
            with _lock(self._folder, HANDOVER_SECONDS) as lock:
                self._launch(lock)
            self._await_ready()
        except BaseException:
            self.stop()
            raise
        running = {"pid": self._host.pid if self._host else None, "url": self.url}
        (self._folder / "server.json").write_text(json.dumps(running))

    def stop(self) -> None:
        """Stop the server and wait until all of its processes have ended. Its data stays."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._host is None:
            return
        self._host.terminate()
        try:
            self._host.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # The kernel then ends the processes of the host.
            self._host.kill()
            self._host.wait()
        self._host = None

    def detach(self) -> None:
        """Let the server outlive this process; stop_running() stops it."""
        if self._control is None:
            raise FlexMeasuresServerError("The server has not been started.")
        self._control.sendall(b"detach\n")
        self._control.close()
        self._control = None
        self._host = None

    def _launch(self, lock: TextIO) -> None:
        """Start the host process, which takes over the lock of the folder."""
        known = load_secrets(self._folder)
        try:
            ports = choose_ports(self._folder, self._wanted_port)
        except OSError as error:
            raise FlexMeasuresServerError(
                f"Port {self._wanted_port} is not free: {error.strerror}."
            ) from error
        self._url = f"http://{LOOPBACK}:{ports.web}"
        write_settings(self._folder, ports, known, play=self._play, settings=self._settings)
        logs = self._folder / "logs"
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(mode=0o700)
        options = HostOptions(
            folder=self._folder,
            ports=ports,
            secrets=known,
            users=self._users,
            workers=self._workers,
        )
        self._control, far_end = socket.socketpair()
        with far_end, (logs / "host.log").open("wb") as log:
            inherited = (far_end.fileno(), lock.fileno())
            self._host = subprocess.Popen(
                [self._python, "-m", "demo.flexmeasures_server.host", *map(str, inherited)],
                cwd=logs,
                env=self._host_environment(),
                pass_fds=inherited,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # An interrupt at the keyboard is for this process, which then stops the host in order.
                start_new_session=True,
            )
        self._control.sendall(f"{options.to_json()}\n".encode())

    def _host_environment(self) -> dict[str, str]:
        home = self._folder / "home"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(FOREIGN_VARIABLES)
        }
        return inherited | {
            "HOME": str(home),
            "MPLCONFIGDIR": str(home),
            "NUMBA_CACHE_DIR": str(home / "numba"),
            # More threads than this only disturb each other in a server with two workers.
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
        }

    def _await_ready(self) -> None:
        """Pass on what the host tells until it is ready."""
        assert self._control is not None
        deadline = time.monotonic() + START_SECONDS
        with self._control.makefile("r") as lines:
            self._control.settimeout(START_SECONDS)
            for line in lines:
                message = json.loads(line)
                if "error" in message:
                    raise self._failure(message["error"], message["log"])
                if "ready" in message:
                    return
                self._report(message["step"])
                self._control.settimeout(max(deadline - time.monotonic(), 1.0))
        raise self._failure("The host process ended unexpectedly.", "host")

    def _failure(self, message: str, log: str) -> FlexMeasuresServerError:
        file = self._folder / "logs" / f"{log}.log"
        tail = (
            file.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:] if file.exists() else []
        )
        return FlexMeasuresServerError("\n".join([f"{message} The end of {file}:", *tail]))


def running_server(folder: Path) -> str | None:
    """Return the address of the server that runs in a folder, or None."""
    file = folder / "server.json"
    if not file.exists():
        return None
    if lock := _try_lock(folder):
        lock.close()
        return None
    address: str = json.loads(file.read_text())["url"]
    return address


def stop_running(folder: Path) -> bool:
    """Stop the server that runs in a folder, whoever started it; tell whether there was one."""
    if running_server(folder) is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(json.loads((folder / "server.json").read_text())["pid"], signal.SIGTERM)
    _lock(folder, STOP_SECONDS).close()
    return True


def _lock(folder: Path, patience: float) -> TextIO:
    """Take the lock of a folder, which a running server holds; closing the file gives it back.

    Waits for at most the given number of seconds. Raises FlexMeasuresServerError when the lock stays taken.
    """
    deadline = time.monotonic() + patience
    while (lock := _try_lock(folder)) is None:
        if time.monotonic() > deadline:
            raise FlexMeasuresServerError(f"A server runs in {folder} already.")
        time.sleep(0.05)
    return lock


def _try_lock(folder: Path) -> TextIO | None:
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
