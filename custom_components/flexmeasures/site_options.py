"""The options of a site as the planner takes them: what surrounds its devices, how far and how often it is planned."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from homeassistant.exceptions import HomeAssistantError

from .const import (
    CONF_CONSUMPTION_BREACH_PRICE,
    CONF_CONSUMPTION_PRICE_SENSOR,
    CONF_CURRENCY,
    CONF_GAS_PRICE,
    CONF_HORIZON,
    CONF_INFLEXIBLE_CONSUMPTION,
    CONF_INFLEXIBLE_PRODUCTION,
    CONF_PERIOD,
    CONF_PRODUCTION_BREACH_PRICE,
    CONF_PRODUCTION_PRICE_SENSOR,
    CONF_RELAX_CONSTRAINTS,
    CONF_SCHEDULE_RESOLUTION,
    CONF_SITE_CONSUMPTION_BREACH_PRICE,
    CONF_SITE_CONSUMPTION_CAPACITY,
    CONF_SITE_PEAK_CONSUMPTION,
    CONF_SITE_PEAK_CONSUMPTION_PRICE,
    CONF_SITE_POWER_CAPACITY,
    CONF_SITE_PRODUCTION_BREACH_PRICE,
    CONF_SITE_PRODUCTION_CAPACITY,
    CONF_SOC_MAXIMA_BREACH_PRICE,
    CONF_SOC_MINIMA_BREACH_PRICE,
    DOMAIN,
)
from .scheduling import FlexContext, FlexModelError, FlexModelProblem, Price, PriceSensor

PRICE_SENSORS = (CONF_CONSUMPTION_PRICE_SENSOR, CONF_PRODUCTION_PRICE_SENSOR)
INFLEXIBLE_SENSORS = (CONF_INFLEXIBLE_CONSUMPTION, CONF_INFLEXIBLE_PRODUCTION)
# These have the names of the flex-context's own fields.
CAPACITIES = (
    CONF_SITE_POWER_CAPACITY,
    CONF_SITE_CONSUMPTION_CAPACITY,
    CONF_SITE_PRODUCTION_CAPACITY,
    CONF_SITE_PEAK_CONSUMPTION,
)
PRICES_PER_POWER = (
    CONF_SITE_PEAK_CONSUMPTION_PRICE,
    CONF_SITE_CONSUMPTION_BREACH_PRICE,
    CONF_SITE_PRODUCTION_BREACH_PRICE,
    CONF_CONSUMPTION_BREACH_PRICE,
    CONF_PRODUCTION_BREACH_PRICE,
)
PRICES_PER_ENERGY = (CONF_SOC_MINIMA_BREACH_PRICE, CONF_SOC_MAXIMA_BREACH_PRICE)
FIXED_PRICES = (CONF_GAS_PRICE, *PRICES_PER_POWER, *PRICES_PER_ENERGY)

# A day ahead holds one cheap and one expensive time of every tariff.
USUAL_HORIZON = timedelta(hours=24)
# The server takes 10 triggers per 5 minutes from one account; a quarter-hour leaves room for people and other homes.
USUAL_PERIOD = timedelta(minutes=15)
# Less than an hour ahead there is nothing to choose; of more than 48 hours the server gives only the first 48 back.
SHORTEST_HORIZON, LONGEST_HORIZON = timedelta(hours=1), timedelta(hours=48)
# More often, homes of one account get in each other's way; a plan older than a day has ended.
SHORTEST_PERIOD, LONGEST_PERIOD = timedelta(minutes=5), timedelta(hours=24)

_WATTS_PER_KILOWATT = 1000
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def flex_context_of(options: Mapping[str, Any]) -> FlexContext:
    """Return prices, limits and inflexible sensors that the options name; the rest is left to the server.

    Raises:
        HomeAssistantError: the options make no sense together.
    """
    try:
        return checked_flex_context(options, {})
    except FlexModelError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="site_options",
            translation_placeholders={"reason": str(error)},
        ) from error


def checked_flex_context(options: Mapping[str, Any], currencies: Mapping[int, str]) -> FlexContext:
    """Return what the options say of the site's surroundings.

    Args:
        options: as stored.
        currencies: of price sensors, by id; the others have that of the options.

    Raises:
        FlexModelError: names the option and the reason.
    """
    fields: dict[str, Any] = {
        key: _fixed_price(options, key) for key in FIXED_PRICES if key in options
    }
    fields |= {key: options[key] * _WATTS_PER_KILOWATT for key in CAPACITIES if key in options}
    fields |= {key: tuple(options[key]) for key in INFLEXIBLE_SENSORS if key in options}
    return FlexContext(
        consumption_price=_price_sensor(options, CONF_CONSUMPTION_PRICE_SENSOR, currencies),
        production_price=_price_sensor(options, CONF_PRODUCTION_PRICE_SENSOR, currencies),
        relax_constraints=options.get(CONF_RELAX_CONSTRAINTS),
        **fields,
    )


def horizon_of(options: Mapping[str, Any]) -> timedelta:
    """Return how far ahead is planned.

    Raises:
        HomeAssistantError: less or more than the server bears.
    """
    horizon = USUAL_HORIZON
    if CONF_HORIZON in options:
        horizon = options[CONF_HORIZON] * _HOUR
    _check(CONF_HORIZON, SHORTEST_HORIZON, horizon, LONGEST_HORIZON)
    return horizon


def period_of(options: Mapping[str, Any]) -> timedelta:
    """Return how often it is planned when nothing else is a cause.

    Raises:
        HomeAssistantError: less or more than is useful.
    """
    period = USUAL_PERIOD
    if CONF_PERIOD in options:
        period = options[CONF_PERIOD] * _MINUTE
    _check(CONF_PERIOD, SHORTEST_PERIOD, period, LONGEST_PERIOD)
    return period


def resolution_of(options: Mapping[str, Any]) -> timedelta | None:
    """Return how long power stays the same at least; None for as long as the steps of the power sensors."""
    minutes: int | None = options.get(CONF_SCHEDULE_RESOLUTION)
    return None if minutes is None else minutes * _MINUTE


def _price_sensor(
    options: Mapping[str, Any], key: str, currencies: Mapping[int, str]
) -> PriceSensor | None:
    if key not in options:
        return None
    sensor = options[key]
    return PriceSensor(sensor, currencies.get(sensor, options.get(CONF_CURRENCY)))


def _fixed_price(options: Mapping[str, Any], key: str) -> Price:
    if CONF_CURRENCY not in options:
        raise FlexModelError(CONF_CURRENCY, FlexModelProblem.EMPTY)
    return Price(options[key], options[CONF_CURRENCY])


def _check(field: str, shortest: timedelta, value: timedelta, longest: timedelta) -> None:
    if not shortest <= value <= longest:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="site_option_outside",
            translation_placeholders={
                "field": field,
                "value": str(value),
                "minimum": str(shortest),
                "maximum": str(longest),
            },
        )
