"""Energy behind a fill level: how many kWh one unit is worth, and what is lost on the way in and out."""

from collections.abc import Iterable
from dataclasses import dataclass
import math
from typing import NamedTuple

from .modes import Actuator, Element, Mode
from .spans import Span

_JOULES_PER_KWH = 3.6e6
# Above it one number for all fill levels is a simplification that people should know of.
_EVEN = 0.05


class _Flow(NamedTuple):
    """W s of electricity for one unit of fill level, over a width of fill levels."""

    joules_per_unit: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiencies:
    """What becomes of energy in one actuator; None for a direction that it does not have.

    Attributes:
        charging: stored energy per electric energy; above 1 for a heat pump.
        discharging: electric energy per stored energy.
        varies: whether it differs by more than 5 % between fill levels; the mean over all of them is given.
    """

    charging: float | None
    discharging: float | None
    varies: bool


def derived_capacity_per_unit(actuators: Iterable[Actuator]) -> float | None:
    """Return the kWh behind one unit of fill level, from powers and fill rates; None when they do not tell.

    With both directions the losses are shared equally: the geometric mean of what goes in and what comes out. With one
    direction nothing is known of losses, so there are none at the strongest mode.
    """
    flows = [(_strongest(actuator, 1), _strongest(actuator, -1)) for actuator in actuators]
    for filling, emptying in flows:
        if filling and emptying:
            into, out = _mean(_flows(filling, 1)), _mean(_flows(emptying, -1))
            return math.sqrt(into * out) / _JOULES_PER_KWH
    for direction in (0, 1):
        strongest = [(mode, 1 - 2 * direction) for flow in flows if (mode := flow[direction])]
        if strongest:
            mode, sign = max(strongest, key=lambda pair: _peak(*pair))
            return _mean(_flows(mode, sign)) / _JOULES_PER_KWH
    return None


def efficiencies(actuator: Actuator, capacity_per_unit: float) -> Efficiencies:
    """Return what an actuator makes of energy, given the kWh behind one unit of fill level."""
    joules = capacity_per_unit * _JOULES_PER_KWH
    into = _direction(actuator, 1)
    out = _direction(actuator, -1)
    return Efficiencies(
        charging=joules / _mean(into) if into else None,
        discharging=_mean(out) / joules if out else None,
        varies=_varies(into) or _varies(out),
    )


def mend_discharge_rate(element: Element) -> Element:
    """Return the element with a rate that empties the storage while it gives power.

    Some devices give the discharge rate without its sign.
    """
    if element.power.high <= 0 and element.power.low < 0 < element.rate.high:
        return element._replace(rate=Span(-abs(element.rate.start), -abs(element.rate.end)))
    return element


def _direction(actuator: Actuator, sign: int) -> list[_Flow]:
    mode = _strongest(actuator, sign)
    return _flows(mode, sign) if mode else []


def _strongest(actuator: Actuator, sign: int) -> Mode | None:
    """Return the mode that fills (1) or empties (-1) the storage with the most power."""
    modes = [mode for mode in actuator.normal_modes if _flows(mode, sign)]
    return max(modes, key=lambda mode: _peak(mode, sign), default=None)


def _peak(mode: Mode, sign: int) -> float:
    return max(sign * power for element in mode.elements for power in element.power)


def _flows(mode: Mode, sign: int) -> list[_Flow]:
    flows = []
    for element in mode.elements:
        ends = zip(element.power, element.rate, strict=True)
        running = [(power, rate) for power, rate in ends if sign * power > 0 and sign * rate > 0]
        if running:
            power, rate = max(running, key=lambda end: abs(end[0]))
            flows.append(_Flow(power / rate, element.high - element.low))
    return flows


def _mean(flows: list[_Flow]) -> float:
    width = sum(flow.width for flow in flows)
    if width <= 0:
        return flows[0].joules_per_unit
    return sum(flow.joules_per_unit * flow.width for flow in flows) / width


def _varies(flows: list[_Flow]) -> bool:
    values = [flow.joules_per_unit for flow in flows]
    return bool(values) and max(values) - min(values) > _EVEN * max(values)
