"""Actuators that fill, or empty, one store, as entries of a flex-model."""

from collections.abc import Sequence

from .contribution import Sensors
from .quantities import FlexModel


def sharing_stock(
    flows: Sequence[FlexModel], stock: FlexModel, sensors: Sensors
) -> tuple[FlexModel, ...]:
    """Return one entry for a single actuator; for several one each and one for the store, tied by the same sensor.

    Args:
        flows: what each actuator can do; at least one.
        stock: what the store needs.
        sensors: of the device.

    Raises:
        ValueError: several actuators lack the sensor that ties them.
    """
    if len(flows) == 1:
        return ({**flows[0], **stock},)
    if sensors.stored_energy is None:
        raise ValueError("several actuators on one storage need a sensor for stored energy")
    tie: FlexModel = {"state-of-charge": {"sensor": sensors.stored_energy}}
    return (*({**flow, **tie} for flow in flows), {**stock, **tie})
