"""The control that belongs to a control type."""

import pytest

from custom_components.flexmeasures.s2.control_types import (
    ControlOptions,
    DemandDrivenControl,
    DeviceControl,
    FillRateControl,
    NoControl,
    OperationModeControl,
    Plan,
    PowerEnvelopeControl,
    PowerProfileControl,
    control_for,
)
from custom_components.flexmeasures.s2.messages.components import ControlType

from .samples import NOON, ids


@pytest.mark.parametrize(
    ("control_type", "kind"),
    [
        (ControlType.FILL_RATE_BASED_CONTROL, FillRateControl),
        (ControlType.OPERATION_MODE_BASED_CONTROL, OperationModeControl),
        (ControlType.POWER_ENVELOPE_BASED_CONTROL, PowerEnvelopeControl),
        (ControlType.POWER_PROFILE_BASED_CONTROL, PowerProfileControl),
        (ControlType.DEMAND_DRIVEN_BASED_CONTROL, DemandDrivenControl),
        (ControlType.NOT_CONTROLABLE, NoControl),
        (ControlType.NO_SELECTION, NoControl),
    ],
)
def test_every_control_type_has_its_control(
    control_type: ControlType, kind: type[DeviceControl]
) -> None:
    control = control_for(control_type, ControlOptions())

    assert isinstance(control, kind)
    assert control.instructions(NOON, Plan(overrides={"": 1000.0}), ids()) == ()
    assert control.deactivate() == ()
