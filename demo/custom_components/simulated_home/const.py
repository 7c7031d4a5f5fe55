"""Names shared by several files."""

from datetime import timedelta
import logging
from typing import Final

LOGGER: Final = logging.getLogger(__package__)

DOMAIN: Final = "simulated_home"

# Quick enough to watch a setpoint take effect, slow enough for a database that keeps ten days.
TICK: Final = timedelta(seconds=5)

# After a restart or a suspended computer, time has passed that the battery did not spend doing anything.
LONGEST_GAP: Final = timedelta(minutes=1)

FORECAST_STEP: Final = timedelta(minutes=15)
FORECAST_LENGTH: Final = timedelta(hours=48)
