"""The memory of this process."""

import gc
from pathlib import Path
import re


def own_memory() -> int:
    """Return the KiB that belong to this process alone: what would be free without it."""
    gc.collect()
    text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    return sum(map(int, re.findall(r"^Private_(?:Clean|Dirty): +(\d+)", text, re.MULTILINE)))
