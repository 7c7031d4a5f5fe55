"""Child processes of the host: started so that they end with it, logged to a file each, and stopped in order."""

from collections.abc import Callable, Sequence
import ctypes
from dataclasses import dataclass, field
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
import traceback

# <linux/prctl.h>: the signal that the kernel sends to a process when its parent dies.
PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.05
# The web application answers open requests first; a worker ends at once when idle and, asked a second time,
# also in the middle of a job.
PATIENCE_SECONDS = 5.0

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(deadly: signal.Signals) -> None:
    """Ask the kernel to send this process a signal when its parent ends, however that happens."""
    _libc.prctl(PR_SET_PDEATHSIG, int(deadly))


@dataclass(kw_only=True)
class Child:
    """One process of the server."""

    name: str
    pid: int
    stop_signal: signal.Signals = signal.SIGTERM
    status: int | None = field(default=None, init=False)

    @property
    def alive(self) -> bool:
        """Tell whether the process still runs; collects its exit status when it does not."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process if it still runs."""
        if self.alive:
            os.kill(self.pid, number)


def spawn(
    name: str,
    command: Sequence[str | Path],
    logs: Path,
    *,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a program as a child process."""
    with (logs / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            preexec_fn=lambda: die_with_parent(stop_signal),  # noqa: PLW1509 - the host has no other thread yet
        )
    # From here on Child collects the exit status; a Popen that is deleted would only warn about it.
    process.returncode = 0
    return Child(name=name, pid=process.pid, stop_signal=stop_signal)


def fork(name: str, run: Callable[[], object], logs: Path) -> Child:
    """Run a function in a copy of this process, with all that is imported already."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return Child(name=name, pid=pid)
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        die_with_parent(signal.SIGTERM)
        descriptor = os.open(logs / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(descriptor, sys.stdout.fileno())
        os.dup2(descriptor, sys.stderr.fileno())
        run()
        code = 0
    except SystemExit as exit_request:
        code = (
            exit_request.code
            if isinstance(exit_request.code, int)
            else int(exit_request.code is not None)
        )
    except BaseException:  # noqa: BLE001 - the copy must never return into the code of the host
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def stop(children: Sequence[Child]) -> None:
    """Stop processes together: ask, ask again, then kill."""
    for number in (None, None, signal.SIGKILL):
        for child in children:
            child.signal(number or child.stop_signal)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(child.alive for child in children):
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        else:
            return
