"""What a reading costs in the accumulator of its feed, beside a callback that does nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import gc
import time

from custom_components.flexmeasures.measurements import (
    Accumulator,
    CounterAccumulator,
    CounterRules,
    ExtremeAccumulator,
    LastValueAccumulator,
    MeanAccumulator,
)

from .figures import Figure

_BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
_RESOLUTION = timedelta(minutes=5)
_FEEDS = 200
# One change a second for each feed, over the borders of two slots.
_CHANGES = 650
_ROUNDS = 5
# Of a feed's whole share of a state change, which is promised.
_BOUND = 3  # µs

type Listener = Callable[[datetime, float | None], None]

_KINDS: dict[str, Callable[[], Accumulator]] = {
    "mean": lambda: MeanAccumulator(_RESOLUTION),
    "mean with a longest hold": lambda: MeanAccumulator(
        _RESOLUTION, max_hold=timedelta(minutes=10)
    ),
    "maximum": lambda: ExtremeAccumulator(_RESOLUTION, max),
    "last value": lambda: LastValueAccumulator(timedelta(0)),
    "counter": lambda: CounterAccumulator(_RESOLUTION, CounterRules(maximum_power=40)),
}


def measure_accumulating() -> list[Figure]:
    """Give the same readings to every kind of accumulator and to a bare callback, in turns."""
    readings = [(_BEGIN + index * timedelta(seconds=1), index / 1000) for index in range(_CHANGES)]
    bare: list[float] = []
    costs: dict[str, list[float]] = {name: [] for name in _KINDS}
    for _ in range(_ROUNDS):
        bare.append(_cost([_bare] * _FEEDS, readings))
        for name, kind in _KINDS.items():
            accumulators = [kind() for _ in range(_FEEDS)]
            costs[name].append(_cost([accumulator.add for accumulator in accumulators], readings))
            _check(accumulators)
    return [
        Figure(
            name=f"a reading in an accumulator, above a bare callback: {name}",
            value=min(times) - min(bare),
            unit="µs",
            bound=_BOUND,
        )
        for name, times in costs.items()
    ]


def _bare(time: datetime, value: float | None) -> None:
    """Do nothing."""


def _cost(listeners: list[Listener], readings: list[tuple[datetime, float]]) -> float:
    """Return microseconds of processor time per reading; all listeners take turns, as entities do."""
    gc.collect()
    began = time.process_time()
    for moment, value in readings:
        for listener in listeners:
            listener(moment, value)
    return (time.process_time() - began) / len(listeners) / len(readings) * 1e6


def _check(accumulators: list[Accumulator]) -> None:
    for accumulator in accumulators:
        slots = accumulator.close(_BEGIN + 2 * _RESOLUTION)
        if not slots or any(slot.value is None for slot in slots):
            raise RuntimeError(f"readings have been lost: {slots}")
