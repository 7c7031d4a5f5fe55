"""The options of a site: what they become for the server, and which are refused."""

from datetime import timedelta
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.flexmeasures.scheduling import FlexModelConflict, FlexModelError
from custom_components.flexmeasures.site_options import (
    checked_flex_context,
    flex_context_of,
    horizon_of,
    period_of,
    resolution_of,
)


def test_without_options_everything_is_left_to_the_server() -> None:
    assert flex_context_of({}).flex_context() == {}
    assert horizon_of({}) == timedelta(hours=24)
    assert period_of({}) == timedelta(minutes=15)
    assert resolution_of({}) is None


def test_every_option_reaches_the_server_in_its_own_unit() -> None:
    """Kilowatts of the options become watts; prices get the currency and what they are for."""
    options = {
        "consumption_price_sensor": 15,
        "production_price_sensor": 16,
        "site_power_capacity": 17.25,
        "site_consumption_capacity": 10,
        "site_production_capacity": 0,
        "site_peak_consumption": 2.5,
        "inflexible_consumption": [21, 22],
        "inflexible_production": [23],
        "currency": "EUR",
        "gas_price": 0.12,
        "site_peak_consumption_price": 4.5,
        "site_consumption_breach_price": 100,
        "site_production_breach_price": 90,
        "consumption_breach_price": 80,
        "production_breach_price": 70,
        "soc_minima_breach_price": 6,
        "soc_maxima_breach_price": 5,
        "relax_constraints": False,
    }

    assert flex_context_of(options).flex_context() == {
        "consumption-price": {"sensor": 15},
        "production-price": {"sensor": 16},
        "site-power-capacity": "17250 W",
        "site-consumption-capacity": "10000 W",
        "site-production-capacity": "0 W",
        "site-peak-consumption": "2500 W",
        "inflexible-consumption": [{"sensor": 21}, {"sensor": 22}],
        "inflexible-production": [{"sensor": 23}],
        "commodities": [{"commodity": "gas", "consumption-price": "0.12 EUR/kWh"}],
        "site-peak-consumption-price": "4.5 EUR/kW",
        "site-consumption-breach-price": "100 EUR/kW",
        "site-production-breach-price": "90 EUR/kW",
        "consumption-breach-price": "80 EUR/kW",
        "production-breach-price": "70 EUR/kW",
        "soc-minima-breach-price": "6 EUR/kWh",
        "soc-maxima-breach-price": "5 EUR/kWh",
        "relax-constraints": False,
    }


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"site_power_capacity": 0}, "site_power_capacity: not positive"),
        ({"site_consumption_capacity": -1}, "site_consumption_capacity: negative"),
        (
            {"currency": "EUR", "soc_minima_breach_price": -1},
            "soc_minima_breach_price: negative",
        ),
        ({"soc_minima_breach_price": 1}, "currency: empty"),
        ({"currency": "EUR", "gas_price": -0.1}, "gas_price: negative"),
        ({"gas_price": 0.1}, "currency: empty"),
    ],
)
def test_options_that_make_no_sense_are_told_with_the_reason(
    options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(HomeAssistantError) as caught:
        flex_context_of(options)

    assert caught.value.translation_key == "site_options"
    assert caught.value.translation_placeholders == {"reason": reason}


def test_prices_of_two_currencies_are_refused_at_the_second() -> None:
    options = {"consumption_price_sensor": 15, "production_price_sensor": 16}

    with pytest.raises(FlexModelError) as caught:
        checked_flex_context(options, {15: "EUR", 16: "GBP"})

    assert caught.value.field == "production_price"
    assert caught.value.problem is FlexModelConflict.SEVERAL_CURRENCIES


def test_times_are_in_the_units_of_the_form() -> None:
    assert horizon_of({"horizon": 36}) == timedelta(hours=36)
    assert period_of({"period": 10}) == timedelta(minutes=10)
    assert resolution_of({"schedule_resolution": 30}) == timedelta(minutes=30)


@pytest.mark.parametrize("hours", [0, 0.5, 49])
def test_a_horizon_that_the_server_does_not_bear_is_refused(hours: float) -> None:
    with pytest.raises(HomeAssistantError) as caught:
        horizon_of({"horizon": hours})

    assert caught.value.translation_key == "site_option_outside"
    assert caught.value.translation_placeholders == {
        "field": "horizon",
        "value": str(timedelta(hours=hours)),
        "minimum": "1:00:00",
        "maximum": "2 days, 0:00:00",
    }


@pytest.mark.parametrize("minutes", [4, 1441])
def test_a_period_that_is_of_no_use_is_refused(minutes: int) -> None:
    with pytest.raises(HomeAssistantError) as caught:
        period_of({"period": minutes})

    assert caught.value.translation_key == "site_option_outside"
