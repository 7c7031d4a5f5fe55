"""The physics of the simulated home: pure, deterministic, and told how much time has passed.

Power is in watts. At the battery, the car and the grid, consumption is positive: charging and import.
Energy is in watt-hours. The state in here is exact; noise is added to readings only, as a meter does.
"""

from .charger import (
    CAR,
    HIGHEST_CURRENT,
    LOWEST_CURRENT,
    PHASES,
    VOLTAGE,
    WATTS_PER_AMPERE,
    Charger,
)
from .dishwasher import PROFILE, PROFILE_STEP, PROGRAM_LENGTH, Dishwasher
from .heat_pump import (
    COMPRESSOR_POWER,
    HEAT_CAPACITY,
    HIGHEST_TARGET,
    LOWEST_TARGET,
    HeatPump,
    coefficient_of_performance,
)
from .home import Home, Memory, Reading, measured
from .inverter import Inverter
from .storage import BATTERY, Storage, StorageModel

__all__ = [
    "BATTERY",
    "CAR",
    "COMPRESSOR_POWER",
    "HEAT_CAPACITY",
    "HIGHEST_CURRENT",
    "HIGHEST_TARGET",
    "LOWEST_CURRENT",
    "LOWEST_TARGET",
    "PHASES",
    "PROFILE",
    "PROFILE_STEP",
    "PROGRAM_LENGTH",
    "VOLTAGE",
    "WATTS_PER_AMPERE",
    "Charger",
    "Dishwasher",
    "HeatPump",
    "Home",
    "Inverter",
    "Memory",
    "Reading",
    "Storage",
    "StorageModel",
    "coefficient_of_performance",
    "measured",
]
