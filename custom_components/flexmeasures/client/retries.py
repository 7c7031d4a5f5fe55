"""When a failed attempt is repeated, and after how long a pause."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
import random
import time
from typing import Final, Self

from .errors import FlexMeasuresError, RateLimitedError, ResponseError

# Two repetitions bridge a restart of the web process or a lost packet; what lasts longer is the caller's to plan around.
ATTEMPTS: Final = 3
# The pauses are drawn from [0, 0.5 s) and [0, 1 s): spread enough for a proxy that dropped many clients at once.
FIRST_PAUSE: Final = 0.5  # s
# Longer pauses than this belong to the caller, who knows what else there is to do: the server's windows are
# 60 s (requests) and 300 s (triggers).
LONGEST_PAUSE: Final = 10.0  # s
# No attempt begins later than this after the first one.
TOTAL_TIME: Final = 75.0  # s

TRANSIENT_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})
# FlexMeasures and the proxies in front of it send these before they touch the request.
_NOT_TAKEN: Final = frozenset({429, 503})

_MONTHS: Final = {
    f" {name} ": number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Time and chance, as arguments so that tests neither wait nor guess.

    Attributes:
        clock: seconds, monotonic.
        random: a number in [0, 1).
        wall_clock: the moment, aware; only servers before 0.33 need it.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    wall_clock: Callable[[], datetime] = _utc_now


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt without a usable answer.

    Attributes:
        transient: True when another attempt may go better.
        certain: True when the server surely did not take the request.
        retry_after: the pause in seconds that the server asked for.
    """

    error: FlexMeasuresError
    transient: bool = False
    certain: bool = False
    retry_after: float | None = None

    @classmethod
    def of_answer(cls, error: ResponseError, headers: Mapping[str, str]) -> Self:
        """Judge an error answer by its status.

        FlexMeasures sends ``Retry-After`` with every answer; it means something on 429 and 503 only.
        """
        status = error.status
        retry_after = parse_retry_after(headers) if status in _NOT_TAKEN else None
        if isinstance(error, RateLimitedError):
            error.retry_after = retry_after
        return cls(
            error,
            transient=status in TRANSIENT_STATUSES,
            certain=status in _NOT_TAKEN,
            retry_after=retry_after,
        )


def pause_before_next(failure: Failure, attempt: int, random: Callable[[], float]) -> float | None:
    """Return how many seconds to wait after the `attempt`-th failure (1 for the first); None for "do not repeat".

    Exponential back-off with full jitter; a pause that the server asked for comes first and is jittered on top.
    """
    if not failure.transient:
        return None
    jitter = random() * FIRST_PAUSE * 2.0 ** (attempt - 1)
    if failure.retry_after is None:
        return jitter
    return failure.retry_after + jitter if failure.retry_after <= LONGEST_PAUSE else None


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for; None when it is absent or makes no sense.

    A date is compared with the server's own ``Date``, so our clock does not matter.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    until, now = http_date(value), http_date(headers.get("Date", ""))
    return None if until is None or now is None else max((until - now).total_seconds(), 0.0)


def http_date(value: str) -> datetime | None:
    """Return the moment that a header states; None when it states none."""
    if value[25:] == " GMT" and (month := _MONTHS.get(value[7:12])):
        # "Sun, 22 Nov 2026 14:47:18 GMT", as every answer has it; the general parser takes ten times as long.
        try:
            return datetime.fromisoformat(
                f"{value[12:16]}-{month:02}-{value[5:7]}T{value[17:25]}+00:00"
            )
        except ValueError:
            pass
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError, OverflowError:
        return None
    return parsed if parsed.tzinfo is not None else None
