"""Flex-models to ask for schedules with, and the time line that comes back.

Knows neither HTTP nor Home Assistant. Power is in watts, consumption positive; energy in kWh; time is aware UTC.
"""

from .battery import Battery, FlexModelError, FlexModelProblem
from .grid import floor_to_resolution
from .schedule import Schedule, Step

__all__ = [
    "Battery",
    "FlexModelError",
    "FlexModelProblem",
    "Schedule",
    "Step",
    "floor_to_resolution",
]
