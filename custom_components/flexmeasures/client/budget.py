"""How often we may ask: one budget for everybody who asks as the same user, with urgent requests first.

FlexMeasures 1.0 counts requests per user (500 a minute by default) and accepted triggers per account (10 in five
minutes), refused requests included. Who runs into a limit has lost the time until its end, so we stay below it.
"""

import asyncio
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self
from weakref import WeakKeyDictionary, WeakValueDictionary

from .errors import RateLimitedError
from .retries import Timing, http_date, parse_retry_after

# The server's defaults, until an answer tells its own. A server that tells none has none.
_REQUESTS: Final = 500
_REQUESTS_WITHIN: Final = 60.0  # s
_TRIGGERS: Final = 10
_TRIGGERS_WITHIN: Final = 300.0  # s
# 8 of 10 triggers: two are left for a person at the server's own pages and for a second installation.
_TRIGGER_SHARE: Final = 0.8
# A schedule waits at most as long as a person looks at a spinner; the caller plans around everything longer.
_TRIGGER_PATIENCE: Final = 30.0  # s
# Who waits looks again after this time at the latest, because places may come free in between.
_LONGEST_SLEEP: Final = 5.0  # s
# Clocks and sleeps are not exact: without a least pause a rounding error becomes a busy loop.
_SHORTEST_SLEEP: Final = 0.001  # s


class Priority(IntEnum):
    """Who goes first when the budget is short: the lower number."""

    URGENT = 0  # schedules, jobs: somebody or something waits for them
    NORMAL = 1
    BULK = 2  # back-fill: any time will do


# What each priority may use of the limit. The rest stays for those before it, so that an urgent request finds room
# although a back-fill has been running for an hour; the last 5 % are for programs that we know nothing of.
_SHARES: Final = {Priority.URGENT: 0.95, Priority.NORMAL: 0.85, Priority.BULK: 0.6}
# How long a request waits for its place, before it is refused with the time after which to come again.
_PATIENCE: Final = {Priority.URGENT: 30.0, Priority.NORMAL: 60.0, Priority.BULK: 600.0}  # s

_priority: ContextVar[Priority | None] = ContextVar("flexmeasures_client_priority", default=None)


@contextmanager
def calls_with(priority: Priority) -> Iterator[None]:
    """Give this priority to all calls of the current task, and of tasks that it starts, until the block ends."""
    token = _priority.set(priority)
    try:
        yield
    finally:
        _priority.reset(token)


def chosen_priority(default: Priority) -> Priority:
    """Return what the caller chose, or else the call's own priority."""
    chosen = _priority.get()
    return default if chosen is None else chosen


@dataclass(frozen=True, slots=True)
class LimitState:
    """What an answer says about the limit: its size, what is left of it, and the seconds until it begins anew."""

    limit: int
    left: int
    resets_in: float

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self | None:
        """Read the headers; None when they say nothing that makes sense.

        The moment of the reset is compared with the server's own clock, so ours does not matter.
        """
        limit = _whole(headers.get("X-RateLimit-Limit", ""))
        left = _whole(headers.get("X-RateLimit-Remaining", ""))
        if not limit or left is None:
            return None
        reset = _whole(headers.get("X-RateLimit-Reset", ""))
        now = http_date(headers.get("Date", ""))
        if reset is not None and now is not None:
            resets_in = reset - now.timestamp()
        else:
            resets_in = parse_retry_after(headers) or 0.0
        return cls(limit, left, min(max(resets_in, 0.0), 86_400.0))


class Budget:
    """One limit of the server, and the queue before it.

    A request counts from before it is sent until one length of the limit after its end. Wherever in between the
    server counts it, none of the server's windows holds more than our share.
    """

    def __init__(
        self,
        what: str,
        *,
        limit: int,
        within: float,
        shares: Mapping[Priority, float],
        patience: Mapping[Priority, float],
    ) -> None:
        """Begin with the server's default limit of `limit` requests `within` so many seconds."""
        self._what = what
        self._default = (limit, within)
        self._limit: int | None = limit
        self._within = within
        self._shares = shares
        self._patience = patience
        self._in_flight = 0
        self._ended: deque[float] = deque()
        self._left: int | None = None
        self._left_until = 0.0
        self._window: tuple[str, str] | None = None
        self._blocked_until = 0.0
        self._waiting: list[tuple[Priority, int]] = []
        self._arrivals = 0

    @property
    def limit(self) -> int | None:
        """What the server allows; None when it has no limit."""
        return self._limit

    async def enter(self, priority: Priority, timing: Timing, request: str) -> None:
        """Wait for a place and take it; `leave` has to follow, whatever happens.

        Raises:
            RateLimitedError: the wait would be too long. Nothing was sent; `retry_after` says when to come again.
        """
        began = timing.clock()
        if self.enter_at_once(priority, began):
            return
        place = (priority, self._arrivals)
        self._arrivals += 1
        insort(self._waiting, place)
        try:
            while (pause := self._pause(now := timing.clock(), priority, self._ahead(place))) > 0:
                if pause > self._patience[priority] - (now - began):
                    raise self._refusal(request, pause)
                await timing.sleep(max(min(pause, _LONGEST_SLEEP), _SHORTEST_SLEEP))
            self._in_flight += 1
        finally:
            self._waiting.remove(place)

    def enter_at_once(self, priority: Priority, now: float) -> bool:
        """Take a place if nobody has to wait for one, and tell so: `enter` without its price."""
        if self._waiting or self._pause(now, priority, ahead=0) > 0:
            return False
        self._in_flight += 1
        return True

    def leave(self, now: float, *, counted: bool = True) -> None:
        """Give the place back; `counted` is False when the server surely did not count the request."""
        self._in_flight -= 1
        if not counted:
            return
        self._ended.append(now)
        if self._left is not None:
            self._left -= 1

    def learn(self, headers: Mapping[str, str], now: float) -> None:
        """Believe what a success says about the limit; called after `leave`."""
        window = headers.get("X-RateLimit-Limit", ""), headers.get("X-RateLimit-Reset", "")
        if window == self._window and self._left is not None and now < self._left_until:
            # The window that we know already: only what is left of it is new.
            left = _whole(headers.get("X-RateLimit-Remaining", ""))
            if left is not None:
                self._left = min(self._left, left)
                return
        state = LimitState.of(headers)
        self._window = window if window[1] else None
        if state is None:
            self._limit = self._left = None
            return
        if state.limit != self._limit:
            # The length of the limit is told nowhere: it is at least the longest time to a reset.
            limit, within = self._default
            self._within = within if state.limit == limit else 1.0
            self._limit = state.limit
        self._within = max(self._within, state.resets_in)
        until = now + state.resets_in
        if self._left is None or now >= self._left_until or until > self._left_until + 1.0:
            self._left, self._left_until = state.left, until
        else:
            # Answers of one window may overtake each other: the lowest number is the newest.
            self._left = min(self._left, state.left)

    def block(self, now: float, seconds: float) -> None:
        """Send nothing for so long: the server has refused a request."""
        self._blocked_until = max(self._blocked_until, now + seconds)

    def _ahead(self, place: tuple[Priority, int]) -> int:
        return bisect_left(self._waiting, place)

    def _pause(self, now: float, priority: Priority, ahead: int) -> float:
        """Return the seconds until there is room for one more after `ahead` others; zero or less for "now".

        Nobody waits for somebody else's awakening: whoever finds room for all before it and for itself may go.
        """
        pause = self._blocked_until - now
        if self._limit is None:
            return pause
        while self._ended and self._ended[0] <= now - self._within:
            self._ended.popleft()
        share = max(1, int(self._limit * self._shares[priority]))
        wanted = self._in_flight + ahead + 1
        if (excess := wanted + len(self._ended) - share) > 0:
            known = excess <= len(self._ended)
            end = self._ended[excess - 1] + self._within - now if known else self._within
            pause = max(pause, end)
        # What the server has counted includes what others sent.
        known_left = self._left if now < self._left_until else None
        if known_left is not None and known_left - wanted < self._limit - share:
            pause = max(pause, self._left_until - now)
        return pause

    def _refusal(self, request: str, pause: float) -> RateLimitedError:
        text = f"the {self._what} are used up for {pause:.0f} s"
        return RateLimitedError(text, status=429, request=request, retry_after=pause)


class TriggerBudget(Budget):
    """What starts computations: schedules, forecasts and reports of one account. Only accepted ones count."""

    def __init__(self) -> None:
        """Begin with 8 of the server's default of 10 in five minutes."""
        super().__init__(
            "triggers of this FlexMeasures account",
            limit=_TRIGGERS,
            within=_TRIGGERS_WITHIN,
            shares=dict.fromkeys(Priority, _TRIGGER_SHARE),
            patience=dict.fromkeys(Priority, _TRIGGER_PATIENCE),
        )


class RequestBudget(Budget):
    """All requests of one user; safe to share among clients of one event loop.

    Attributes:
        triggers: those of the user's account.
    """

    def __init__(self, *, triggers: TriggerBudget | None = None) -> None:
        """Begin with the server's default; two users of one account share `triggers`."""
        super().__init__(
            "requests of this FlexMeasures user",
            limit=_REQUESTS,
            within=_REQUESTS_WITHIN,
            shares=_SHARES,
            patience=_PATIENCE,
        )
        self.triggers = triggers or TriggerBudget()


type _Key = tuple[str, str, Timing]

_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[_Key, RequestBudget]] = (
    WeakKeyDictionary()
)


def shared_budget(url: str, email: str, timing: Timing) -> RequestBudget:
    """Return the budget of a user in the running event loop, which lives as long as somebody holds it."""
    budgets = _shared.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    key = (url, email, timing)
    budget = budgets.get(key)
    if budget is None:
        budget = budgets[key] = RequestBudget()
    return budget


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
