"""Which processes have to run: asked for, placed, started, done; kept across restarts."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from homeassistant.core import callback

from .client import JsonObject
from .const import LOGGER
from .records import as_text, kept_length, kept_time
from .site_store import Section, SiteStore

_SECTION = "process_runs"


class RunPhase(StrEnum):
    """How far a run is."""

    WAITING = "waiting"  # for a plan
    PLACED = "placed"
    STARTED = "started"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRun:
    """One run of a process that somebody asked for.

    Attributes:
        requested_at: when it was asked for.
        placed_at: when it is planned to start; chosen anew with every plan until it has started.
        started_at: when it was told to start; its profile stands from then on.
        ran: how long it was told to run.
        is_done: kept until the process is ready again, so that one that stays ready does not run twice.
    """

    requested_at: datetime
    placed_at: datetime | None = None
    started_at: datetime | None = None
    ran: timedelta = timedelta(0)
    is_done: bool = False

    @property
    def phase(self) -> RunPhase:
        """Return how far it is."""
        if self.is_done:
            return RunPhase.DONE
        if self.started_at is not None:
            return RunPhase.STARTED
        return RunPhase.WAITING if self.placed_at is None else RunPhase.PLACED

    @classmethod
    def from_record(cls, record: JsonObject) -> Self:
        """Return what was kept.

        Raises:
            ValueError: it is no run.
        """
        requested_at = kept_time(record, "requested_at")
        if requested_at is None:
            raise ValueError("requested_at is missing")
        return cls(
            requested_at=requested_at,
            placed_at=kept_time(record, "placed_at"),
            started_at=kept_time(record, "started_at"),
            ran=kept_length(record, "ran"),
            is_done=record.get("is_done") is True,
        )

    def as_record(self) -> JsonObject:
        """Return what is to be kept."""
        return {
            "requested_at": as_text(self.requested_at),
            "placed_at": as_text(self.placed_at),
            "started_at": as_text(self.started_at),
            "ran": self.ran.total_seconds(),
            "is_done": self.is_done,
        }


class ProcessRuns:
    """The runs of all processes of a site, at most one for each.

    When it loses one, a dishwasher that was filled in the evening is dirty in the morning.
    """

    def __init__(self, store: SiteStore, device_ids: tuple[str, ...]) -> None:
        """Take up what was kept for the processes."""
        self._store = store
        self._runs: dict[str, ProcessRun] = {}
        for device_id in device_ids:
            if record := store.record(_SECTION, device_id):
                try:
                    self._runs[device_id] = ProcessRun.from_record(record)
                except ValueError as error:
                    LOGGER.warning("A kept run of a process is dropped: %s", error)
        store.async_provide(_SECTION, self._records)

    def of(self, device_id: str) -> ProcessRun | None:
        """Return the process's run; None when nobody asked for one."""
        return self._runs.get(device_id)

    @callback
    def async_request(self, device_id: str, now: datetime) -> None:
        """Ask for a run; one that is under way is left as it is."""
        run = self._runs.get(device_id)
        if run is None or run.phase is not RunPhase.STARTED:
            self._async_set(device_id, ProcessRun(requested_at=now))

    @callback
    def async_withdraw(self, device_id: str) -> None:
        """Take the request back, unless the process has started; forget one that is done."""
        run = self._runs.get(device_id)
        if run and run.phase is not RunPhase.STARTED:
            del self._runs[device_id]
            self._store.async_changed()

    @callback
    def async_place(self, device_id: str, start: datetime) -> None:
        """Note when a run that has not started is planned to start."""
        run = self._runs[device_id]
        if run.started_at is None and run.placed_at != start:
            self._async_set(device_id, replace(run, placed_at=start))

    @callback
    def async_ran(self, device_id: str, start: datetime, length: timedelta) -> None:
        """Note that the process was told to run, from a start on for a length of time."""
        run = self._runs.get(device_id)
        if run and not run.is_done:
            begun = run.started_at or start
            self._async_set(device_id, replace(run, started_at=begun, ran=run.ran + length))

    @callback
    def async_finish(self, device_id: str) -> None:
        """Note that the process is done."""
        self._async_set(device_id, replace(self._runs[device_id], is_done=True))

    @callback
    def _async_set(self, device_id: str, run: ProcessRun) -> None:
        self._runs[device_id] = run
        self._store.async_changed()

    def _records(self) -> Section:
        return {device_id: run.as_record() for device_id, run in self._runs.items()}
