"""The control that belongs to a control type."""

from dataclasses import dataclass

from ..messages.components import ControlType
from .control import DeviceControl
from .demand_driven import DemandDrivenControl
from .fill_rate import FillRateControl, FillRateOptions
from .operation_mode import OperationModeControl
from .power_envelope import PowerEnvelopeControl
from .power_profile import PowerProfileControl
from .spans import UNGUARDED, Span
from .taken_energy import TakenEnergy
from .uncontrolled import NoControl


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlOptions:
    """What people set for an S2 device, whatever its control type.

    Attributes:
        abnormal_conditions: whether what is reserved for abnormal conditions may be used.
        capacity_per_unit: kWh behind one unit of fill level; None derives it from powers and fill rates.
        kilowatts_per_unit: kW behind one unit of a demand rate.
        lenient: whether discharge rates that lack their sign are given it.
        limits: W, consumption positive, that people let the device have; holds 0.
    """

    abnormal_conditions: bool = False
    capacity_per_unit: float | None = None
    kilowatts_per_unit: float = 1.0
    lenient: bool = True
    limits: Span = UNGUARDED


def control_for(
    control_type: ControlType, options: ControlOptions, taken: TakenEnergy | None = None
) -> DeviceControl:
    """Return a control for a device that follows this type from now on; it knows nothing but what was taken before.

    Args:
        control_type: what the device follows.
        options: what people set.
        taken: the energy that the device took until now; None without any.
    """
    abnormal = options.abnormal_conditions
    match control_type:
        case ControlType.FILL_RATE_BASED_CONTROL:
            return FillRateControl(
                FillRateOptions(
                    capacity_per_unit=options.capacity_per_unit,
                    abnormal_conditions=abnormal,
                    lenient=options.lenient,
                    limits=options.limits,
                )
            )
        case ControlType.OPERATION_MODE_BASED_CONTROL:
            return OperationModeControl(abnormal_conditions=abnormal, limits=options.limits)
        case ControlType.POWER_ENVELOPE_BASED_CONTROL:
            return PowerEnvelopeControl(
                abnormal_conditions=abnormal, limits=options.limits, taken=taken
            )
        case ControlType.POWER_PROFILE_BASED_CONTROL:
            return PowerProfileControl(abnormal_conditions=abnormal)
        case ControlType.DEMAND_DRIVEN_BASED_CONTROL:
            return DemandDrivenControl(
                kilowatts_per_unit=options.kilowatts_per_unit,
                abnormal_conditions=abnormal,
                limits=options.limits,
            )
        case ControlType.NOT_CONTROLABLE | ControlType.NO_SELECTION:
            return NoControl()
