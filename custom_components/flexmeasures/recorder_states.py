"""Queries of Home Assistant's recorder. Imported when it is used: it brings a database library along."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from homeassistant.components.recorder.db_schema import RecorderRuns, States
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.models import process_timestamp
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.recorder import get_instance, session_scope
from homeassistant.util import dt as dt_util
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from .measurements import History, HistoryError, Pause

# The recorder leaves out what happened at the very times that it is asked for, and keeps times as floats.
_MARGIN = timedelta(milliseconds=1)


def read_history(
    hass: HomeAssistant, entity_id: str, start: datetime, end: datetime, *, is_first: bool
) -> History[State]:
    """Return what the entity showed from the start on, before the end; blocks.

    Args:
        hass: its recorder is asked.
        entity_id: the present one; the recorder keeps history under it when an entity is renamed.
        start: aware.
        end: aware.
        is_first: True to know what it showed at the start, False when that was read with the stretch before.

    Raises:
        HistoryError: the database does not answer.
    """
    try:
        found = get_significant_states(
            hass,
            start - _MARGIN,
            end + _MARGIN,
            [entity_id],
            include_start_time_state=is_first,
            significant_changes_only=False,
        )
        pauses = list(_pauses(hass, start, end))
    except SQLAlchemyError as error:
        raise HistoryError(f"the recorder's database does not answer: {error}") from error
    # What was shown at the start stands there, unless something happened at that very moment.
    by_time = {
        max(state.last_updated, start): state
        for state in found.get(entity_id, [])
        if isinstance(state, State)
        and state.last_updated < end
        and (is_first or state.last_updated >= start)
    }
    return History(start=start, end=end, readings=list(by_time.items()), pauses=pauses)


def _pauses(hass: HomeAssistant, start: datetime, end: datetime) -> Iterator[Pause]:
    """Yield the times without recorder that end within the stretch."""
    with session_scope(hass=hass, read_only=True) as session:
        begun = select(RecorderRuns.start).where(RecorderRuns.start > start)
        starts = {process_timestamp(begin) for begin in session.scalars(begun)}
        # The run of now is not in the table yet while the recorder starts.
        starts.add(get_instance(hass).recorder_runs_manager.recording_start)
        for begin in sorted(starts):
            if start < begin:
                ended = _end_before(session, begin)
                if ended is not None and ended < end:
                    yield Pause(start=ended, end=begin)


def _end_before(session: Session, begin: datetime) -> datetime | None:
    """Return when recording ended before the run that began then.

    A run that was killed, or whose row has been purged, ended with the last thing that it recorded.
    """
    earlier = session.execute(
        select(RecorderRuns.end, RecorderRuns.closed_incorrect)
        .where(RecorderRuns.start < begin)
        .order_by(RecorderRuns.start.desc())
        .limit(1)
    ).first()
    if earlier is not None and earlier.end is not None and not earlier.closed_incorrect:
        ended: datetime = process_timestamp(earlier.end)
        return ended
    last = session.scalar(
        select(func.max(States.last_updated_ts)).where(States.last_updated_ts < begin.timestamp())
    )
    return None if last is None else dt_util.utc_from_timestamp(last)
