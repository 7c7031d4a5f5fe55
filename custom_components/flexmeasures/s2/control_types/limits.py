"""Which limits may be set on a device that decides itself within them, and what comes nearest to a wish."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..messages.components import CommodityQuantity
from ..messages.pebc import AllowedLimitRange, PowerConstraints, PowerEnvelopeLimitType
from .bands import merged
from .spans import Span, span_of

_PHASES = (
    CommodityQuantity.ELECTRIC_POWER_L1,
    CommodityQuantity.ELECTRIC_POWER_L2,
    CommodityQuantity.ELECTRIC_POWER_L3,
)
_TOTAL = CommodityQuantity.ELECTRIC_POWER_3_PHASE_SYMMETRIC


@dataclass(frozen=True, slots=True)
class LimitPair:
    """The two limits of a while, in W; the lower is never above the upper."""

    upper: float
    lower: float


@dataclass(frozen=True, slots=True)
class AllowedLimits:
    """The values from which the limits of one quantity may be chosen: bands from the lowest on, without overlap."""

    quantity: CommodityQuantity
    uppers: tuple[Span, ...]
    lowers: tuple[Span, ...]

    @property
    def widest(self) -> LimitPair:
        """The limits that leave the device the most room."""
        return LimitPair(self.uppers[-1].end, self.lowers[0].start)

    def nearest(self, upper: float, lower: float) -> LimitPair:
        """Return the allowed limits that come nearest to the wished ones, the lower never above the upper.

        When both come to cross each other, the lower one gives way where it can, and else the upper one.
        """
        chosen_upper, chosen_lower = _nearest(upper, self.uppers), _nearest(lower, self.lowers)
        if chosen_lower <= chosen_upper:
            return LimitPair(chosen_upper, chosen_lower)
        below = [band for band in self.lowers if band.start <= chosen_upper]
        if below:
            return LimitPair(chosen_upper, min(below[-1].end, chosen_upper))
        lowest = self.lowers[0].start
        return LimitPair(_at_least(lowest, self.uppers), lowest)

    def raised_upper(self, pair: LimitPair, wanted: float) -> LimitPair:
        """Return the limits with an upper one of at least the wanted W, or the highest that is allowed."""
        return LimitPair(max(pair.upper, _at_least(wanted, self.uppers)), pair.lower)

    def lowered_lower(self, pair: LimitPair, wanted: float) -> LimitPair:
        """Return the limits with a lower one of at most the wanted W, or the lowest that is allowed."""
        fitting = [band for band in self.lowers if band.start <= wanted]
        lower = min(wanted, fitting[-1].end) if fitting else self.lowers[0].start
        return LimitPair(pair.upper, min(pair.lower, lower))


def allowed_limits(constraints: PowerConstraints, *, abnormal: bool) -> tuple[AllowedLimits, ...]:
    """Return the limits per electric quantity: the total of three phases where it can be limited, else each phase.

    Args:
        constraints: as the device sent them.
        abnormal: whether limits for abnormal conditions may be used.
    """
    ranges = [
        part
        for part in constraints.allowed_limit_ranges
        if abnormal or not part.abnormal_condition_only
    ]
    quantities = [quantity for quantity in (_TOTAL, *_PHASES) if _both_sides(ranges, quantity)]
    if _TOTAL in quantities:
        quantities = [_TOTAL]
    limits = (
        AllowedLimits(
            quantity,
            merged(_spans(ranges, quantity, PowerEnvelopeLimitType.UPPER_LIMIT)),
            merged(_spans(ranges, quantity, PowerEnvelopeLimitType.LOWER_LIMIT)),
        )
        for quantity in quantities
    )
    # Where every lower limit lies above every upper one there is nothing to choose.
    return tuple(pair for pair in limits if pair.widest.lower <= pair.widest.upper)


def _both_sides(ranges: list[AllowedLimitRange], quantity: CommodityQuantity) -> bool:
    kinds = {part.limit_type for part in ranges if part.commodity_quantity is quantity}
    return len(kinds) == len(PowerEnvelopeLimitType)


def _spans(
    ranges: list[AllowedLimitRange], quantity: CommodityQuantity, kind: PowerEnvelopeLimitType
) -> Iterable[Span]:
    for part in ranges:
        if part.commodity_quantity is quantity and part.limit_type is kind:
            yield span_of(part.range_boundary)


def _nearest(value: float, bands: tuple[Span, ...]) -> float:
    return min((band.clamp(value) for band in bands), key=lambda point: abs(point - value))


def _at_least(value: float, bands: tuple[Span, ...]) -> float:
    fitting = [band for band in bands if band.end >= value]
    return max(value, fitting[0].start) if fitting else bands[-1].end
