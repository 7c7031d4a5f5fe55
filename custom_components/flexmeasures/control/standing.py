"""What the actuator was told and took, and whether that is enough for what is wanted."""

from dataclasses import dataclass
from datetime import datetime

from .attempt import Wanted
from .commands import Command
from .guard_rails import GuardRails
from .limits import PowerLimits


@dataclass(frozen=True, slots=True)
class Standing:
    """What the actuator was told and took.

    Attributes:
        command: None when there was nothing to tell.
        power: W, consumption positive; None when it is a value that was read before.
        since: when it took it.
    """

    command: Command | None
    power: float | None
    since: datetime

    def suffices(self, wanted: Wanted, rails: GuardRails, limits: PowerLimits) -> bool:
        """Tell whether nothing has to be written for what is wanted; the safe value always is its own command."""
        if self.command == wanted.command:
            return True
        return not wanted.is_safe and self._within_deadband(wanted.power, rails, limits)

    def _within_deadband(
        self, wanted: float | None, rails: GuardRails, limits: PowerLimits
    ) -> bool:
        return (
            self.power is not None
            and bool(wanted)
            and wanted is not None
            and abs(self.power - wanted) < rails.deadband
            and limits.holds(self.power)
        )

    def breaks(self, limits: PowerLimits) -> bool:
        """Tell whether its power is beyond the limits."""
        return self.power is not None and not limits.holds(self.power)

    def settles(self, rails: GuardRails, now: datetime) -> bool:
        """Tell whether the actuator may still show something else before it shows this."""
        return now < self.since + rails.settle_time

    def refresh_at(self, rails: GuardRails) -> datetime | None:
        """Return when it is written again for a device that forgets; None when never."""
        return self.since + rails.refresh_every if rails.refresh_every else None
