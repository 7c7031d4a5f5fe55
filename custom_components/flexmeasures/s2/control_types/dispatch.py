"""From a wanted power to the operation mode and factor that come nearest, among those that may be chosen now."""

from datetime import datetime
from typing import NamedTuple

from .actuator_state import ActuatorState
from .modes import Actuator, Choice, Element
from .spans import UNGUARDED, Span

# Of a rate, what is rounding of floats and no breach.
_ROUNDING = 1e-9


class Decision(NamedTuple):
    """What one actuator should do now.

    Attributes:
        power: W that this gives, consumption positive.
        rate: change of the fill level per second that this gives.
        abnormal: whether it needs an abnormal condition.
    """

    mode_id: str
    factor: float
    power: float
    rate: float
    abnormal: bool


class Demand(NamedTuple):
    """What is asked of one actuator.

    Attributes:
        power: W, consumption positive.
        level: present fill level; 0 where nothing is stored.
        rates: what the storage bears, per second, from emptying (start) to filling (end); holds 0.
        abnormal: whether abnormal conditions may be used.
        limits: W, consumption positive, that people let it have; holds 0.
    """

    power: float
    level: float = 0.0
    rates: Span = UNGUARDED
    abnormal: bool = False
    limits: Span = UNGUARDED


def decide(
    actuator: Actuator, state: ActuatorState, demand: Demand, now: datetime
) -> Decision | None:
    """Return what the actuator should do; None while its mode is unknown or changing, or nothing can be chosen.

    Of all modes that can be reached the one wins that people allow, then that the storage bears, then the one whose power
    is nearest (to 1 W), then the present one, then the one with the lowest transition costs, then the first of the
    description. A mode that takes several transitions is approached by the first of them.
    """
    running = state.running(actuator)
    if running is None or state.changing(now):
        return None
    choices = actuator.choices(
        running[0],
        demand.level,
        state.avoided(now),
        state.timers.running(now),
        abnormal=demand.abnormal,
    )
    limits = demand.limits
    best: tuple[Choice, _Fit] | None = None
    best_key: tuple[float, ...] = ()
    for choice in choices:
        mode, elements, _, costs = choice
        # Nearly always one; a call saved for each mode is what keeps a day of decisions short.
        fit = _fit_element(elements[0], demand) if len(elements) == 1 else _fit(elements, demand)
        _, power, _, breach = fit
        off = round(abs(power - demand.power))
        beyond = 0 if limits is UNGUARDED else round(abs(power - limits.clamp(power)))
        key = (beyond, breach, off, mode.id != running[0], costs, mode.order)
        if best is None or key < best_key:
            best, best_key = (choice, fit), key
    return None if best is None else _decision(best[0], best[1], choices, demand)


def _decision(best: Choice, fit: _Fit, choices: tuple[Choice, ...], demand: Demand) -> Decision:
    """Return the first hop towards the best mode."""
    mode, _, transition, _ = best
    factor, power, rate, _ = fit
    if transition is None:
        return Decision(mode.id, factor, power, rate, mode.abnormal_only)
    if transition.to_id != mode.id:
        mode, elements, _, _ = next(it for it in choices if it.mode.id == transition.to_id)
        factor, power, rate, _ = _fit(elements, demand)
    abnormal = mode.abnormal_only or transition.abnormal_condition_only
    return Decision(mode.id, factor, power, rate, abnormal)


def running_element(
    actuator: Actuator, state: ActuatorState, level: float
) -> tuple[Element, float] | None:
    """Return what the running mode does at a fill level, and its factor; None while it is unknown."""
    running = state.running(actuator)
    if running is None:
        return None
    elements = actuator.modes[running[0]].elements_at(level)
    return (elements[0], running[1]) if elements else None


def running_power(actuator: Actuator, state: ActuatorState, level: float = 0.0) -> float | None:
    """Return the W that the running mode gives at a fill level, consumption positive; None while it is unknown."""
    running = running_element(actuator, state, level)
    return None if running is None else running[0].power.at(running[1])


class _Fit(NamedTuple):
    """The best that a mode can do; ``breach`` tells by how much its rate exceeds what the storage bears."""

    factor: float
    power: float
    rate: float
    breach: float


def _fit(elements: tuple[Element, ...], demand: Demand) -> _Fit:
    """Return the best factor of a mode: nearest to the power, and within what the storage bears where possible.

    At a border of two elements the one counts towards which the fill level moves.
    """
    if len(elements) == 1:
        return _fit_element(elements[0], demand)
    below, above = sorted(elements, key=lambda element: element.low)[:2]
    upwards = _fit_element(above, demand)
    return upwards if upwards.rate >= 0 else _fit_element(below, demand)


def _fit_element(element: Element, demand: Demand) -> _Fit:
    _, _, power, rates = element
    emptying, filling = demand.rates
    factor = power.factor_for(demand.power)
    rate = rates.at(factor)
    if emptying <= rate <= filling:
        return _Fit(factor, power.at(factor), rate, 0.0)
    if rates.start != rates.end:
        factor = rates.factor_for(demand.rates.clamp(rate))
        rate = rates.at(factor)
    breach = max(0.0, emptying - rate, rate - filling)
    if breach <= _ROUNDING * max(map(abs, rates)):
        breach = 0.0
    return _Fit(factor, power.at(factor), rate, breach)
