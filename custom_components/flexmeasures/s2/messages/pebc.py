"""Power envelope based control: devices that decide themselves within limits, such as solar panels or a charging point."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from .components import (
    CommodityQuantity,
    Identifier,
    Instruction as BaseInstruction,
    Message,
    NumberRange,
)


class PowerEnvelopeConsequenceType(StrEnum):
    """What becomes of the energy that a limit keeps away."""

    VANISH = "VANISH"
    DEFER = "DEFER"


class PowerEnvelopeLimitType(StrEnum):
    """Which of the two limits is meant."""

    UPPER_LIMIT = "UPPER_LIMIT"
    LOWER_LIMIT = "LOWER_LIMIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedLimitRange:
    """Values from which one of the limits may be chosen; several of the same kind add up."""

    commodity_quantity: CommodityQuantity
    limit_type: PowerEnvelopeLimitType
    range_boundary: NumberRange = field(metadata={"bounds": True})
    abnormal_condition_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerConstraints(Message):
    """The limits that may be set.

    Attributes:
        valid_until: None until others take over.
    """

    message_type: ClassVar[str] = "PEBC.PowerConstraints"

    id: Identifier
    valid_from: datetime
    consequence_type: PowerEnvelopeConsequenceType
    allowed_limit_ranges: tuple[AllowedLimitRange, ...]
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyConstraint(Message):
    """The energy that has to stay possible within a time, as an average power.

    Attributes:
        upper_average_power: W; the most that the device will take.
        lower_average_power: W; the least that it will take, negative when it produces.
    """

    message_type: ClassVar[str] = "PEBC.EnergyConstraint"

    id: Identifier
    valid_from: datetime
    valid_until: datetime
    upper_average_power: float
    lower_average_power: float
    commodity_quantity: CommodityQuantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerEnvelopeElement:
    """The limits for a while; the lower one is never above the upper one."""

    duration: timedelta
    upper_limit: float
    lower_limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerEnvelope:
    """The limits of one quantity, element after element from the execution time."""

    id: Identifier
    commodity_quantity: CommodityQuantity
    power_envelope_elements: tuple[PowerEnvelopeElement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction(BaseInstruction):
    """Stay within these envelopes."""

    message_type: ClassVar[str] = "PEBC.Instruction"

    power_constraints_id: Identifier
    power_envelopes: tuple[PowerEnvelope, ...]
