"""From a schedule to the limits that a device should stay within, step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from .limits import AllowedLimits, LimitPair

# The standard's bound on the elements of one envelope.
MOST_ELEMENTS = 288
# A plan this close to the forecast curtails nothing: below it rounding would set limits.
_CURTAILED = 0.99
_ROUNDING = 1e-6  # W s


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What is planned and foreseen for a while.

    Attributes:
        power: W, consumption positive; None leaves the device its whole room.
        forecast: W that it would take by itself; None while nothing is foreseen.
        price: of a kWh consumed; None while unknown.
    """

    start: datetime
    end: datetime
    power: float | None
    forecast: float | None = None
    price: float | None = None

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Energy:
    """What has to stay possible within a window, in W s on one quantity.

    Attributes:
        consumption: at least; 0 for nothing.
        production: at least, as a positive number.
    """

    start: datetime
    end: datetime
    consumption: float
    production: float


@dataclass(frozen=True, slots=True)
class LimitedStep:
    """The limits of a while."""

    start: datetime
    end: datetime
    limits: LimitPair


def vanishing(step: PlannedStep, allowed: AllowedLimits) -> LimitPair:
    """Return the limits where what is kept away is lost: only as far as the plan stays below the forecast."""
    if step.power is None:
        return allowed.widest
    production = min(0.0, step.power)
    consumption = max(0.0, step.power)
    upper, lower = consumption, production
    if step.forecast is not None:
        if production <= min(0.0, step.forecast) * _CURTAILED:
            lower = allowed.widest.lower
        if consumption >= max(0.0, step.forecast) * _CURTAILED:
            upper = allowed.widest.upper
    elif step.power < 0:
        upper = allowed.widest.upper
    elif step.power > 0:
        lower = allowed.widest.lower
    return allowed.nearest(upper, lower)


def deferring(step: PlannedStep, allowed: AllowedLimits) -> LimitPair:
    """Return the limits where what is kept away is caught up later: the planned power, and nothing beyond it."""
    if step.power is None:
        return allowed.widest
    return allowed.nearest(step.power, min(0.0, step.power))


def with_energy(
    steps: Sequence[PlannedStep],
    limits: Sequence[LimitPair],
    energies: Sequence[Energy],
    allowed: AllowedLimits,
) -> list[LimitPair]:
    """Return the limits, widened in the cheapest steps until every window leaves room for its energy.

    What a window needs after the last step counts as possible at full width there.
    """
    widened = list(limits)
    for energy in energies:
        inside = [
            index
            for index, step in enumerate(steps)
            if step.start >= energy.start and step.end <= energy.end
        ]
        after = 0.0
        if steps and energy.end > steps[-1].end:
            after = (energy.end - max(energy.start, steps[-1].end)).total_seconds()
        cheapest = sorted(inside, key=lambda index: (steps[index].price or 0.0, index))
        room = allowed.widest
        _widen(
            steps,
            widened,
            cheapest,
            energy.consumption - max(0.0, room.upper) * after,
            lambda pair: max(0.0, pair.upper),
            allowed.raised_upper,
        )
        _widen(
            steps,
            widened,
            cheapest[::-1],
            energy.production - max(0.0, -room.lower) * after,
            lambda pair: max(0.0, -pair.lower),
            lambda pair, wanted: allowed.lowered_lower(pair, -wanted),
        )
    return widened


def _widen(
    steps: Sequence[PlannedStep],
    limits: list[LimitPair],
    order: Sequence[int],
    energy: float,
    power: Callable[[LimitPair], float],
    widen: Callable[[LimitPair, float], LimitPair],
) -> None:
    """Widen the limits of steps in the given order until they leave room for an energy in W s."""
    missing = energy - sum(power(limits[index]) * steps[index].seconds for index in order)
    for index in order:
        if missing <= _ROUNDING:
            return
        before = power(limits[index])
        limits[index] = widen(limits[index], before + missing / steps[index].seconds)
        missing -= (power(limits[index]) - before) * steps[index].seconds


def joined(steps: Sequence[PlannedStep], limits: Sequence[LimitPair]) -> tuple[LimitedStep, ...]:
    """Return the limits with equal neighbours in one, at most 288 of them."""
    pieces: list[LimitedStep] = []
    for pair, group in groupby(zip(steps, limits, strict=True), key=lambda item: item[1]):
        members = [step for step, _ in group]
        pieces.append(LimitedStep(members[0].start, members[-1].end, pair))
    return tuple(pieces[:MOST_ELEMENTS])


def same_from(new: tuple[LimitedStep, ...], old: tuple[LimitedStep, ...], now: datetime) -> bool:
    """Tell whether what still holds of the old limits is what the new ones say."""
    remaining = tuple(
        LimitedStep(max(piece.start, now), piece.end, piece.limits)
        for piece in old
        if piece.end > now
    )
    return remaining == new


def floor_to_millisecond(time: datetime) -> datetime:
    """Return the time as durations on the wire can express it; never later."""
    return time - timedelta(microseconds=time.microsecond % 1000)
