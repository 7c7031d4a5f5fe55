"""The memory of this process."""

from collections.abc import Collection, Iterator
import gc
from pathlib import Path
import pkgutil
import re
from types import ModuleType


def own_memory() -> int:
    """Return the KiB that belong to this process alone: what would be free without it."""
    gc.collect()
    text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    return sum(map(int, re.findall(r"^Private_(?:Clean|Dirty): +(\d+)", text, re.MULTILINE)))


def submodules(package: ModuleType, left_out: Collection[str]) -> Iterator[str]:
    """Yield the names of a package's modules, packages first; what is left out is not even imported to be looked into."""
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if module.name.rpartition(".")[2] in left_out:
            continue
        yield module.name
        if module.ispkg:
            inner = __import__(module.name, fromlist=["__path__"])
            yield from submodules(inner, left_out)
