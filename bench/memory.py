"""The memory that importing the integration adds to Home Assistant."""

from statistics import median
import subprocess
import sys

from .figures import Figure

_RUNS = 7
_BOUND = 8  # MiB, promised
_MIB = 1024  # KiB

# Home Assistant has these components loaded whatever integrations it runs, before ours is imported.
_PROGRAM = """
import importlib, pkgutil, sys
from bench.own_memory import own_memory

for name in ("core", "config_entries", *(f"components.{name}" for name in (
        "http", "sensor", "number", "switch", "button", "binary_sensor"))):
    importlib.import_module(f"homeassistant.{name}")
before = own_memory()
package = importlib.import_module("custom_components.flexmeasures")
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    if not module.name.startswith((f"{package.__name__}.s2", f"{package.__name__}.recorder_states")):
        importlib.import_module(module.name)
after = own_memory()
for unwanted in ("s2python", "pydantic", "sqlalchemy"):
    assert unwanted not in sys.modules, f"{unwanted} is imported before S2 or the recorder is used"
print(after - before)
"""


def measure_memory() -> list[Figure]:
    """Import everything in fresh processes.

    Raises:
        subprocess.CalledProcessError: an import fails, or brings what only S2 or the recorder needs.
    """
    added = []
    for _ in range(_RUNS):
        program = [sys.executable, "-c", _PROGRAM]
        finished = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True)
        added.append(int(finished.stdout))
    return [
        Figure(
            name=f"memory that the import adds (median of {_RUNS} processes)",
            value=median(added) / _MIB,
            unit="MiB",
            bound=_BOUND,
        )
    ]
