"""Says what the demo is doing, with the seconds since it began."""

import time


class Progress:
    """Prints one line per finished step."""

    def __init__(self) -> None:
        """Begin to count now."""
        self._begin = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line with the elapsed seconds."""
        print(f"[{time.monotonic() - self._begin:5.1f} s] {text}", flush=True)
