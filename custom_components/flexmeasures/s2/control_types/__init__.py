"""What is known of a device under each control type of S2, and what it should do. Knows no sockets and no clock.

Messages of a session come in through ``receive``; out come what FlexMeasures needs to plan the device
(``contribution``) and what the device has to be told (``instructions``). All control types are a ``DeviceControl``.
"""

from .contribution import Contribution, Finding, Notice, Sensors, Series, SeriesKind
from .control import DeviceControl
from .creation import ControlOptions, control_for
from .demand_driven import DemandDrivenControl
from .fill_rate import FillRateControl, FillRateOptions
from .operation_mode import OperationModeControl
from .plan import Plan
from .power_envelope import PowerEnvelopeControl
from .power_profile import PowerProfileControl
from .profile_search import Placement
from .spans import UNGUARDED, Span
from .storage_plan import expected_energies, planned_storage
from .taken_energy import TakenEnergy
from .timeline import Grid, Timeline
from .uncontrolled import NoControl

__all__ = [
    "UNGUARDED",
    "Contribution",
    "ControlOptions",
    "DemandDrivenControl",
    "DeviceControl",
    "FillRateControl",
    "FillRateOptions",
    "Finding",
    "Grid",
    "NoControl",
    "Notice",
    "OperationModeControl",
    "Placement",
    "Plan",
    "PowerEnvelopeControl",
    "PowerProfileControl",
    "Sensors",
    "Series",
    "SeriesKind",
    "Span",
    "TakenEnergy",
    "Timeline",
    "control_for",
    "expected_energies",
    "planned_storage",
]
