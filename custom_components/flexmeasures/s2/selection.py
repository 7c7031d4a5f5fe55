"""Which control type a device is asked to follow."""

from collections.abc import Collection, Sequence

from .messages.components import ControlType, Instruction, Message

# What says most about the device comes first: with a fill level more can be planned than with limits alone.
# NO_SELECTION is missing although some devices list it: it is what ends a selection.
PREFERENCE = (
    ControlType.FILL_RATE_BASED_CONTROL,
    ControlType.OPERATION_MODE_BASED_CONTROL,
    ControlType.POWER_PROFILE_BASED_CONTROL,
    ControlType.DEMAND_DRIVEN_BASED_CONTROL,
    ControlType.POWER_ENVELOPE_BASED_CONTROL,
    ControlType.NOT_CONTROLABLE,
)

_BY_PREFIX = {
    "DDBC": ControlType.DEMAND_DRIVEN_BASED_CONTROL,
    "FRBC": ControlType.FILL_RATE_BASED_CONTROL,
    "OMBC": ControlType.OPERATION_MODE_BASED_CONTROL,
    "PEBC": ControlType.POWER_ENVELOPE_BASED_CONTROL,
    "PPBC": ControlType.POWER_PROFILE_BASED_CONTROL,
}


def choose_control_type(
    available: Collection[ControlType], preference: Sequence[ControlType]
) -> ControlType | None:
    """Return the first preferred control type that the device has; None when it has none of them."""
    return next((choice for choice in preference if choice in available), None)


def control_type_of(message: Message | Instruction) -> ControlType | None:
    """Return the control type that a message belongs to; None when it belongs to every session."""
    return _BY_PREFIX.get(message.message_type[:4])
