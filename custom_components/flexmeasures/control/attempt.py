"""What is wanted, and one write on its way: sent, settling, verified, and repeated when it did not take."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from .commands import Command, Reading
from .exchange import Write
from .setpoint import SetpointSource

# Service calls that block longer than this hang; what became of them is then read back.
WRITE_TIMEOUT = timedelta(seconds=30)
# How long a fresh reading may take after it was asked for.
VERIFY_TIME = timedelta(seconds=10)
# Wait before a failed write is repeated; twice as long with each repetition.
_RETRY_DELAY = timedelta(seconds=10)


class Phase(StrEnum):
    """How far a write is."""

    WRITING = "writing"
    SETTLING = "settling"
    VERIFYING = "verifying"
    RETRYING = "retrying"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the actuator should be told.

    Attributes:
        command: None when there is nothing to tell.
        power: W, consumption positive; None when it is a value that was read before.
        source: why.
        is_safe: whether it is the safe value.
        until: when something else may be wanted; None when only an event changes it.
    """

    command: Command | None
    power: float | None
    source: SetpointSource
    is_safe: bool
    until: datetime | None

    def write(self, number: int, generation: int, command: Command) -> Write:
        """Return the write that tells the actuator the command; the safe value never expires."""
        return Write(
            number=number,
            generation=generation,
            command=command,
            power=self.power,
            source=self.source,
            is_safe=self.is_safe,
            expires=None if self.is_safe else self.until,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A write on its way.

    Attributes:
        write: what was sent, or is to be sent again.
        before: what the actuator showed before the first attempt; None when nothing.
        phase: how far it is.
        deadline: when the phase is over by itself.
        repetition: 0 for the first attempt.
    """

    write: Write
    before: Reading | None
    phase: Phase
    deadline: datetime
    repetition: int = 0

    @classmethod
    def begin(cls, write: Write, before: Reading | None, now: datetime) -> Self:
        """Return the first attempt."""
        return cls(write=write, before=before, phase=Phase.WRITING, deadline=now + WRITE_TIMEOUT)

    def repeat(self, write: Write, now: datetime) -> Self:
        """Return the next attempt."""
        return replace(
            self,
            write=write,
            phase=Phase.WRITING,
            deadline=now + WRITE_TIMEOUT,
            repetition=self.repetition + 1,
        )

    def settling(self, until: datetime) -> Self:
        """Return the attempt while the actuator takes the value over."""
        return replace(self, phase=Phase.SETTLING, deadline=until)

    def verifying(self, now: datetime) -> Self:
        """Return the attempt while a fresh reading is on its way."""
        return replace(self, phase=Phase.VERIFYING, deadline=now + VERIFY_TIME)

    def retrying(self, now: datetime, *, at_once: bool) -> Self:
        """Return the attempt while it waits for being repeated."""
        delay = timedelta(0) if at_once else _RETRY_DELAY * 2**self.repetition
        return replace(self, phase=Phase.RETRYING, deadline=now + delay)

    def allows(self, write: Write, wanted: Wanted | None, now: datetime) -> bool:
        """Tell whether the write is the one that is to be sent now, and still what is wanted."""
        return (
            self.phase is Phase.WRITING
            and self.write.number == write.number
            and wanted is not None
            and wanted.command == write.command
            and (write.expires is None or now < write.expires)
        )
