"""Units as Home Assistant and FlexMeasures write them: which can be converted, and the conversion."""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
import re
from typing import Final

from homeassistant.const import UnitOfEnergy
from homeassistant.util.unit_conversion import (
    ApparentPowerConverter,
    BaseUnitConverter,
    DistanceConverter,
    DurationConverter,
    ElectricCurrentConverter,
    ElectricPotentialConverter,
    EnergyConverter,
    FrequencyConverter,
    MassConverter,
    PowerConverter,
    PressureConverter,
    ReactiveEnergyConverter,
    ReactivePowerConverter,
    SpeedConverter,
    TemperatureConverter,
    UnitlessRatioConverter,
    VolumeConverter,
    VolumeFlowRateConverter,
)

_CONVERTERS: Final[tuple[type[BaseUnitConverter], ...]] = (
    PowerConverter,
    EnergyConverter,
    ApparentPowerConverter,
    ReactivePowerConverter,
    ReactiveEnergyConverter,
    TemperatureConverter,
    UnitlessRatioConverter,
    ElectricCurrentConverter,
    ElectricPotentialConverter,
    FrequencyConverter,
    PressureConverter,
    SpeedConverter,
    DistanceConverter,
    MassConverter,
    DurationConverter,
    VolumeConverter,
    VolumeFlowRateConverter,
)

# FlexMeasures stores a unit as its creator wrote it, in the spelling of Python's pint; Home Assistant has one spelling.
_SPELLINGS: Final = {
    "degC": "°C",
    "deg_C": "°C",
    "celsius": "°C",
    "degF": "°F",
    "deg_F": "°F",
    "percent": "%",
    "l": "L",
}
_CURRENCY_SIGNS: Final = {"€": "EUR", "£": "GBP"}
_QUANTITY: Final = re.compile(
    r"\s*(?P<amount>[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*(?P<unit>\D.*?)\s*"
)
_PRICE: Final = re.compile(r"(?P<currency>[A-Z]{3}|[€£])\s*/\s*(?P<energy>\w+)")


class UnitProblem(StrEnum):
    """Why a value cannot be converted."""

    MISSING = "missing"
    DIFFERENT_DIMENSION = "different_dimension"
    DIFFERENT_CURRENCY = "different_currency"


class UnitError(ValueError):
    """A value cannot be converted from one unit to another.

    Attributes:
        reason: why not.
    """

    def __init__(self, from_unit: str | None, to_unit: str | None, reason: UnitProblem) -> None:
        """Name both units and the reason."""
        super().__init__(
            f"{from_unit or 'no unit'} to {to_unit or 'no unit'}: {reason.value.replace('_', ' ')}"
        )
        self.reason = reason


def quantity_of(text: str) -> tuple[float, str] | None:
    """Return amount and unit of a text such as ``0.25 EUR/kWh``; None when it is no such text."""
    matched = _QUANTITY.fullmatch(text)
    return (float(matched["amount"]), matched["unit"]) if matched else None


def is_power(unit: str | None) -> bool:
    """Return whether the unit is one of active power, such as W or kW (not kVA)."""
    return unit is not None and _spelled(unit) in PowerConverter.VALID_UNITS


def is_energy(unit: str | None) -> bool:
    """Return whether the unit is one of energy, such as kWh."""
    return unit is not None and _spelled(unit) in EnergyConverter.VALID_UNITS


def is_price(unit: str | None) -> bool:
    """Return whether the unit is one of money per energy, such as EUR/MWh."""
    return unit is not None and _price(unit) is not None


def currency_of(unit: str | None) -> str | None:
    """Return the currency of a price's unit, such as EUR; None when it is not a price."""
    price = None if unit is None else _price(unit)
    return price[0] if price else None


def convertible(from_unit: str | None, to_unit: str | None) -> bool:
    """Return whether values in one unit can be written in the other."""
    try:
        convert(0.0, from_unit, to_unit)
    except UnitError:
        return False
    return True


def convert(value: float, from_unit: str | None, to_unit: str | None) -> float:
    """Return the value, given in one unit, in the other.

    Identical units always convert, also unknown ones. Prices convert between amounts of energy, never between
    currencies.

    Raises:
        UnitError: a unit is missing, or the two have different dimensions or currencies.
    """
    return _conversion(from_unit, to_unit)(value)


@lru_cache(maxsize=256)  # every reading of every feed is converted; a home has a few dozen pairs
def _conversion(from_unit: str | None, to_unit: str | None) -> Callable[[float], float]:
    if not from_unit or not to_unit:
        raise UnitError(from_unit, to_unit, UnitProblem.MISSING)
    from_spelled, to_spelled = _spelled(from_unit), _spelled(to_unit)
    if from_spelled == to_spelled:
        return _same
    if (from_price := _price(from_unit)) and (to_price := _price(to_unit)):
        if from_price[0] != to_price[0]:
            raise UnitError(from_unit, to_unit, UnitProblem.DIFFERENT_CURRENCY)
        factor = EnergyConverter.convert(1, to_price[1], from_price[1])
        return lambda price: price * factor
    for converter in _CONVERTERS:
        if {from_spelled, to_spelled} <= converter.VALID_UNITS:
            return converter.converter_factory(from_spelled, to_spelled)
    raise UnitError(from_unit, to_unit, UnitProblem.DIFFERENT_DIMENSION)


def _same(value: float) -> float:
    return value


def _spelled(unit: str) -> str:
    """Return the unit in Home Assistant's spelling."""
    unit = unit.strip()
    for plain, raised in (("2", "²"), ("3", "³")):
        unit = unit.replace(f"**{plain}", raised).replace(f"^{plain}", raised)
    return _SPELLINGS.get(unit, unit)


def _price(unit: str) -> tuple[str, UnitOfEnergy] | None:
    """Return currency and energy of a price's unit; None when it is not a price."""
    match = _PRICE.fullmatch(unit.strip())
    if match is None or match["energy"] not in EnergyConverter.VALID_UNITS:
        return None
    currency = match["currency"]
    return _CURRENCY_SIGNS.get(currency, currency), UnitOfEnergy(match["energy"])


def price_currency(unit: str) -> str | None:
    """Return the currency of a price per energy, such as ``EUR``; None when the unit is no such price."""
    price = _price(unit)
    return price[0] if price else None
