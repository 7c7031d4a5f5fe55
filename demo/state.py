"""The folder in which the demo keeps what the next run shall find."""

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
from pathlib import Path
import shutil

LOCK = "lock"


class StateError(Exception):
    """The folder cannot be used now."""


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder for this process.

    Raises:
        StateError: another demo runs on it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError("it runs already; stop that one first, or open its address") from None
        yield


def forget(folder: Path) -> None:
    """Remove everything but the lock."""
    for part in folder.iterdir():
        if part.is_dir():
            shutil.rmtree(part)
        elif part.name != LOCK:
            part.unlink()
