"""Actuators that turn electricity into what is demanded, in FlexMeasures' terms: coupled entries of two commodities."""

from collections.abc import Iterable

from ..messages import ddbc
from ..messages.components import CommodityQuantity
from .bands import power_limits
from .contribution import Sensors, SeriesKind
from .modes import Actuator
from .quantities import FlexModel, FlexValue, kilowatts

_HEAT = "heat"
# Natural gas as most of Europe burns it: 9.77 kWh in a cubic metre.
_KILOWATTS_PER_LITRE_A_SECOND = 3.6 * 9.77


def converter_entries(
    actuators: Iterable[tuple[Actuator, ddbc.ActuatorDescription]],
    sensors: Sensors,
    kilowatts_per_unit: float,
) -> tuple[tuple[FlexModel, ...], FlexModel]:
    """Return two coupled entries for each actuator, what goes in and what comes out, and the demand.

    The server couples by flow: each power is its coefficient times the common one, so the heat's coefficient is what comes
    out of 1 kW at full factor. The direction follows from the one capacity that is given. What gas costs has to stand in
    the context of that commodity.

    Args:
        actuators: of one device, each with what the RM said of it.
        sensors: of the device; gas is planned on the actuator's sensor of power.
        kilowatts_per_unit: kW of heat behind one unit of supply.

    Raises:
        ValueError: the sensor of the demand is missing.
    """
    entries: list[FlexModel] = []
    for actuator, description in actuators:
        entries += _entries(actuator, description, sensors, kilowatts_per_unit)
    demand: list[FlexValue] = [sensors.of(SeriesKind.DEMAND_FORECAST)]
    return tuple(entries), {"commodity": _HEAT, "inflexible-consumption": demand}


def _entries(
    actuator: Actuator,
    description: ddbc.ActuatorDescription,
    sensors: Sensors,
    kilowatts_per_unit: float,
) -> list[FlexModel]:
    modes = actuator.normal_modes
    elements = [element for mode in modes for element in mode.elements]
    if not elements:
        return []
    strongest = max(elements, key=lambda element: element.rate.high)
    heat = strongest.rate.high * kilowatts_per_unit
    power = strongest.power.at(strongest.rate.factor_for(strongest.rate.high)) / 1000
    entry: dict[str, FlexValue] = {"sensor": sensors.power[actuator.id]}
    if power > 0:
        limits = power_limits(mode.powers for mode in modes)
        entry["commodity"] = "electricity"
        entry["consumption-capacity"] = limits["consumption-capacity"]
        if "operation-modes" in limits:
            entry["operation-modes"] = limits["operation-modes"]
    else:
        power = _gas_power(description)
        entry["commodity"] = "gas"
        entry["consumption-capacity"] = kilowatts(power)
    output: dict[str, FlexValue] = {
        "sensor": sensors.heat[actuator.id],
        "commodity": _HEAT,
        "production-capacity": kilowatts(heat),
    }
    if power <= 0:
        return [output]
    coupling: FlexModel = {"coupling": actuator.id, "coupling-coefficient": 1.0}
    gain = float(f"{heat / power:.9g}")
    return [{**entry, **coupling}, {**output, **coupling, "coupling-coefficient": gain}]


def _gas_power(description: ddbc.ActuatorDescription) -> float:
    """Return the kW of gas at the most; 0 without any."""
    flows = [
        power.highest
        for mode in description.operation_modes
        if not mode.abnormal_condition_only
        for power in mode.power_ranges
        if power.commodity_quantity is CommodityQuantity.NATURAL_GAS_FLOW_RATE
    ]
    return max(flows, default=0.0) * _KILOWATTS_PER_LITRE_A_SECOND
