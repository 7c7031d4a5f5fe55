"""Units of both worlds: what converts, to what, and what is refused."""

import math

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.units import (
    UnitError,
    UnitProblem,
    convert,
    convertible,
    is_energy,
    is_power,
    is_price,
)


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "expected"),
    [
        (1500, "W", "kW", 1.5),
        (2, "MW", "W", 2_000_000),
        (2, "kWh", "Wh", 2000),
        (3.6, "MJ", "kWh", 1),
        (2, "kVA", "VA", 2000),
        (55, "%", "%", 55),
        (20, "degC", "°C", 20),
        (20, "°C", "degF", 68),
        (0, "celsius", "K", 273.15),
        (3600, "l", "m**3", 3.6),
        (1, "m^3", "L", 1000),
        (7, " kW ", "kW", 7),
        (3, "widgets", "widgets", 3),
    ],
)
def test_values_keep_their_meaning(
    value: float, from_unit: str, to_unit: str, expected: float
) -> None:
    """The spelling of either side is understood; identical units need not be known."""
    assert convert(value, from_unit, to_unit) == pytest.approx(expected)
    assert convertible(from_unit, to_unit)


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "expected"),
    [
        (80, "EUR/MWh", "EUR/kWh", 0.08),
        (0.25, "EUR/kWh", "EUR/MWh", 250),
        (0.25, "€/kWh", "EUR/MWh", 250),
        (0.2, "£/kWh", "GBP/kWh", 0.2),
        (5, "KRW / kWh", "KRW/Wh", 0.005),
        (-10, "EUR/MWh", "EUR/kWh", -0.01),
    ],
)
def test_prices_convert_between_amounts_of_energy(
    value: float, from_unit: str, to_unit: str, expected: float
) -> None:
    """Money per megawatt hour is a thousandth per kilowatt hour."""
    assert convert(value, from_unit, to_unit) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("from_unit", "to_unit", "reason"),
    [
        (None, "kW", UnitProblem.MISSING),
        ("", "kW", UnitProblem.MISSING),
        ("kW", None, UnitProblem.MISSING),
        ("kWh", "kW", UnitProblem.DIFFERENT_DIMENSION),
        ("kVA", "kW", UnitProblem.DIFFERENT_DIMENSION),
        ("%", "kWh", UnitProblem.DIFFERENT_DIMENSION),
        ("EUR/kWh", "kWh", UnitProblem.DIFFERENT_DIMENSION),
        ("EUR", "EUR/kWh", UnitProblem.DIFFERENT_DIMENSION),
        ("widgets", "kW", UnitProblem.DIFFERENT_DIMENSION),
        ("EUR/kWh", "USD/kWh", UnitProblem.DIFFERENT_CURRENCY),
        ("€/MWh", "£/kWh", UnitProblem.DIFFERENT_CURRENCY),
    ],
)
def test_what_has_another_meaning_is_refused(
    from_unit: str | None, to_unit: str | None, reason: UnitProblem
) -> None:
    """Missing, of another dimension or of another currency."""
    with pytest.raises(UnitError) as caught:
        convert(1, from_unit, to_unit)
    assert caught.value.reason is reason
    assert not convertible(from_unit, to_unit)


def test_an_error_names_both_units() -> None:
    """So that a person can find the one that is wrong."""
    with pytest.raises(UnitError, match="kWh to kW: different dimension"):
        convert(1, "kWh", "kW")
    with pytest.raises(UnitError, match="no unit to kW: missing"):
        convert(1, None, "kW")


@given(
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(
        [("W", "MW"), ("kWh", "J"), ("EUR/MWh", "EUR/kWh"), ("degC", "degF"), ("%", "ppm")]
    ),
)
def test_there_and_back_is_the_same(value: float, units: tuple[str, str]) -> None:
    """Converting loses nothing but rounding."""
    there = convert(value, *units)
    back = convert(there, *reversed(units))
    assert math.isclose(back, value, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("unit", "power", "energy", "price"),
    [
        ("W", True, False, False),
        ("kW", True, False, False),
        ("MW", True, False, False),
        ("kVA", False, False, False),
        ("kWh", False, True, False),
        ("MJ", False, True, False),
        ("EUR/kWh", False, False, True),
        ("EUR/MWh", False, False, True),
        ("€/kWh", False, False, True),
        ("EUR/m³", False, False, False),
        ("EUR", False, False, False),
        ("eur/kWh", False, False, False),
        ("EUR/kW", False, False, False),
        ("%", False, False, False),
        ("", False, False, False),
        (None, False, False, False),
    ],
)
def test_units_are_recognised(unit: str | None, power: bool, energy: bool, price: bool) -> None:
    """A unit is at most one of power, energy and price."""
    assert (is_power(unit), is_energy(unit), is_price(unit)) == (power, energy, price)
