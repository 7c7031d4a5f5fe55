"""The control types that devices of these tests offer, and the time after which an answer is missed."""

from datetime import timedelta

from custom_components.flexmeasures.s2.messages.components import ControlType

FRBC = ControlType.FILL_RATE_BASED_CONTROL
OMBC = ControlType.OPERATION_MODE_BASED_CONTROL
PEBC = ControlType.POWER_ENVELOPE_BASED_CONTROL
NOT_CONTROLABLE = ControlType.NOT_CONTROLABLE
TEN_SECONDS = timedelta(seconds=10)
