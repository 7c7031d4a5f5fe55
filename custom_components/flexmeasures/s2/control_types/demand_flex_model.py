"""Actuators that meet a demand, in FlexMeasures' terms: all fill one store, which the demand empties at once.

The server can also couple what goes into a converter with what comes out, but FlexMeasures 1.0 lets the common flow of such
a couple be only 0 or 1 MW as soon as any device of the same request has operation modes, and then finds no plan.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
import math
from typing import NamedTuple, Self

from ..messages import ddbc
from ..messages.components import CommodityQuantity
from .bands import allowed, merged, power_limits
from .contribution import Sensors, SeriesKind
from .modes import Actuator, Mode
from .quantities import FlexModel, FlexValue, during, kilowatt_hours, percent
from .shared_stock import ELECTRICITY, sharing_stock
from .spans import NOTHING, UNGUARDED, Span, span_of
from .timeline import Grid

# The name of a commodity in FlexMeasures, and the W in one unit of flow: of lower heating values, 9.77 kWh in a cubic
# metre of natural gas as most of Europe burns it, 33.3 kWh in a kilogram of hydrogen, 10 kWh in a litre of oil.
_COMMODITIES: Mapping[CommodityQuantity, tuple[str, float]] = {
    CommodityQuantity.NATURAL_GAS_FLOW_RATE: ("gas", 3.6e3 * 9.77),
    CommodityQuantity.HYDROGEN_FLOW_RATE: ("hydrogen", 3.6e3 * 33.3),
    CommodityQuantity.OIL_FLOW_RATE: ("oil", 1e4),
}
_HOUR = timedelta(hours=1)
# What the server's sums may miss without calling it a violation.
_ROUNDING = 1e-5  # kWh
# Of a power, what the order of adding up may change.
_ROUNDING_SHARE = 1e-9
# Of so many bands the gaps do not matter.
_MOST_BANDS = 64


@dataclass(frozen=True, slots=True)
class Converter:
    """One actuator: what goes in becomes what is demanded.

    Attributes:
        commodity: what goes in, in FlexMeasures' word.
        inputs: W that may go in, consumption positive.
        gain: W of what is demanded from each W that goes in, where it gives the most.
    """

    actuator_id: str
    commodity: str
    inputs: tuple[Span, ...]
    gain: float

    @classmethod
    def of(
        cls,
        actuator: Actuator,
        description: ddbc.ActuatorDescription,
        watts_per_unit: float,
        limits: Span = UNGUARDED,
    ) -> Self | None:
        """Return what an actuator converts; None when it gives nothing, or out of nothing that is counted.

        An actuator that takes electricity and something else counts as what takes the most power.

        Args:
            actuator: made of the description.
            description: what the RM said of it.
            watts_per_unit: W behind one unit of supply.
            limits: W, consumption positive, of electric power that people let it have.
        """
        modes = _permitted(actuator, limits)
        strongest = max(
            (_at_most(mode, limits) for mode in modes), key=lambda most: most.supply, default=None
        )
        if strongest is None:
            return None
        supply = strongest.supply * watts_per_unit
        flows = _flows(actuator, description)
        taken = {
            name: by_mode[strongest.mode_id].at(strongest.factor)
            for name, by_mode in flows.items()
            if strongest.mode_id in by_mode
        }
        commodity = max(taken, key=taken.__getitem__)
        if supply <= 0 or taken[commodity] <= 0:
            return None
        inputs = merged(flows[commodity].get(mode.id, NOTHING) for mode in modes)
        if commodity == ELECTRICITY:
            inputs = allowed(inputs, limits)
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


class _Most(NamedTuple):
    """The most that a mode supplies, in the device's unit, and the factor that gives it."""

    mode_id: str
    supply: float
    factor: float


def _permitted(actuator: Actuator, limits: Span) -> tuple[Mode, ...]:
    """Return the modes with some power within limits; all where none has, since it will run in one of them anyhow."""
    modes = actuator.normal_modes
    within = tuple(
        mode
        for mode in modes
        if mode.powers.start <= limits.end and mode.powers.end >= limits.start
    )
    return within or modes


def _at_most(mode: Mode, limits: Span) -> _Most:
    (element,) = mode.elements
    factor = element.rate.factor_for(element.rate.high)
    power = element.power.at(factor)
    if (within := limits.clamp(power)) != power:
        factor = element.power.factor_for(within)
    return _Most(mode.id, element.rate.at(factor), factor)


def _flows(
    actuator: Actuator, description: ddbc.ActuatorDescription
) -> Mapping[str, Mapping[str, Span]]:
    """Return what may go in by commodity and mode, in W."""
    flows: dict[str, dict[str, Span]] = {
        ELECTRICITY: {mode.id: mode.powers for mode in actuator.normal_modes}
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


def supply_bands(converters: Sequence[Converter], limits: Span = UNGUARDED) -> tuple[Span, ...]:
    """Return what all of them can give together within limits of electric power, in W; nothing for none of them."""
    bands: tuple[Span, ...] = (NOTHING,)
    for converter in converters:
        bands = merged(
            Span(one.low + other.low, one.high + other.high)
            for one in bands
            for other in converter.supplies
        )
        if len(bands) > _MOST_BANDS:
            bands = (Span(bands[0].low, bands[-1].high),)
    if not math.isfinite(limits.end):
        return bands
    most = _most_supply(converters, limits)
    return allowed(bands, Span(-math.inf, most + _ROUNDING_SHARE * most))


def _most_supply(converters: Sequence[Converter], limits: Span) -> float:
    """Return the W that all of them give at most: what makes the most of its power takes of the limits first."""
    most, left = 0.0, limits.end
    for converter in sorted(converters, key=lambda converter: -converter.gain):
        power = converter.inputs[-1].high
        if converter.commodity == ELECTRICITY:
            power = min(power, max(0.0, left))
            left -= power
        most += converter.gain * power
    return most


def nearest(bands: Iterable[Span], demand: float) -> float:
    """Return what comes nearest to a demand, as what is supplied at last; the smaller of two."""
    return min((band.clamp(demand) for band in bands), key=lambda supply: abs(supply - demand))


def converter_entries(
    converters: Sequence[Converter], sensors: Sensors, grid: Grid, limits: Span = UNGUARDED
) -> tuple[FlexModel, ...]:
    """Return the flex-models: one for a single converter, else one each and one for the demand.

    The store has to stay as it is, which is soft where the server's limits are: then a request has a plan even when
    a commodity has no price, so that the server lets nobody take any of it. The store begins with as much as could be
    missing until the end, because the server knows no energy below 0.

    Args:
        converters: of one device, at least one.
        sensors: of the device.
        grid: that is planned.
        limits: W, consumption positive, of electric power that people let all of them have together.

    Raises:
        ValueError: a sensor is missing that the device needs.
    """
    hours = (grid.end - grid.start) / _HOUR
    most = max(supply_bands(converters, limits)[-1].high, 1.0) / 1000 * hours

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
    return sharing_stock(entries, stock, sensors, limits)
