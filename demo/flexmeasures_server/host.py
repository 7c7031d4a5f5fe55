"""The host process: starts the databases, imports FlexMeasures once, and forks the web application and the workers.

Importing FlexMeasures takes seconds of processor time, so one process does it and the others are copies of it. Each
copy makes an application object of its own, so that no database connection is shared. The host stops everything
when its controller says so or is gone, and when one of its processes ends.

Runs in the environment of FlexMeasures: `python -m demo.flexmeasures_server.host CONTROL_SOCKET LOCK_FILE`, both
given as inherited file descriptors. The lock is kept, unused, until this process and its copies have ended.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
import hashlib
from http.client import HTTPConnection, HTTPException
import json
import os
import secrets
import select
import signal
import socket
import sys
import time

from .applications import connect, import_flexmeasures, listening_workers, serve, work
from .configuration import LOOPBACK, HostOptions
from .databases import DatabaseError, start_postgresql, start_valkey
from .processes import POLL_SECONDS, Child, fork, stop
from .seed import seed

# Twice what a busy machine with two cores needs.
STARTUP_SECONDS = 120.0


class StartupError(Exception):
    """The server cannot start; knows the name of the log that tells why."""

    def __init__(self, message: str, log: str) -> None:
        """Keep the message and the name of the log."""
        super().__init__(message)
        self.log = log


class StopRequestedError(Exception):
    """Somebody asked the host to stop, or its controller is gone."""


class Host:
    """Owns every process of one server: when it ends, nothing of the server is left running."""

    def __init__(self, options: HostOptions, control: socket.socket) -> None:
        """Prepare a server that is not started yet."""
        self._options = options
        self._control: socket.socket | None = control
        self._logs = options.folder / "logs"
        self._databases: list[Child] = []
        self._applications: list[Child] = []
        self._importing = False
        self._stop_requested = False

    def run(self) -> int:
        """Start the server, keep it until it is to stop, and return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)
        try:
            self._start()
            self._tell(ready=True)
            while True:
                self._check()
                time.sleep(POLL_SECONDS)
        except StopRequestedError:
            return 0
        except (StartupError, DatabaseError) as error:
            print(error, flush=True)
            self._tell(error=str(error), log=getattr(error, "log", "host"))
            return 1
        finally:
            stop(self._applications)
            stop(self._databases)

    def _start(self) -> None:
        options, logs = self._options, self._logs
        self._databases.append(
            start_postgresql(options.folder, options.ports, options.secrets, logs)
        )
        self._databases.append(start_valkey(options.folder, options.ports, options.secrets, logs))
        self._tell(step="PostgreSQL and Valkey started")
        self._import()
        self._wait_for(partial(connect, options), "PostgreSQL does not answer", "postgresql")
        self._seed()
        self._applications.append(fork("web", partial(serve, options), logs))
        names = [
            f"worker{number}-{secrets.token_hex(4)}" for number in range(1, options.workers + 1)
        ]
        for name in names:
            self._applications.append(fork(name.partition("-")[0], partial(work, name), logs))
        self._wait_for(self._healthy, "The web application does not answer", "web")
        self._wait_for(
            lambda: listening_workers(options).issuperset(names),
            "The workers do not listen",
            "worker1",
        )

    def _import(self) -> None:
        """Import FlexMeasures; this takes so long that a request to stop interrupts it."""
        self._importing = True
        import_flexmeasures()
        self._importing = False
        self._tell(step="FlexMeasures imported")

    def _seed(self) -> None:
        """Fill the database, unless that was done with the same users and the same code."""
        wanted = json.dumps([asdict(user) for user in self._options.users])
        digest = hashlib.sha256(f"{sys.prefix}{wanted}".encode()).hexdigest()
        stamp = self._options.folder / "seeded"
        if stamp.exists() and stamp.read_text() == digest:
            return
        filling = fork("seed", partial(seed, self._options.users), self._logs)
        self._applications.append(filling)
        self._wait_for(
            lambda: not filling.alive, "The database could not be filled", "seed", ending=filling
        )
        self._applications.remove(filling)
        if filling.status:
            raise StartupError("The database could not be filled.", "seed")
        stamp.write_text(digest)
        self._tell(step="Database filled")

    def _healthy(self) -> bool:
        connection = HTTPConnection(LOOPBACK, self._options.ports.web, timeout=5)
        try:
            connection.request("GET", "/api/v3_0/health/ready")
            return connection.getresponse().status == 200
        except OSError, HTTPException:
            return False
        finally:
            connection.close()

    def _wait_for(
        self, condition: Callable[[], bool], complaint: str, log: str, ending: Child | None = None
    ) -> None:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not condition():
            self._check(ending)
            if time.monotonic() > deadline:
                raise StartupError(f"{complaint} after {STARTUP_SECONDS:.0f} seconds.", log)
            time.sleep(POLL_SECONDS)

    def _check(self, ending: Child | None = None) -> None:
        """Raise when the server is to stop, or when one of its processes has ended."""
        self._listen()
        if self._stop_requested:
            raise StopRequestedError
        for child in (*self._databases, *self._applications):
            if child is not ending and not child.alive:
                raise StartupError(f"{child.name} ended with status {child.status}.", child.name)

    def _listen(self) -> None:
        """Hear what the controller says: either to go on without it, or, by being gone, to stop."""
        if self._control is None or not select.select([self._control], [], [], 0)[0]:
            return
        if not self._control.recv(1024):
            self._stop_requested = True
        self._control.close()
        self._control = None

    def _tell(self, **message: object) -> None:
        print(f"{time.monotonic():.1f} {message}", flush=True)
        if self._control is not None:
            try:
                self._control.sendall(f"{json.dumps(message)}\n".encode())
            except OSError:
                self._stop_requested = True

    def _request_stop(self, *_: object) -> None:
        self._stop_requested = True
        if self._importing:
            raise StopRequestedError


def _read_line(control: socket.socket) -> str:
    line = b""
    while not line.endswith(b"\n"):
        if not (chunk := control.recv(65536)):
            raise SystemExit("The controller is gone.")
        line += chunk
    return line.decode()


if __name__ == "__main__":
    channel = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(channel.fileno(), False)
    sys.exit(Host(HostOptions.from_json(_read_line(channel)), channel).run())
