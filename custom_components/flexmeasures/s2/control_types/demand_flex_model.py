"""Actuators that meet a demand, in FlexMeasures' terms: all fill one store, which the demand empties at once.

The server can also couple what goes into a converter with what comes out, but FlexMeasures 1.0 lets the common flow of such
a couple be only 0 or 1 MW as soon as any device of the same request has operation modes, and then finds no plan.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from ..messages import ddbc
from ..messages.components import CommodityQuantity
from .bands import merged, power_limits
from .contribution import Sensors, SeriesKind
from .modes import Actuator, Element
from .quantities import FlexModel, FlexValue, during, kilowatt_hours, percent
from .shared_stock import sharing_stock
from .spans import NOTHING, Span, span_of
from .timeline import Grid

# The name of a commodity in FlexMeasures, and the W in one unit of flow: of lower heating values, 9.77 kWh in a cubic
# metre of natural gas as most of Europe burns it, 33.3 kWh in a kilogram of hydrogen, 10 kWh in a litre of oil.
_COMMODITIES: Mapping[CommodityQuantity, tuple[str, float]] = {
    CommodityQuantity.NATURAL_GAS_FLOW_RATE: ("gas", 3.6e3 * 9.77),
    CommodityQuantity.HYDROGEN_FLOW_RATE: ("hydrogen", 3.6e3 * 33.3),
    CommodityQuantity.OIL_FLOW_RATE: ("oil", 1e4),
}
_ELECTRICITY = "electricity"
_HOUR = timedelta(hours=1)
# What the server's sums may miss without calling it a violation.
_ROUNDING = 1e-5  # kWh
# Of so many bands the gaps do not matter.
_MOST_BANDS = 256


@dataclass(frozen=True, slots=True)
class Converter:
    """One actuator: what goes in becomes what is demanded.

    Attributes:
        commodity: what goes in, in FlexMeasures' word.
        inputs: W that may go in, consumption positive.
        gain: W of what is demanded from each W that goes in, at the strongest mode's full factor.
    """

    actuator_id: str
    commodity: str
    inputs: tuple[Span, ...]
    gain: float

    @classmethod
    def of(
        cls, actuator: Actuator, description: ddbc.ActuatorDescription, watts_per_unit: float
    ) -> Self | None:
        """Return what an actuator converts; None when it gives nothing, or out of nothing that is counted.

        An actuator that takes electricity and something else counts as what takes the most power.

        Args:
            actuator: made of the description.
            description: what the RM said of it.
            watts_per_unit: W behind one unit of supply.
        """
        strongest = _strongest(actuator)
        if strongest is None:
            return None
        mode_id, element = strongest
        supply = element.rate.high * watts_per_unit
        factor = element.rate.factor_for(element.rate.high)
        flows = _flows(actuator, description)
        taken = {
            name: by_mode[mode_id].at(factor)
            for name, by_mode in flows.items()
            if mode_id in by_mode
        }
        commodity = max(taken, key=taken.__getitem__)
        if supply <= 0 or taken[commodity] <= 0:
            return None
        inputs = merged(flows[commodity].get(mode.id, NOTHING) for mode in actuator.normal_modes)
        return cls(actuator.id, commodity, inputs, supply / taken[commodity])

    @property
    def supplies(self) -> tuple[Span, ...]:
        """What it can give, in W."""
        return tuple(Span(self.gain * band.low, self.gain * band.high) for band in self.inputs)

    def entry(self, sensor: int) -> FlexModel:
        """Return its flex-model, with the sensor that what goes in is planned on."""
        limits = power_limits(self.inputs)
        return {
            "sensor": sensor,
            "commodity": self.commodity,
            **limits,
            "charging-efficiency": percent(self.gain),
        }


def _strongest(actuator: Actuator) -> tuple[str, Element] | None:
    elements = [(mode.id, element) for mode in actuator.normal_modes for element in mode.elements]
    return max(elements, key=lambda found: found[1].rate.high, default=None)


def _flows(
    actuator: Actuator, description: ddbc.ActuatorDescription
) -> Mapping[str, Mapping[str, Span]]:
    """Return what may go in by commodity and mode, in W."""
    flows: dict[str, dict[str, Span]] = {
        _ELECTRICITY: {mode.id: mode.powers for mode in actuator.normal_modes}
    }
    for mode in description.operation_modes:
        if mode.abnormal_condition_only:
            continue
        for power in mode.power_ranges:
            if power.commodity_quantity in _COMMODITIES:
                name, watts = _COMMODITIES[power.commodity_quantity]
                start, end = span_of(power)
                flows.setdefault(name, {})[mode.id] = Span(start * watts, end * watts)
    return flows


def supply_bands(converters: Iterable[Converter]) -> tuple[Span, ...]:
    """Return what all of them can give together, in W; nothing for none of them."""
    bands: tuple[Span, ...] = (NOTHING,)
    for converter in converters:
        bands = merged(
            Span(one.low + other.low, one.high + other.high)
            for one in bands
            for other in converter.supplies
        )
        if len(bands) > _MOST_BANDS:
            bands = (Span(bands[0].low, bands[-1].high),)
    return bands


def nearest(bands: Iterable[Span], demand: float) -> float:
    """Return what comes nearest to a demand, as what is supplied at last; the smaller of two."""
    return min((band.clamp(demand) for band in bands), key=lambda supply: abs(supply - demand))


def converter_entries(
    converters: Sequence[Converter], sensors: Sensors, grid: Grid
) -> tuple[FlexModel, ...]:
    """Return the flex-models: one for a single converter, else one each and one for the demand.

    The store has to stay as it is, which is soft where the server's limits are: then a request has a plan even when
    a commodity has no price, so that the server lets nobody take any of it. The store begins with as much as could be
    missing until the end, because the server knows no energy below 0.

    Args:
        converters: of one device, at least one.
        sensors: of the device.
        grid: that is planned.

    Raises:
        ValueError: a sensor is missing that the device needs.
    """
    hours = (grid.end - grid.start) / _HOUR
    most = max(supply_bands(converters)[-1].high, 1.0) / 1000 * hours

    def always(energy: float) -> list[FlexValue]:
        return [during(grid.start, grid.end, kilowatt_hours(energy))]

    stock: FlexModel = {
        "soc-at-start": kilowatt_hours(most),
        "soc-min": kilowatt_hours(0.0),
        "soc-max": kilowatt_hours(2 * most),
        "soc-minima": always(most - _ROUNDING),
        "soc-maxima": always(most + _ROUNDING),
        "soc-usage": [sensors.of(SeriesKind.DEMAND_FORECAST)],
    }
    entries = [each.entry(sensors.power[each.actuator_id]) for each in converters]
    return sharing_stock(entries, stock, sensors)
