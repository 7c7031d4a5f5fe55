"""The memory that importing the integration adds to Home Assistant."""

import os
from statistics import median
import subprocess
import sys
from tempfile import TemporaryDirectory

from .figures import Figure

_RUNS = 7
_BOUND = 8  # MiB, promised
_MIB = 1024  # KiB
# Where bytecode is kept, as it is in a home from the second start on; compiling would be counted as memory otherwise.
_KEEP_BYTECODE = "PYTHONPYCACHEPREFIX"
_KEEP_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"

# Home Assistant has these components loaded whatever integrations it runs, before ours is imported.
_PROGRAM = """
import importlib, sys
from bench.own_memory import own_memory, submodules

for name in ("core", "config_entries", "helpers.aiohttp_client", *(f"components.{name}" for name in (
        "http", "binary_sensor", "button", "calendar", "event", "number", "select", "sensor", "switch", "time"))):
    importlib.import_module(f"homeassistant.{name}")
before = own_memory()
package = importlib.import_module("custom_components.flexmeasures")
for name in submodules(package, ("s2", "recorder_states")):
    importlib.import_module(name)
after = own_memory()
for unwanted in ("s2python", "pydantic", "sqlalchemy", "custom_components.flexmeasures.s2"):
    assert unwanted not in sys.modules, f"{unwanted} is imported before S2 or the recorder is used"
print(after - before)
"""


def measure_memory() -> list[Figure]:
    """Import everything in fresh processes.

    Raises:
        subprocess.CalledProcessError: an import fails, or brings what only S2 or the recorder needs.
    """
    with TemporaryDirectory() as bytecode:
        added = [_added(bytecode) for _ in range(_RUNS + 1)][1:]
    return [
        Figure(
            name=f"memory that the import adds (median of {_RUNS} processes)",
            value=median(added) / _MIB,
            unit="MiB",
            bound=_BOUND,
        )
    ]


def _added(bytecode: str) -> int:
    """Return the KiB that the import adds in a fresh process."""
    environment = {key: value for key, value in os.environ.items() if key != _KEEP_NO_BYTECODE}
    finished = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        check=True,
        env={**environment, _KEEP_BYTECODE: bytecode},
        stdout=subprocess.PIPE,
        text=True,
    )
    return int(finished.stdout)
