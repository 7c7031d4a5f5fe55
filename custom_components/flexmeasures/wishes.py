"""What people want of a flexible device: how full it should be when, and between which limits it is kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Self

from homeassistant.core import callback

from .client import JsonObject, JsonValue
from .listeners import Listeners
from .site_store import Section, SiteStore

_SECTION = "wishes"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wanted of one device, each in % of its capacity; None where nothing is.

    Attributes:
        target: state of charge that is to be reached at ``ready_by``.
        ready_by: local time of day; a target without it is not planned for.
        keep_at_least: state of charge below which the plan goes only when it must.
        keep_at_most: state of charge above which the plan goes only when it must.
    """

    target: float | None = None
    ready_by: time | None = None
    keep_at_least: float | None = None
    keep_at_most: float | None = None

    @classmethod
    def from_record(cls, record: JsonObject) -> Self:
        """Return what was kept; a value that makes no sense is no wish."""
        return cls(
            target=_percentage(record.get("target")),
            ready_by=_time_of_day(record.get("ready_by")),
            keep_at_least=_percentage(record.get("keep_at_least")),
            keep_at_most=_percentage(record.get("keep_at_most")),
        )

    def as_record(self) -> JsonObject:
        """Return what is to be kept."""
        return {
            "target": self.target,
            "ready_by": None if self.ready_by is None else self.ready_by.isoformat(),
            "keep_at_least": self.keep_at_least,
            "keep_at_most": self.keep_at_most,
        }

    def ready_at(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Return the next moment, in UTC, at which the clock on the wall shows ``ready_by``; None without a target.

        Where the clock is set that day so that the time comes twice or never, the earlier of its two readings counts: a
        car that is full too early still leaves in time.
        """
        if self.target is None or self.ready_by is None:
            return None
        return next_time_of_day(self.ready_by, now, zone)


def next_time_of_day(wanted: time, now: datetime, zone: tzinfo) -> datetime:
    """Return the first moment after now, in UTC, at which it is this time of day in the zone."""
    today = now.astimezone(zone).date()
    moments = (
        datetime.combine(today + days * _DAY, wanted.replace(fold=fold), zone).astimezone(UTC)
        for days in range(3)
        for fold in (0, 1)
    )
    return min(moment for moment in moments if moment > now)


class SiteWishes:
    """The wishes of all flexible devices of a site, kept across restarts.

    Attributes:
        listeners: called with every change.
    """

    def __init__(self, store: SiteStore, device_ids: tuple[str, ...]) -> None:
        """Take up what was kept for the devices."""
        self._store = store
        self._wishes = {
            device_id: Wishes.from_record(store.record(_SECTION, device_id) or {})
            for device_id in device_ids
        }
        self.listeners = Listeners()
        store.async_provide(_SECTION, self._records)

    def of(self, device_id: str) -> Wishes:
        """Return what is wanted of the device."""
        return self._wishes[device_id]

    @callback
    def async_wish(self, device_id: str, wishes: Wishes) -> None:
        """Take other wishes for the device."""
        if wishes == self._wishes[device_id]:
            return
        self._wishes[device_id] = wishes
        self._store.async_changed()
        self.listeners.async_call()

    def _records(self) -> Section:
        return {device_id: wishes.as_record() for device_id, wishes in self._wishes.items()}


def _percentage(value: JsonValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        return None
    return float(value)


def _time_of_day(value: JsonValue) -> time | None:
    try:
        return time.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
