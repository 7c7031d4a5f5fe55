"""What Home Assistant's recorder remembers of a feed's entity, measured once more."""

import asyncio
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.recorder import get_instance

from .measurements import History, HistoryError, stretches
from .running_feed import Row, RunningFeed

# The recorder writes nothing before Home Assistant has started, which is given up after ten minutes.
_LONGEST_WAIT = 15 * 60
# What a counter measured is spread between readings on both sides of the start; meters report at least hourly.
_LEAD_IN = timedelta(hours=1)


def has_recorder(hass: HomeAssistant) -> bool:
    """Return whether there is a recorder to ask."""
    return "recorder" in hass.config.components


def kept_days(hass: HomeAssistant) -> int | None:
    """Return for how many days the recorder keeps states; None where there is none."""
    return get_instance(hass).keep_days if has_recorder(hass) else None


def kept_since(hass: HomeAssistant, now: datetime) -> datetime:
    """Return since when the recorder may know something."""
    return now - timedelta(days=kept_days(hass) or 0)


async def async_all_recorded(hass: HomeAssistant) -> None:
    """Wait until everything that has happened so far can be read.

    Raises:
        HistoryError: it takes too long.
    """
    try:
        async with asyncio.timeout(_LONGEST_WAIT):
            await get_instance(hass).async_block_till_done()
    except TimeoutError as error:
        raise HistoryError("the recorder does not write") from error


async def async_replay(
    hass: HomeAssistant,
    running: RunningFeed,
    entity_id: str,
    start: datetime,
    until: datetime,
    *,
    shown: State | None = None,
) -> list[Row]:
    """Let a feed that has just begun live through a time, and return the intervals that it became.

    Nothing here blocks the event loop: the recorder's own threads read, others weigh, and a day at a time.

    Args:
        hass: its recorder is asked.
        running: takes what is read, and closes its slots as they would have closed.
        entity_id: of the feed.
        start: aware; what happened shortly before it is read too, and not returned.
        until: aware; not in the future.
        shown: what the entity shows now, of which the recorder may know nothing: not all entities are recorded.

    Raises:
        HistoryError: the past cannot be read.
    """
    rows: list[Row] = []
    lead_in = start - _LEAD_IN
    for begin, end in stretches(lead_in, until):
        is_first = begin == lead_in
        history = await _async_read(hass, entity_id, begin, end, is_first=is_first)
        if shown is not None and shown.last_updated < end:
            if is_first or shown.last_updated >= begin:
                history.readings.append((max(shown.last_updated, begin), shown))
            shown = None
        rows += await hass.async_add_executor_job(running.replay, history)
    rows += running.close(until)
    return [row for row in rows if row[2].start >= start]


async def _async_read(
    hass: HomeAssistant, entity_id: str, start: datetime, end: datetime, *, is_first: bool
) -> History[State]:
    def read() -> History[State]:
        from .recorder_states import read_history  # noqa: PLC0415 - only where the recorder runs

        return read_history(hass, entity_id, start, end, is_first=is_first)

    try:
        return await get_instance(hass).async_add_executor_job(read)
    except RuntimeError as error:
        raise HistoryError(f"the recorder has ended: {error}") from error
