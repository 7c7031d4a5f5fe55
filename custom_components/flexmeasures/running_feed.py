"""A feed while it collects: from an entity's states to closed slots of its sensor."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from homeassistant.components.sensor import ATTR_LAST_RESET
from homeassistant.core import State

from .client import Sensor
from .const import LOGGER
from .feed import Aggregation, Feed, value_for_sensor
from .measurements import (
    Accumulator,
    CounterAccumulator,
    CounterRules,
    ExtremeAccumulator,
    History,
    Interval,
    LastValueAccumulator,
    MeanAccumulator,
    replay,
)
from .units import UnitError

type Row = tuple[int, timedelta, Interval]


@dataclass(slots=True)
class RunningFeed:
    """A feed while it collects.

    Attributes:
        is_quiet: True where a problem is no news, since it is one of the past.
        last: the interval closed last; None before the first.
        problem: why readings are not used now; None while they are.
    """

    feed: Feed
    sensor: Sensor
    accumulator: Accumulator
    is_quiet: bool = False
    last: Interval | None = None
    problem: str | None = None
    _last_reset: object = None

    @classmethod
    def start(cls, feed: Feed, sensor: Sensor, *, is_quiet: bool = False) -> Self:
        """Return the feed with the accumulator that its aggregation asks for."""
        return cls(feed, sensor, _accumulator(feed, sensor), is_quiet)

    def take(self, state: State | None, time: datetime) -> None:
        """Add what the entity shows from the time on."""
        value = None
        problem = None
        if state is not None:
            try:
                value = value_for_sensor(state, self.feed, self.sensor)
            except UnitError as error:
                problem = str(error)
            if isinstance(self.accumulator, CounterAccumulator) and value is not None:
                self._see_reset(state, self.accumulator)
        if problem and problem != self.problem and not self.is_quiet:
            LOGGER.warning("%s is not measured: %s", self.feed.title, problem)
        self.problem = problem
        self.accumulator.add(time, value)

    def _see_reset(self, state: State, counter: CounterAccumulator) -> None:
        """Tell a counter that it counts from zero when the entity says that it was reset."""
        reset = state.attributes.get(ATTR_LAST_RESET)
        if reset != self._last_reset:
            if reset is not None and self._last_reset is not None:
                counter.start_over()
            self._last_reset = reset

    def alive(self, time: datetime) -> None:
        """Take over that the entity reported what it shows, at the time."""
        self.accumulator.alive(time)

    def close(self, until: datetime) -> list[Row]:
        """Return the slots that ended, as they are sent."""
        factor = self.feed.factor_for_intervals(self.sensor)
        closed = self.accumulator.close(until)
        if factor != 1:
            closed = [
                replace(item, value=None if item.value is None else factor * item.value)
                for item in closed
            ]
        if closed:
            self.last = closed[-1]
        return [(self.sensor.id, self.sensor.resolution, interval) for interval in closed]

    def replay(self, history: History[State]) -> list[Row]:
        """Live through a stretch of the past, and return the slots that ended in it."""
        return replay(
            history.with_gaps(),
            resolution=self.sensor.resolution,
            take=self.take,
            close=self.close,
        )

    def go_on_from(self, rebuilt: Self) -> None:
        """Take over what a feed of the same kind knows of the open slot."""
        self.accumulator = rebuilt.accumulator
        self.last = rebuilt.last
        self._last_reset = rebuilt._last_reset


@dataclass(slots=True)
class WaitingFeed:
    """Stands in for a feed whose open slot is being rebuilt, and keeps what changes meanwhile.

    Attributes:
        since: from when on the feed has to be rebuilt.
        begun: when listening began, and everything since is known here.
        first: what the entity showed then.
    """

    running: RunningFeed
    entity_id: str
    since: datetime
    begun: datetime
    first: State | None
    _changes: list[tuple[State | None, datetime]] = field(default_factory=list)

    def take(self, state: State | None, time: datetime) -> None:
        """Keep what the entity shows from the time on."""
        self._changes.append((state, time))

    def alive(self, time: datetime) -> None:
        """Do nothing: who reports again is asked for at every boundary."""

    def close(self, until: datetime) -> list[Row]:
        """Return nothing: what ended meanwhile will have been rebuilt."""
        return []

    def resume(self, rebuilt: RunningFeed | None) -> RunningFeed:
        """Return the feed as it is now: rebuilt, or begun when listening began, and with what changed since."""
        if rebuilt is not None:
            self.running.go_on_from(rebuilt)
        if rebuilt is None or self.first is None or self.first.last_updated >= self.begun:
            self.running.take(self.first, self.begun)
        for state, changed_at in self._changes:
            self.running.take(state, changed_at)
        return self.running


def _accumulator(feed: Feed, sensor: Sensor) -> Accumulator:
    resolution, max_hold = sensor.resolution, feed.longest_hold
    if not resolution:
        # A sensor may have become instantaneous on the server; then there is no interval to make a mean of.
        return LastValueAccumulator(resolution, max_hold=max_hold)
    match feed.aggregation:
        case Aggregation.LAST:
            return LastValueAccumulator(resolution, max_hold=max_hold)
        case Aggregation.MAXIMUM:
            return ExtremeAccumulator(resolution, max, max_hold=max_hold)
        case Aggregation.MINIMUM:
            return ExtremeAccumulator(resolution, min, max_hold=max_hold)
        case Aggregation.COUNTER_TO_POWER | Aggregation.COUNTER_TO_ENERGY:
            return CounterAccumulator(
                resolution,
                CounterRules(maximum_power=feed.maximum_power_for(sensor)),
                as_energy=feed.aggregation is Aggregation.COUNTER_TO_ENERGY,
                max_hold=max_hold,
            )
        case _:
            return MeanAccumulator(resolution, max_hold=max_hold)
