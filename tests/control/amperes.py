"""A charger that takes whole amperes, and what it is told of a plan."""

from dataclasses import replace
from datetime import timedelta
import math

from custom_components.flexmeasures.control import (
    Actuation,
    Bounds,
    Plan,
    PowerLimits,
    Rounding,
    ScaledNumber,
    SwitchedNumber,
)

from .home import QUARTER, plan_of

# 690 W an ampere: three phases of 230 V.
AMPERE = 690.0
AMPERES = ScaledNumber.amperes(230, 3)
CHARGER = SwitchedNumber(AMPERES, least_power=0)
CURRENTS = Bounds(6, 16, 1)
FREE = (math.inf,) * 200
LIMITS = PowerLimits(16 * AMPERE, 16 * AMPERE)


def free_plan(*powers: float, resolution: timedelta = QUARTER) -> Plan:
    """Return a plan of a site without limits."""
    return replace(plan_of(*powers, resolution=resolution), leeway=FREE)


def told(
    plan: Plan,
    actuation: Actuation,
    bounds: Bounds,
    limits: PowerLimits = LIMITS,
    rounding: Rounding | None = None,
) -> list[float]:
    """Return the W that a device is told in each step of a plan."""
    rounding = rounding or Rounding()
    powers = []
    for step in plan.schedule.steps():
        assert step.power is not None
        planned = limits.clamp(step.power)
        powers.append(
            rounding.power(
                plan,
                step.start,
                planned=planned,
                neighbours=actuation.neighbours(planned, bounds),
                limits=limits,
            )
        )
    return powers
