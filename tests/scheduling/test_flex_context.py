"""What surrounds the devices of a site."""

from dataclasses import fields
from typing import Any

import pytest

from custom_components.flexmeasures.scheduling import (
    FlexContext,
    FlexModelConflict,
    FlexModelError,
    FlexModelProblem,
    Price,
    PriceSensor,
    SensorReference,
)


def test_only_what_is_set_is_sent() -> None:
    assert FlexContext().flex_context() == {}
    assert FlexContext().currency is None


def test_everything_is_sent_with_its_unit_under_the_names_of_version_1() -> None:
    context = FlexContext(
        consumption_price=PriceSensor(3, "EUR"),
        production_price=Price(-0.05, "EUR"),
        gas_price=Price(0.12, "EUR"),
        site_power_capacity=17_250,
        site_consumption_capacity=SensorReference(4),
        site_production_capacity=0,
        site_consumption_breach_price=Price(100, "EUR"),
        soc_minima_breach_price=Price(1000, "EUR"),
        inflexible_consumption=(5, 6),
        inflexible_production=(7,),
        relax_constraints=True,
        relax_capacity_constraints=False,
    )

    assert context.flex_context() == {
        "consumption-price": {"sensor": 3},
        "production-price": "-0.05 EUR/kWh",
        "soc-minima-breach-price": "1000 EUR/kWh",
        "site-consumption-breach-price": "100 EUR/kW",
        "site-power-capacity": "17250 W",
        "site-consumption-capacity": {"sensor": 4},
        "site-production-capacity": "0 W",
        "inflexible-consumption": [{"sensor": 5}, {"sensor": 6}],
        "inflexible-production": [{"sensor": 7}],
        "commodities": [{"commodity": "gas", "consumption-price": "0.12 EUR/kWh"}],
        "relax-constraints": True,
        "relax-capacity-constraints": False,
    }
    assert context.currency == "EUR"


def test_no_field_is_forgotten() -> None:
    values: dict[str, Any] = {}
    for item in fields(FlexContext):
        match item.name.split("_"):
            case [*_, "price"]:
                values[item.name] = Price(1, "EUR")
            case ["site", *_]:
                values[item.name] = 1000
            case ["relax", *_]:
                values[item.name] = False
            case ["inflexible", *_]:
                values[item.name] = (1,)

    sent = FlexContext(**values).flex_context()

    names = {item.name.replace("_", "-") for item in fields(FlexContext)}
    # The price of another commodity has its place among the commodities.
    assert sent.keys() == names - {"gas-price"} | {"commodities"}


def test_prices_have_one_currency() -> None:
    with pytest.raises(FlexModelError) as refusal:
        FlexContext(consumption_price=Price(0.3, "EUR"), production_price=PriceSensor(4, "NOK"))

    assert refusal.value.field == "production_price"
    assert refusal.value.problem is FlexModelConflict.SEVERAL_CURRENCIES
    unknown = FlexContext(consumption_price=PriceSensor(3), production_price=Price(1, "NOK"))
    assert unknown.currency == "NOK"


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("site_power_capacity", 0, FlexModelProblem.NOT_POSITIVE),
        ("site_power_capacity", -1, FlexModelProblem.NEGATIVE),
        ("site_consumption_capacity", float("nan"), FlexModelProblem.NOT_FINITE),
        ("consumption_price", Price(float("inf"), "EUR"), FlexModelProblem.NOT_FINITE),
        ("site_consumption_breach_price", Price(-1, "EUR"), FlexModelProblem.NEGATIVE),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(
    field: str, value: float | Price, problem: FlexModelProblem
) -> None:
    with pytest.raises(FlexModelError) as refusal:
        FlexContext(**{field: value})  # type: ignore[arg-type]

    assert (refusal.value.field, refusal.value.problem) == (field, problem)
