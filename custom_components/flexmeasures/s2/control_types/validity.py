"""Descriptions that hold from a moment on: one is in force, later ones wait."""

from dataclasses import dataclass
from datetime import datetime

# No device plans its own change so often; without a bound one that is mad could fill the memory.
_MOST_ENTRIES = 16


@dataclass(frozen=True, slots=True)
class _Entry[Description]:
    valid_from: datetime
    ids: frozenset[str]
    description: Description


class ValidityQueue[Description]:
    """The descriptions of one kind that an RM has sent.

    The newest ``valid_from`` that has come is in force and the older ones are gone for good: when the one in force is
    revoked none takes its place, and the device is left alone until the RM describes itself again.
    """

    def __init__(self) -> None:
        """Begin without any description."""
        self._entries: tuple[_Entry[Description], ...] = ()

    def add(
        self, description: Description, valid_from: datetime, ids: frozenset[str], now: datetime
    ) -> None:
        """Queue a description; of two with the same ``valid_from`` the later one counts.

        Args:
            description: what holds.
            valid_from: since or from when.
            now: the present; what is older than the one in force is dropped.
            ids: by which the RM may revoke it: its own id where it has one, and the id of its message.
        """
        entries = [entry for entry in self._entries if entry.valid_from != valid_from]
        entries.append(_Entry(valid_from, ids, description))
        entries.sort(key=lambda entry: entry.valid_from)
        in_force = _index_in_force(entries, now)
        self._entries = tuple(entries[in_force : in_force + _MOST_ENTRIES])

    def revoke(self, object_id: str, now: datetime) -> bool:
        """Remove what carries the id; tell whether there was anything."""
        current = self._entries[_index_in_force(self._entries, now) :]
        self._entries = tuple(entry for entry in current if object_id not in entry.ids)
        return len(self._entries) < len(current)

    def active(self, now: datetime) -> Description | None:
        """Return the description in force; None before the first and after its revocation."""
        found: Description | None = None
        for entry in self._entries:
            if entry.valid_from > now:
                break
            found = entry.description
        return found

    def next_change(self, now: datetime) -> datetime | None:
        """Return when a queued description comes into force, strictly after the time."""
        return next((entry.valid_from for entry in self._entries if entry.valid_from > now), None)


def _index_in_force[Description](
    entries: list[_Entry[Description]] | tuple[_Entry[Description], ...], now: datetime
) -> int:
    """Return where the one in force stands, 0 when none is."""
    return max((index for index, entry in enumerate(entries) if entry.valid_from <= now), default=0)
