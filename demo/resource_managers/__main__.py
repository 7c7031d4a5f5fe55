"""Run one simulated device: ``python -m demo.resource_managers battery ws://127.0.0.1:8123/…``."""

import asyncio
import contextlib
from datetime import UTC, datetime
import sys

from .battery import Battery
from .boiler import Boiler
from .connection import run
from .panels import Panels

DEVICES = {"battery": Battery, "boiler": Boiler, "panels": Panels}

if __name__ == "__main__":
    _, kind, address = sys.argv
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(DEVICES[kind](datetime.now(UTC)), address))
