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

# Imported with the first S2 device, or with the first question to the recorder.
LOADED_LATE = (
    "recorder_states",
    "s2",
    "s2_carrier",
    "s2_conversation",
    "s2_device",
    "s2_entities",
    "s2_inputs",
    "s2_instruction",
    "s2_instructor",
    "s2_link",
    "s2_planning",
    "s2_sensors",
    "s2_server",
    "s2_settings",
    "s2_site",
)
# Home Assistant has these components loaded whatever integrations it runs, before ours is imported.
_PROGRAM = f"""
import importlib, sys
from bench.own_memory import own_memory, submodules

for name in ("core", "config_entries", "helpers.aiohttp_client", *("components." + name for name in (
        "http", "binary_sensor", "button", "calendar", "event", "number", "select", "sensor", "switch", "time"))):
    importlib.import_module("homeassistant." + name)
before = own_memory()
package = importlib.import_module("custom_components.flexmeasures")
for name in submodules(package, {LOADED_LATE}):
    importlib.import_module(name)
after = own_memory()
late = ["custom_components.flexmeasures." + name for name in {LOADED_LATE}]
for unwanted in ("s2python", "pydantic", "sqlalchemy", *late):
    assert unwanted not in sys.modules, unwanted + " is imported before S2 or the recorder is used"
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
