"""Operation mode based control: devices that run in one of several modes and store nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from .components import (
    Identifier,
    Label,
    Message,
    NumberRange,
    OperationModeInstruction,
    OperationModeStatus,
    OperationModeTimerStatus,
    PowerRange,
    Timer,
    Transition,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationMode:
    """One way in which the device can run.

    Attributes:
        power_ranges: from factor 0 to factor 1, one for each quantity.
        running_costs: per second, in the device's currency, without the commodity; uncertainty, not tied to the factor.
    """

    id: Identifier
    power_ranges: tuple[PowerRange, ...]
    abnormal_condition_only: bool
    diagnostic_label: Label | None = None
    running_costs: NumberRange | None = field(default=None, metadata={"bounds": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemDescription(Message):
    """The modes of the device, valid from a moment on until the next description takes over."""

    message_type: ClassVar[str] = "OMBC.SystemDescription"

    valid_from: datetime
    operation_modes: tuple[OperationMode, ...]
    transitions: tuple[Transition, ...]
    timers: tuple[Timer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(OperationModeStatus):
    """How the device runs."""

    message_type: ClassVar[str] = "OMBC.Status"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerStatus(OperationModeTimerStatus):
    """When a timer of the device ends; in the future while it runs."""

    message_type: ClassVar[str] = "OMBC.TimerStatus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction(OperationModeInstruction):
    """Run the device in this operation mode, at this factor."""

    message_type: ClassVar[str] = "OMBC.Instruction"
