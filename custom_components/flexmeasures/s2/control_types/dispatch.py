"""From a wanted power to the operation mode and factor that come nearest, among those that may be chosen now."""

from collections.abc import Mapping
from datetime import datetime
import math
from typing import NamedTuple

from .actuator_state import ActuatorState
from .modes import Actuator, Element, Mode, Route
from .spans import Span

# Of a rate, what is rounding of floats and no breach.
_ROUNDING = 1e-9

UNGUARDED = Span(-math.inf, math.inf)


class Decision(NamedTuple):
    """What one actuator should do now.

    Attributes:
        power: W that this gives, consumption positive.
        rate: change of the fill level per second that this gives.
        breach: by how much the rate lies outside of what the storage bears; 0 when it fits.
        abnormal: whether it needs an abnormal condition.
    """

    mode_id: str
    factor: float
    power: float
    rate: float
    breach: float
    abnormal: bool


class Demand(NamedTuple):
    """What is asked of one actuator.

    Attributes:
        power: W, consumption positive.
        level: present fill level; 0 where nothing is stored.
        rates: what the storage bears, per second, from emptying to filling; holds 0.
        abnormal: whether abnormal conditions may be used.
    """

    power: float
    level: float = 0.0
    rates: Span = UNGUARDED
    abnormal: bool = False


def decide(
    actuator: Actuator, state: ActuatorState, demand: Demand, now: datetime
) -> Decision | None:
    """Return what the actuator should do; None while its mode is unknown or changing, or nothing can be chosen.

    Of all modes that can be reached the one wins that the storage bears, then the one whose power is nearest (to 1 W),
    then the present one, then the one with the lowest transition costs, then the first of the description. A mode that
    takes several transitions is approached by the first of them.
    """
    running = state.running(actuator)
    if running is None or state.changing(now):
        return None
    usable = _usable_elements(actuator, state, demand, now)
    routes = actuator.routes(
        running[0], frozenset(usable), state.timers.running(now), abnormal=demand.abnormal
    )
    best: Decision | None = None
    best_key: tuple[float, ...] = ()
    for mode_id, route in routes.items():
        mode = actuator.modes[mode_id]
        decision = _fit(mode, usable[mode_id], demand)
        key = (
            decision.breach,
            round(abs(decision.power - demand.power)),
            mode_id != running[0],
            route.costs,
            mode.order,
        )
        if best is None or key < best_key:
            best, best_key = decision, key
    return None if best is None else _first_hop(best, routes, actuator, usable, demand)


def _usable_elements(
    actuator: Actuator, state: ActuatorState, demand: Demand, now: datetime
) -> Mapping[str, list[Element]]:
    """Return, for each mode that may be chosen at the present fill level, the elements that contain it."""
    running = state.running(actuator)
    avoided = state.avoided(now) - {running[0] if running else ""}
    return {
        mode.id: elements
        for mode in actuator.modes.values()
        if (demand.abnormal or not mode.abnormal_only) and mode.id not in avoided
        if (elements := mode.elements_at(demand.level))
    }


def running_element(
    actuator: Actuator, state: ActuatorState, level: float
) -> tuple[Element, float] | None:
    """Return what the running mode does at a fill level, and its factor; None while it is unknown."""
    running = state.running(actuator)
    elements = actuator.modes[running[0]].elements_at(level) if running else []
    return (elements[0], running[1]) if running and elements else None


def running_power(actuator: Actuator, state: ActuatorState, level: float = 0.0) -> float | None:
    """Return the W that the running mode gives at a fill level, consumption positive; None while it is unknown."""
    running = running_element(actuator, state, level)
    return None if running is None else running[0].power.at(running[1])


def _fit(mode: Mode, elements: list[Element], demand: Demand) -> Decision:
    """Return the best factor of a mode: nearest to the power, and within what the storage bears where possible.

    At a border of two elements the one counts towards which the fill level moves.
    """
    fitted = [_fit_element(mode, element, demand) for element in elements]
    if len(fitted) > 1:
        below, above = sorted(zip(elements, fitted, strict=True), key=lambda pair: pair[0].low)[:2]
        return above[1] if above[1].rate >= 0 else below[1]
    return fitted[0]


def _fit_element(mode: Mode, element: Element, demand: Demand) -> Decision:
    factor = element.power.factor_for(demand.power)
    rate = element.rate.at(factor)
    if not demand.rates.low <= rate <= demand.rates.high and element.rate.start != element.rate.end:
        factor = element.rate.factor_for(demand.rates.clamp(rate))
        rate = element.rate.at(factor)
    breach = max(0.0, demand.rates.low - rate, rate - demand.rates.high)
    if breach <= _ROUNDING * max(map(abs, element.rate)):
        breach = 0.0
    return Decision(mode.id, factor, element.power.at(factor), rate, breach, mode.abnormal_only)


def _first_hop(
    target: Decision,
    routes: Mapping[str, Route],
    actuator: Actuator,
    usable: Mapping[str, list[Element]],
    demand: Demand,
) -> Decision:
    transition = routes[target.mode_id].transition
    if transition is None:
        return target
    hop = target
    if transition.to_id != target.mode_id:
        hop = _fit(actuator.modes[transition.to_id], usable[transition.to_id], demand)
    return hop._replace(abnormal=hop.abnormal or transition.abnormal_condition_only)
