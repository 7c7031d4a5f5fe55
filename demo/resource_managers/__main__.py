"""Run one simulated device: ``python -m demo.resource_managers battery ws://127.0.0.1:8123/…``."""

import asyncio
import contextlib
from datetime import UTC, datetime
import sys

from .battery import Battery
from .boiler import Boiler
from .car import Car
from .connection import run
from .dishwasher import Dishwasher
from .heat_pump import HeatPump
from .hybrid import Hybrid
from .panels import Panels
from .resource_manager import ResourceManager

DEVICES: dict[str, type[ResourceManager]] = {
    "battery": Battery,
    "boiler": Boiler,
    "car": Car,
    "dishwasher": Dishwasher,
    "heat_pump": HeatPump,
    "hybrid": Hybrid,
    "panels": Panels,
}

if __name__ == "__main__":
    _, kind, address = sys.argv
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(DEVICES[kind](datetime.now(UTC)), address))
