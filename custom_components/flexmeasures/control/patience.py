"""When an actuator that does not do what it was told is told again."""

from datetime import datetime, timedelta

from .attempt import Wanted
from .commands import Command
from .exchange import Write

# What the device changed by itself is written again no sooner, and once a step: it may be protecting itself.
_REASSERT_DELAY = timedelta(minutes=1)
# A device that does not follow is told again once a step; without a step to come as often as a usual one.
_WITHOUT_STEP = timedelta(minutes=15)


class Patience:
    """Owns what the device ignored, and what it changed by itself.

    When this fails, a device is written to all the time, or never again.

    Attributes:
        is_ignored: whether the device does not take what it is told.
        drifted_at: when it left what it had taken; None while it shows that.
    """

    __slots__ = ("_command", "_reasserted_until", "_told_again_at", "drifted_at", "is_ignored")

    def __init__(self) -> None:
        """Begin with a device that does what it is told."""
        self.is_ignored = False
        self.drifted_at: datetime | None = None
        self._command: Command | None = None
        self._told_again_at: datetime | None = None
        self._reasserted_until: datetime | None = None

    def give_up(self, write: Write, now: datetime) -> None:
        """Leave a write that did not take until the next step."""
        self.is_ignored = True
        self._command = write.command
        expires = write.expires
        self._told_again_at = expires if expires and expires > now else now + _WITHOUT_STEP

    def wait(self, command: Command, now: datetime) -> datetime | None:
        """Return until when the command is left; None when it may be written."""
        again_at = self._told_again_at
        return again_at if again_at and now < again_at and command == self._command else None

    def begin_anew(self) -> None:
        """The device took something, or came back: whatever is wanted next may be written."""
        self._command = self._told_again_at = None

    def drift(self, now: datetime) -> None:
        """Take over that the device left what it had taken."""
        self.drifted_at = self.drifted_at or now

    @property
    def reassert_at(self) -> datetime | None:
        """Return when to write again what the device changed by itself; None when it changed nothing."""
        if self.drifted_at is None:
            return None
        at = self.drifted_at + _REASSERT_DELAY
        return max(at, self._reasserted_until) if self._reasserted_until else at

    def reassert(self, wanted: Wanted, now: datetime) -> None:
        """Take over that it is written again, which is enough for this step."""
        if self.drifted_at is not None:
            self._reasserted_until = wanted.until or now + _WITHOUT_STEP

    def clock_set_back(self, by: timedelta) -> None:
        """Bring forward what would otherwise wait for as long as the clock was set back."""
        if self._told_again_at:
            self._told_again_at -= by
        if self.drifted_at:
            self.drifted_at -= by
        if self._reasserted_until:
            self._reasserted_until -= by
