"""The control of a device that stores, and what it tells the device."""

from datetime import timedelta

import pytest

from custom_components.flexmeasures.s2.control_types import FillRateControl, FillRateOptions
from custom_components.flexmeasures.s2.messages import frbc

from ..samples import (
    MINUTE,
    NOON,
    actuator_status,
    battery,
    ids,
    plan,
    storage_status,
    timer,
    transition,
)


def control_of(
    description: frbc.SystemDescription,
    *,
    level: float = 0.5,
    running: str = "idle",
    options: FillRateOptions | None = None,
) -> FillRateControl:
    """Return the control of a device with one actuator, idle and half full at noon."""
    control = FillRateControl(options)
    control.receive(description, NOON)
    control.receive(storage_status(level), NOON)
    for part in description.actuators:
        control.receive(actuator_status(part.id, running), NOON)
    return control


# It charges for at least ten minutes.
RESTING = battery(
    [
        transition("idle", "charge", starts=["rest"]),
        transition("charge", "idle", blocked_by=["rest"]),
    ],
    [timer("rest", 10 * MINUTE)],
)


def send(control: FillRateControl, power: float) -> None:
    """Send what a power in W asks for at noon: one instruction with the id i1."""
    (instruction,) = control.instructions(NOON, plan(power), ids())
    control.sent(instruction, NOON)


def choice(
    control: FillRateControl, power: float, now: timedelta = timedelta(0)
) -> tuple[str, object] | None:
    """Return the mode and factor that one actuator is told for a power in W; None when nothing is."""
    instructions = control.instructions(NOON + now, plan(power), ids())
    if not instructions:
        return None
    (instruction,) = instructions
    return instruction.operation_mode_id, pytest.approx(instruction.operation_mode_factor)
