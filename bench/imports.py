"""A program that imports a package and tells what that cost: ``python -m bench.imports PACKAGE BASELINE...``.

The baseline are modules that are imported before. The answer is one line: seconds of processor time, KiB of memory.
"""

import importlib
import sys
import time

from .own_memory import own_memory


def _measure(package: str, baseline: list[str]) -> str:
    for name in baseline:
        importlib.import_module(name)
    memory, began = own_memory(), time.process_time()
    importlib.import_module(package)
    took = time.process_time() - began
    return f"{took} {own_memory() - memory}"


if __name__ == "__main__":
    print(_measure(sys.argv[1], sys.argv[2:]))
