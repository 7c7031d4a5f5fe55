"""The order of posts to one sensor, so that none is lost behind another."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from .retries import Timing, http_date

# FlexMeasures cuts the time of a belief to the second; the rest is for two clocks that do not run alike.
_SECOND: Final = 1.05
# More posts of one event than this within a second nobody makes; explicit times further back are not repeated.
_REMEMBERED: Final = 16
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class PostOrder:
    """Lets posts to one sensor go one after the other, each with a second of belief of its own.

    The server keeps one value per event, source and second of belief. Of two that share all three it accepts the
    later one (202), and its worker throws it away with everything else in that post.
    """

    def __init__(self, timing: Timing) -> None:
        """Remember nothing yet."""
        self._timing = timing
        self._sensors: dict[int, _Sensor] = {}

    def turn(
        self, sensor_id: int, start: datetime, duration: timedelta, prior: datetime | None
    ) -> Turn:
        """Return the turn of a post for this window (aware)."""
        sensor = self._sensors.get(sensor_id)
        if sensor is None:
            sensor = self._sensors[sensor_id] = _Sensor()
        return Turn(sensor, self._timing, start, start + duration, prior)


class Turn:
    """One post: entering it waits until the post may go, and what it left is remembered for those that follow.

    Attributes:
        start: of the window.
        end: of the window.
        prior: when the values were known, perhaps a little later than the caller said; None for the server's own now.
        answered: the moment of the answer as the server wrote it, set by who posts.
        ended_at: by our clock.
    """

    __slots__ = ("_began_at", "_sensor", "_timing", "answered", "end", "ended_at", "prior", "start")

    def __init__(
        self,
        sensor: _Sensor,
        timing: Timing,
        start: datetime,
        end: datetime,
        prior: datetime | None,
    ) -> None:
        """Begin with what the caller said."""
        self.start = start
        self.end = end
        self.prior = prior
        self.answered: str | None = None
        self.ended_at = 0.0
        self._began_at = 0.0
        self._sensor = sensor
        self._timing = timing

    async def __aenter__(self) -> Self:
        """Wait for the posts before this one, and until a second of belief is free."""
        await self._sensor.lock.acquire()
        try:
            if past := self._sensor.overlapping(self):
                if self.prior is None:
                    await self._wait_for_another_second(past)
                else:
                    self.prior = _free_moment(self.prior, past)
        except BaseException:
            self._sensor.lock.release()
            raise
        self._began_at = self._timing.clock()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let the next post go."""
        self.ended_at = self._timing.clock()
        self._sensor.remember(self)
        self._sensor.lock.release()

    def took(self, second: int) -> bool:
        """Tell whether the belief may have got this second since 1970."""
        if self.prior is not None:
            return second == int(self.prior.timestamp())
        if (answered := http_date(self.answered or "")) is None:
            return False
        last = int(answered.timestamp())
        return last - int(self.ended_at - self._began_at) - 1 <= second <= last

    async def _wait_for_another_second(self, past: list[Turn]) -> None:
        """The server's clock has moved on by a whole second since its last answer."""
        free_at = max(turn.ended_at for turn in past) + _SECOND
        while (pause := free_at - self._timing.clock()) > 0:
            await self._timing.sleep(max(pause, 0.001))


@dataclass(slots=True)
class _Sensor:
    """The posts to a sensor: who is at it, and those that are over."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    past: deque[Turn] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    last_start: datetime = _LONG_AGO
    last_end: datetime = _LONG_AGO

    def overlapping(self, new: Turn) -> list[Turn] | None:
        """Return the posts that share an event with a new one; a moment is an event of its own."""
        start, end = new.start, new.end
        if start > self.last_start and start >= self.last_end:
            return None  # measurements follow each other
        return [
            turn
            for turn in self.past
            if (turn.start < end and start < turn.end) or turn.start == start
        ]

    def remember(self, turn: Turn) -> None:
        """Keep a post that is over."""
        self.past.append(turn)
        self.last_start = max(self.last_start, turn.start)
        self.last_end = max(self.last_end, turn.end)


def _free_moment(prior: datetime, past: list[Turn]) -> datetime:
    second = int(prior.timestamp())
    while any(turn.took(second) for turn in past):
        second += 1
    same = second == int(prior.timestamp())
    return prior if same else datetime.fromtimestamp(second, UTC)
