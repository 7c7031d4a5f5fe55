"""Actuators that fill, or empty, one store, as entries of a flex-model."""

from collections.abc import Sequence
import math

from .contribution import Sensors
from .quantities import FlexModel, FlexValue, watts
from .spans import UNGUARDED, Span

ELECTRICITY = "electricity"


def sharing_stock(
    flows: Sequence[FlexModel], stock: FlexModel, sensors: Sensors, limits: Span = UNGUARDED
) -> tuple[FlexModel, ...]:
    """Return one entry for a single actuator; for several one each and one for the store, tied by the same sensor.

    Args:
        flows: what each actuator can do; at least one.
        stock: what the store needs.
        sensors: of the device.
        limits: W, consumption positive, that people let all actuators have together; each alone is within them already.

    Raises:
        ValueError: several actuators lack the sensor that ties them.
    """
    if len(flows) == 1:
        return ({**flows[0], **stock},)
    if sensors.stored_energy is None:
        raise ValueError("several actuators on one storage need a sensor for stored energy")
    tie: FlexModel = {"state-of-charge": {"sensor": sensors.stored_energy}}
    flows, group = _grouped(flows, sensors, limits)
    return (*({**flow, **tie} for flow in flows), {**stock, **tie}, *group)


def _grouped(
    flows: Sequence[FlexModel], sensors: Sensors, limits: Span
) -> tuple[Sequence[FlexModel], tuple[FlexModel, ...]]:
    """Return the actuators, those with electric power in one group, and the entry that bounds the group.

    The server makes exceeding a group's capacities dear, and its ``power-capacity`` impossible: then actuators that cannot
    be off would leave the whole site without a plan.
    """
    bounds: dict[str, FlexValue] = {
        name: watts(most)
        for name, most in (
            ("consumption-capacity", limits.end),
            ("production-capacity", -limits.start),
        )
        if math.isfinite(most)
    }
    electric = [flow.get("commodity", ELECTRICITY) == ELECTRICITY for flow in flows]
    if not bounds or sum(electric) < 2 or sensors.total_power is None:
        return flows, ()
    group: FlexModel = {"sensor": sensors.total_power}
    grouped = [
        {**flow, "group": dict(group)} if is_electric else flow
        for flow, is_electric in zip(flows, electric, strict=True)
    ]
    return grouped, ({**group, **bounds},)
