"""What surrounds the devices of a site, in FlexMeasures' terms: prices, limits, and what cannot be planned."""

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import (
    FlexModelConflict,
    FlexModelError,
    FlexModelProblem,
    check_finite,
    check_not_negative,
)
from .quantities import JSON, SensorReference, watts


@dataclass(frozen=True, slots=True)
class Price:
    """A price that never changes.

    Attributes:
        amount: per kWh of energy, or per kW of power where a power is priced.
        currency: such as ``EUR``.
    """

    amount: float
    currency: str


@dataclass(frozen=True, slots=True)
class PriceSensor:
    """A price that the server reads from a sensor.

    Attributes:
        currency: of the sensor's unit; None when it is not known.
    """

    sensor: int
    currency: str | None = None


type Capacity = float | SensorReference
type AnyPrice = Price | PriceSensor

_PRICES_PER_ENERGY = (
    "consumption_price",
    "production_price",
    "soc_minima_breach_price",
    "soc_maxima_breach_price",
)
# Of commodities beside electricity, by FlexMeasures' name of each.
_COMMODITY_PRICES = {"gas": "gas_price"}
_PRICES_PER_POWER = (
    "site_consumption_breach_price",
    "site_production_breach_price",
    "site_peak_consumption_price",
    "site_peak_production_price",
    "consumption_breach_price",
    "production_breach_price",
)
# What earning or paying may be: a price of energy. To break a limit has to cost something.
_MAY_BE_NEGATIVE = ("consumption_price", "production_price")
_PRICES = (*_PRICES_PER_ENERGY, *_COMMODITY_PRICES.values(), *_PRICES_PER_POWER)
_CAPACITIES = (
    "site_power_capacity",
    "site_consumption_capacity",
    "site_production_capacity",
    "site_peak_consumption",
    "site_peak_production",
)
_RELAXATIONS = (
    "relax_constraints",
    "relax_soc_constraints",
    "relax_capacity_constraints",
    "relax_site_capacity_constraints",
)
_INFLEXIBLE = ("inflexible_consumption", "inflexible_production")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexContext:
    """Prices, limits and inflexible sensors of a site; what is None is left to what the server stores.

    Attributes:
        consumption_price: of energy from the grid.
        production_price: what feeding in earns; the server takes the consumption price without it.
        gas_price: of energy from the gas grid; without any the server lets nothing take gas. Servers since 1.0.
        site_power_capacity: W of the connection in both directions, or a sensor.
        site_consumption_capacity: W that may be consumed, or a sensor.
        site_production_capacity: W that may be fed in, or a sensor.
        site_peak_consumption: W of a peak that is paid for already.
        site_peak_production: W of a peak that is paid for already.
        site_consumption_breach_price: per kW above the limit.
        site_production_breach_price: per kW above the limit.
        site_peak_consumption_price: per kW above the peak.
        site_peak_production_price: per kW above the peak.
        consumption_breach_price: per kW above a device's limit.
        production_breach_price: per kW above a device's limit.
        soc_minima_breach_price: per kWh below a minimum.
        soc_maxima_breach_price: per kWh above a maximum.
        inflexible_consumption: ids of sensors of what consumes anyhow, positive.
        inflexible_production: ids of sensors of what produces anyhow, positive.
        relax_constraints: False makes limits hard that otherwise are only expensive to break. Servers before 1.0 take
            them as hard when it is not said.
        relax_soc_constraints: the same for stored energy alone.
        relax_capacity_constraints: the same for the devices' limits alone.
        relax_site_capacity_constraints: the same for the site's limits alone.
    """

    consumption_price: AnyPrice | None = None
    production_price: AnyPrice | None = None
    gas_price: AnyPrice | None = None
    site_power_capacity: Capacity | None = None
    site_consumption_capacity: Capacity | None = None
    site_production_capacity: Capacity | None = None
    site_peak_consumption: Capacity | None = None
    site_peak_production: Capacity | None = None
    site_consumption_breach_price: AnyPrice | None = None
    site_production_breach_price: AnyPrice | None = None
    site_peak_consumption_price: AnyPrice | None = None
    site_peak_production_price: AnyPrice | None = None
    consumption_breach_price: AnyPrice | None = None
    production_breach_price: AnyPrice | None = None
    soc_minima_breach_price: AnyPrice | None = None
    soc_maxima_breach_price: AnyPrice | None = None
    inflexible_consumption: tuple[int, ...] = ()
    inflexible_production: tuple[int, ...] = ()
    relax_constraints: bool | None = None
    relax_soc_constraints: bool | None = None
    relax_capacity_constraints: bool | None = None
    relax_site_capacity_constraints: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what the server would refuse, or would take for something else.

        Raises:
            FlexModelError: names the field and the reason.
        """
        currencies: set[str] = set()
        for name in _PRICES:
            price = getattr(self, name)
            if isinstance(price, Price):
                check = check_finite if name in _MAY_BE_NEGATIVE else check_not_negative
                check(**{name: price.amount})
            if price is not None and price.currency is not None:
                currencies.add(price.currency)
            if len(currencies) > 1:
                raise FlexModelError(name, FlexModelConflict.SEVERAL_CURRENCIES)
        for name in _CAPACITIES:
            capacity = getattr(self, name)
            if capacity is not None and not isinstance(capacity, SensorReference):
                check_not_negative(**{name: capacity})
        if self.site_power_capacity == 0:
            raise FlexModelError("site_power_capacity", FlexModelProblem.NOT_POSITIVE)

    @property
    def currency(self) -> str | None:
        """Return the currency of its prices; None when none of them tells."""
        for name in _PRICES:
            price = getattr(self, name)
            if price is not None and price.currency is not None:
                return str(price.currency)
        return None

    def flex_context(self) -> Mapping[str, JSON]:
        """Return the flex-context of a trigger under the names of FlexMeasures 1.0; only what is set."""
        context: dict[str, JSON] = {}
        for names, unit in ((_PRICES_PER_ENERGY, "kWh"), (_PRICES_PER_POWER, "kW")):
            for name in names:
                if (price := getattr(self, name)) is not None:
                    context[_field(name)] = _price(price, unit)
        for name in _CAPACITIES:
            if (capacity := getattr(self, name)) is not None:
                context[_field(name)] = (
                    capacity.json() if isinstance(capacity, SensorReference) else watts(capacity)
                )
        for name in _INFLEXIBLE:
            if sensors := getattr(self, name):
                context[_field(name)] = [{"sensor": sensor} for sensor in sensors]
        commodities: list[JSON] = [
            {"commodity": commodity, "consumption-price": _price(price, "kWh")}
            for commodity, name in _COMMODITY_PRICES.items()
            if (price := getattr(self, name)) is not None
        ]
        if commodities:
            context["commodities"] = commodities
        for name in _RELAXATIONS:
            if (relaxation := getattr(self, name)) is not None:
                context[_field(name)] = relaxation
        return context


def _field(name: str) -> str:
    return name.replace("_", "-")


def _price(price: AnyPrice, unit: str) -> JSON:
    if isinstance(price, PriceSensor):
        return {"sensor": price.sensor}
    return f"{price.amount:.10g} {price.currency}/{unit}"
