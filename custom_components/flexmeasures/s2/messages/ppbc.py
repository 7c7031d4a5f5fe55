"""Power profile based control: devices with a programme that can be shifted, such as a dishwasher."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from .components import Identifier, Instruction, Message, PowerForecastValue


class PowerSequenceStatus(StrEnum):
    """How far a container of sequences is."""

    NOT_SCHEDULED = "NOT_SCHEDULED"
    SCHEDULED = "SCHEDULED"
    EXECUTING = "EXECUTING"
    INTERRUPTED = "INTERRUPTED"
    FINISHED = "FINISHED"
    ABORTED = "ABORTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSequenceElement:
    """The power for a while."""

    duration: timedelta
    power_values: tuple[PowerForecastValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSequence:
    """One way in which a part of the programme can run.

    Attributes:
        max_pause_before: the longest wait after the part before it; None when there is no limit.
    """

    id: Identifier
    elements: tuple[PowerSequenceElement, ...]
    is_interruptible: bool
    abnormal_condition_only: bool
    max_pause_before: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSequenceContainer:
    """A part of the programme: exactly one of its sequences runs."""

    id: Identifier
    power_sequences: tuple[PowerSequence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerProfileDefinition(Message):
    """A programme: its parts in the order in which they run, all between start and end time."""

    message_type: ClassVar[str] = "PPBC.PowerProfileDefinition"

    id: Identifier
    start_time: datetime
    end_time: datetime
    power_sequences_containers: tuple[PowerSequenceContainer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSequenceContainerStatus:
    """How far a part of a programme is.

    Attributes:
        progress: how long the selected sequence has run.
    """

    power_profile_id: Identifier
    sequence_container_id: Identifier
    status: PowerSequenceStatus
    selected_sequence_id: Identifier | None = None
    progress: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerProfileStatus(Message):
    """How far all parts of a programme are."""

    message_type: ClassVar[str] = "PPBC.PowerProfileStatus"

    sequence_container_status: tuple[PowerSequenceContainerStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceInstruction(Instruction):
    """What all instructions for a sequence name."""

    power_profile_id: Identifier
    sequence_container_id: Identifier
    power_sequence_id: Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleInstruction(SequenceInstruction):
    """Run this sequence from the execution time on."""

    message_type: ClassVar[str] = "PPBC.ScheduleInstruction"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartInterruptionInstruction(SequenceInstruction):
    """Pause this sequence."""

    message_type: ClassVar[str] = "PPBC.StartInterruptionInstruction"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInterruptionInstruction(SequenceInstruction):
    """Go on with this sequence."""

    message_type: ClassVar[str] = "PPBC.EndInterruptionInstruction"
