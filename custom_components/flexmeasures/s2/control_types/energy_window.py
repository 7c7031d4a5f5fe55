"""The energy that a device has to be left within a time, less what it has taken already."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..messages.components import Identifier
from ..messages.pebc import EnergyConstraint
from .envelopes import Energy, floor_to_millisecond

# A measured power counts no longer than this without a new one: a device that fell silent may have stopped.
LONGEST_HOLD = timedelta(minutes=5)
# As many as of any other kind of description: of a device that sends more the oldest are forgotten.
_MOST_WINDOWS = 16


@dataclass(slots=True)
class _Window:
    constraint: EnergyConstraint
    consumed: float = 0.0
    produced: float = 0.0

    def take(self, start: datetime, end: datetime, power: float) -> None:
        inside = min(end, self.constraint.valid_until) - max(start, self.constraint.valid_from)
        seconds = max(0.0, inside.total_seconds())
        self.consumed += max(0.0, power) * seconds
        self.produced += max(0.0, -power) * seconds


class EnergyWindows:
    """The energy constraints that an RM has sent, and how much of each is fulfilled.

    Without measurements nothing counts as fulfilled, so that a car is rather left too much room than too little.
    """

    def __init__(self) -> None:
        """Begin without any constraint."""
        self._windows: list[_Window] = []
        self._measured: tuple[datetime, float] | None = None

    def add(self, constraint: EnergyConstraint, now: datetime) -> None:
        """Take a constraint in the place of the one with its id; those that have ended are dropped."""
        self._windows = [
            window
            for window in self._windows
            if window.constraint.id != constraint.id and window.constraint.valid_until > now
        ]
        self._windows.append(_Window(constraint))
        del self._windows[:-_MOST_WINDOWS]

    def revoke(self, object_id: Identifier) -> None:
        """Drop the constraint that has the id or came with the message of that id."""
        self._windows = [
            window
            for window in self._windows
            if object_id not in {window.constraint.id, window.constraint.message_id}
        ]

    def measured(self, at: datetime, power: float) -> None:
        """Take in a measured power in W, consumption positive; one older than the last is of no use."""
        if self._measured is not None:
            since, before = self._measured
            if at <= since:
                return
            for window in self._windows:
                window.take(since, min(at, since + LONGEST_HOLD), before)
        self._measured = (at, power)

    def remaining(self, now: datetime) -> tuple[Energy, ...]:
        """Return what has to stay possible from now on, for every window that has not ended."""
        energies = []
        for window in self._windows:
            constraint = window.constraint
            if constraint.valid_until <= now:
                continue
            held = _Window(constraint, window.consumed, window.produced)
            if self._measured is not None:
                since, power = self._measured
                held.take(since, max(since, min(now, since + LONGEST_HOLD)), power)
            seconds = (constraint.valid_until - constraint.valid_from).total_seconds()
            energies.append(
                Energy(
                    floor_to_millisecond(constraint.valid_from),
                    floor_to_millisecond(constraint.valid_until),
                    max(0.0, constraint.upper_average_power * seconds - held.consumed),
                    max(0.0, -constraint.lower_average_power * seconds - held.produced),
                )
            )
        return tuple(energies)
