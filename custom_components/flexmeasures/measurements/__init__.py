"""Values on a sensor's fixed grid: which one holds now, and when to look again.

Knows neither HTTP nor Home Assistant; time is passed in.
"""

from .polling import PollPlan, first_due, refresh_period
from .window import ValueRow, ValueWindow, WindowRequest, plan_window

__all__ = [
    "PollPlan",
    "ValueRow",
    "ValueWindow",
    "WindowRequest",
    "first_due",
    "plan_window",
    "refresh_period",
]
