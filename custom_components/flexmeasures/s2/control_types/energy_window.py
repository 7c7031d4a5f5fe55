"""The energy that a device has to be left within a time, less what it has taken already."""

from datetime import datetime

from ..messages.components import Identifier
from ..messages.pebc import EnergyConstraint
from .envelopes import Energy, floor_to_millisecond
from .taken_energy import MOST_WINDOWS, TakenEnergy, Window


class EnergyWindows:
    """The energy constraints that an RM has sent, and how much of each is left."""

    def __init__(self, taken: TakenEnergy) -> None:
        """Begin without any constraint, and with what is known of the device's energy."""
        self._taken = taken
        self._constraints: list[EnergyConstraint] = []

    def add(self, constraint: EnergyConstraint, now: datetime) -> None:
        """Take a constraint in the place of the one with its id; those that have ended are dropped."""
        self._constraints = [
            known
            for known in self._constraints
            if known.id != constraint.id and known.valid_until > now
        ]
        self._constraints.append(constraint)
        del self._constraints[:-MOST_WINDOWS]
        self._taken.watch(_window(constraint), now)

    def revoke(self, object_id: Identifier) -> None:
        """Drop the constraint that has the id or came with the message of that id."""
        self._constraints = [
            known for known in self._constraints if object_id not in {known.id, known.message_id}
        ]

    def remaining(self, now: datetime) -> tuple[Energy, ...]:
        """Return what has to stay possible from now on, for every window that has not ended."""
        return tuple(
            self._left(constraint, now)
            for constraint in self._constraints
            if constraint.valid_until > now
        )

    def _left(self, constraint: EnergyConstraint, now: datetime) -> Energy:
        taken = self._taken.within(_window(constraint), now)
        seconds = (constraint.valid_until - constraint.valid_from).total_seconds()
        return Energy(
            floor_to_millisecond(constraint.valid_from),
            floor_to_millisecond(constraint.valid_until),
            max(0.0, constraint.upper_average_power * seconds - taken.consumed),
            max(0.0, -constraint.lower_average_power * seconds - taken.produced),
        )


def _window(constraint: EnergyConstraint) -> Window:
    return constraint.valid_from, constraint.valid_until
