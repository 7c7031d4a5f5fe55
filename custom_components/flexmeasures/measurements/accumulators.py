"""From readings to values on a sensor's grid: the mean, an extreme, or the last value of each slot."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import override

from .holding import Accumulator, HoldingAccumulator
from .intervals import Interval, as_utc

__all__ = ["Accumulator", "ExtremeAccumulator", "LastValueAccumulator", "MeanAccumulator"]

_NO_TIME = timedelta(0)
# FlexMeasures reads instantaneous sensors on a grid of whole minutes and drops what lies beside it.
_MOMENTS = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)
# Who looks for the state of charge takes a reading that is recent, be it unchanged.
_REPEAT_AFTER = timedelta(minutes=15)


class MeanAccumulator(HoldingAccumulator):
    """Time-weighted mean of the values that the entity showed, over the time in which it showed any."""

    __slots__ = ("_integral",)

    @override
    def _weigh(self, value: float, duration: int) -> None:
        self._integral += value * duration

    @override
    def _summary(self, covered: int) -> float:
        return self._integral / covered

    @override
    def _clear(self) -> None:
        self._integral = 0.0


class ExtremeAccumulator(HoldingAccumulator):
    """Largest or smallest value that the entity showed in the slot; what it showed for no time does not count."""

    __slots__ = ("_choose", "_extreme")

    def __init__(
        self,
        resolution: timedelta,
        choose: Callable[[float, float], float],
        *,
        minimum_coverage: float = 0.5,
        max_hold: timedelta | None = None,
    ) -> None:
        """Begin without any reading.

        Args:
            resolution: length of the slots.
            choose: ``max`` or ``min``.
            minimum_coverage: as for every accumulator that holds.
            max_hold: as for every accumulator that holds.
        """
        self._choose = choose
        self._extreme: float | None = None
        super().__init__(resolution, minimum_coverage=minimum_coverage, max_hold=max_hold)

    @override
    def _weigh(self, value: float, duration: int) -> None:
        self._extreme = value if self._extreme is None else self._choose(self._extreme, value)

    @override
    def _summary(self, covered: int) -> float | None:
        return self._extreme

    @override
    def _clear(self) -> None:
        self._extreme = None


class LastValueAccumulator(HoldingAccumulator):
    """The value that the entity shows at the slot's end, however long it has done so; None if it shows none then.

    For an instantaneous sensor (resolution zero) that is the value at a whole minute, and only minutes with something
    to tell are returned: where the value is another than the one returned last, or that one is 15 minutes old.
    """

    __slots__ = ("_is_instantaneous", "_repeat_after", "_told", "_told_at")

    def __init__(
        self,
        resolution: timedelta,
        *,
        max_hold: timedelta | None = None,
        repeat_after: timedelta = _REPEAT_AFTER,
    ) -> None:
        """Begin without any reading.

        Args:
            resolution: length of the slots; zero for an instantaneous sensor.
            max_hold: as for every accumulator that holds.
            repeat_after: age at which an instantaneous sensor's unchanged value is told again.
        """
        self._is_instantaneous = resolution == _NO_TIME
        self._repeat_after = repeat_after
        self._told: float | None = None
        self._told_at = datetime.min.replace(tzinfo=UTC)
        super().__init__(resolution or _MOMENTS, minimum_coverage=0, max_hold=max_hold)

    @override
    def add(self, time: datetime, value: float | None) -> None:
        # What is shown from a whole minute on is the value at that minute: it belongs to the slot that ends there.
        super().add(as_utc(time) - _MICROSECOND if self._is_instantaneous else time, value)

    @override
    def _interval(self) -> Interval | None:
        if not self._is_instantaneous:
            return super()._interval()
        moment = self._start + self._resolution
        is_recent = self._told_at <= moment < self._told_at + self._repeat_after
        if self._value == self._told and (is_recent or self._value is None):
            return None
        self._told, self._told_at = self._value, moment
        return (
            None if self._value is None else Interval(start=moment, value=self._value, coverage=1)
        )

    @override
    def _weigh(self, value: float, duration: int) -> None:
        pass

    @override
    def _summary(self, covered: int) -> float | None:
        return self._value

    @override
    def _clear(self) -> None:
        pass
