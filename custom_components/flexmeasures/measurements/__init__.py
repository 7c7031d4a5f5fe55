"""Readings on a sensor's fixed grid: which one holds now, and what becomes of those that the home sends.

Knows neither HTTP nor Home Assistant; time is passed in.
"""

from .accumulators import (
    Accumulator,
    ExtremeAccumulator,
    LastValueAccumulator,
    MeanAccumulator,
)
from .backfill_progress import BackfillProgress
from .comparison import different_values
from .counter_rules import CounterRules
from .counters import CounterAccumulator
from .intervals import Interval, floor_to_grid
from .outbox import Outbox
from .outbox_bounds import MAXIMUM_AGE
from .outbox_models import (
    INSTANTANEOUS_STEP,
    Block,
    OutboxCorruptError,
    OutboxError,
    OutboxFullError,
    OutboxSensor,
    OutboxStatistics,
    OutboxTooNewError,
    Priority,
)
from .outbox_sent import SENT_IS_KNOWN_FOR
from .polling import PollPlan, first_due, refresh_period
from .replay import LATE_READINGS, History, HistoryError, Pause, replay, stretches
from .window import ValueRow, ValueWindow, WindowRequest, plan_window

__all__ = [
    "INSTANTANEOUS_STEP",
    "LATE_READINGS",
    "MAXIMUM_AGE",
    "SENT_IS_KNOWN_FOR",
    "Accumulator",
    "BackfillProgress",
    "Block",
    "CounterAccumulator",
    "CounterRules",
    "ExtremeAccumulator",
    "History",
    "HistoryError",
    "Interval",
    "LastValueAccumulator",
    "MeanAccumulator",
    "Outbox",
    "OutboxCorruptError",
    "OutboxError",
    "OutboxFullError",
    "OutboxSensor",
    "OutboxStatistics",
    "OutboxTooNewError",
    "Pause",
    "PollPlan",
    "Priority",
    "ValueRow",
    "ValueWindow",
    "WindowRequest",
    "different_values",
    "first_due",
    "floor_to_grid",
    "plan_window",
    "refresh_period",
    "replay",
    "stretches",
]
