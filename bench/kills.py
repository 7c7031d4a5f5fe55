"""Lets processes work, and kills each at a random instant."""

from collections.abc import Callable
import os
import random
import signal

# What a worker says on its way, one byte each.
BEFORE_RECORD, AFTER_RECORD, BEFORE_CONFIRM, AFTER_CONFIRM = b"r", b"R", b"c", b"C"
INSIDE_CALL = (BEFORE_RECORD, BEFORE_CONFIRM)

# Is given its own chance, and the descriptor that it says things to; never returns.
type Work = Callable[[random.Random, int], None]


def kill_one(work: Work, chance: random.Random, most_words: int) -> bytes:
    """Fork a worker, let it come some words far, kill it, and return the last thing that it said.

    Raises:
        RuntimeError: the worker ended by itself.
    """
    hears, says = os.pipe()
    worker = os.fork()
    if not worker:
        os.close(hears)
        try:
            work(random.Random(chance.random()), says)
        finally:
            # A worker ends by the kill only; when it comes here, the starter is told.
            os._exit(1)
    os.close(says)
    heard = b""
    words = chance.randint(1, most_words)
    while len(heard) < words and (more := os.read(hears, 1)):
        heard += more
    # Not always at the very instant at which it spoke.
    for _ in range(chance.choice((0, chance.randint(0, 20_000)))):
        pass
    os.kill(worker, signal.SIGKILL)
    _, status = os.waitpid(worker, 0)
    heard += os.read(hears, 1000)
    os.close(hears)
    if not os.WIFSIGNALED(status):
        raise RuntimeError(f"the worker ended by itself after {heard!r}")
    return heard[-1:]
