"""What all control types have in common towards the session and the planner."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from ..messages.components import Identifier, Instruction, Message
from .contribution import Contribution, Sensors
from .plan import Plan
from .spans import Span
from .timeline import Grid


class DeviceControl(Protocol):
    """What is known of one device under its control type, and what it should do.

    Only ``receive``, ``sent``, ``refused`` and ``deactivate`` change what is known. Time never runs by itself: every
    call says when it is, in aware UTC.
    """

    def receive(self, message: Message, now: datetime) -> tuple[Identifier, ...]:
        """Take in a message of the RM; return the ids of instructions that have to be revoked."""

    def sent(self, instruction: Instruction, now: datetime) -> None:
        """Note that an instruction has gone to the device; it counts as followed until the device says otherwise."""

    def refused(self, instruction_id: Identifier, now: datetime, *, temporary: bool) -> None:
        """Note that the device answered an instruction with an error."""

    def deactivate(self) -> tuple[Identifier, ...]:
        """Return the ids of instructions that have to be revoked, since this control type ends."""

    def powers(self, now: datetime) -> Mapping[str, Span]:
        """Return the W between which each actuator can be led, consumption positive; nothing before they are known.

        The key is empty for control types without actuators.
        """

    def contribution(self, sensors: Sensors, grid: Grid, now: datetime) -> Contribution:
        """Return what the device adds to a request for a schedule over the grid; nothing before it is known."""

    def instructions(
        self, now: datetime, plan: Plan, new_id: Callable[[], Identifier]
    ) -> tuple[Instruction, ...]:
        """Return what has to be sent now; the same answer for the same state, and ``sent`` has to follow."""

    def next_decision(self, now: datetime, plan: Plan) -> datetime | None:
        """Return when to ask for instructions again if no message comes before."""


def earliest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the first of the times; None when there is none."""
    return min((time for time in times if time is not None), default=None)
