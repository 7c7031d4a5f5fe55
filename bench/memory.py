"""The memory that the integration adds to Home Assistant by what is imported for a home."""

from collections.abc import Collection
import os
from statistics import median
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Final

from homeassistant.loader import BASE_PRELOAD_PLATFORMS

from custom_components.flexmeasures import PLATFORMS, SITE_PLATFORMS

from .figures import Figure

_RUNS = 7
_MIB = 1024  # KiB
# MiB. The first is promised. Planning and control are half of the integration, so a home whose devices are planned may
# pay for them as much as for all the rest; most of it is code.
_BOUND = 8
_BOUND_WITH_DEVICES = 12
# Where bytecode is kept, as it is in a home from the second start on; compiling would be counted as memory otherwise.
_KEEP_BYTECODE = "PYTHONPYCACHEPREFIX"
_KEEP_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"

PACKAGE: Final = "custom_components.flexmeasures"
# What Home Assistant imports of an integration whatever it is used for, and to show a site without flexible devices.
FOR_EVERY_SITE: Final = (*BASE_PRELOAD_PLATFORMS, *SITE_PLATFORMS)
FOR_FLEXIBLE_DEVICES: Final = (*FOR_EVERY_SITE, "flexible_site", *PLATFORMS)
# Imported with the first flexible device, with the first S2 device, with the first dialog, and with the first question
# to the recorder.
WITH_FLEXIBLE_DEVICES: Final = ("control", "flexible_site", "scheduling")
WITH_OTHERS: Final = (
    "device_flow",
    "feed_flow",
    "options_flow",
    "recorder_states",
    "s2",
    "s2_flow",
    "s2_site",
)
# Home Assistant has these components loaded whatever integrations it runs, before ours is imported. With its default
# integrations it has interned 128,000 names, of which these components bring 83,000; the others stand in for the rest.
# Python doubles its table of names at 87,381 and at 174,762, so that an import which happens to reach the first of
# these would be charged with 3.5 MiB that a home has anyway.
_PROGRAM = """
import importlib, importlib.util, sys
from bench.own_memory import own_memory

for name in ("core", "config_entries", "helpers.aiohttp_client", *("components." + name for name in (
        "http", "binary_sensor", "button", "calendar", "event", "number", "select", "sensor", "switch", "time"))):
    importlib.import_module("homeassistant." + name)
names = [sys.intern("a name of another integration " + str(number)) for number in range(45_000)]
before = own_memory()
importlib.import_module("{package}")
for name in {modules}:
    if importlib.util.find_spec("{package}." + name):
        importlib.import_module("{package}." + name)
after = own_memory()
for unwanted in ("s2python", "pydantic", "sqlalchemy", *("{package}." + name for name in {unwanted})):
    assert unwanted not in sys.modules, unwanted + " is imported without need"
print(after - before)
"""


def measure_memory() -> list[Figure]:
    """Import what homes without and with flexible devices need, in fresh processes.

    Raises:
        subprocess.CalledProcessError: an import fails, or brings what such a home does not need.
    """
    return [
        Figure(
            name=f"memory that the import adds, without flexible devices (median of {_RUNS} processes)",
            value=_added(FOR_EVERY_SITE, (*WITH_FLEXIBLE_DEVICES, *WITH_OTHERS)),
            unit="MiB",
            bound=_BOUND,
        ),
        Figure(
            name=f"memory that the import adds, with flexible devices (median of {_RUNS} processes)",
            value=_added(FOR_FLEXIBLE_DEVICES, WITH_OTHERS),
            unit="MiB",
            bound=_BOUND_WITH_DEVICES,
        ),
    ]


def _added(modules: Collection[str], unwanted: Collection[str]) -> float:
    """Return the MiB that the import of the modules adds."""
    program = import_program(modules, unwanted)
    with TemporaryDirectory() as bytecode:
        added = [_run(program, bytecode) for _ in range(_RUNS + 1)][1:]
    return median(added) / _MIB


def import_program(modules: Collection[str], unwanted: Collection[str]) -> str:
    """Return a program that imports modules of the integration, prints what this adds in KiB, and fails with the unwanted."""
    return _PROGRAM.format(
        package=PACKAGE,
        modules=tuple(dict.fromkeys(map(str, modules))),
        unwanted=tuple(unwanted),
    )


def _run(program: str, bytecode: str) -> int:
    environment = {key: value for key, value in os.environ.items() if key != _KEEP_NO_BYTECODE}
    finished = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env={**environment, _KEEP_BYTECODE: bytecode},
        stdout=subprocess.PIPE,
        text=True,
    )
    return int(finished.stdout)
