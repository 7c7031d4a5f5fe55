"""What energy costs at the site during a plan, read where the server will read it."""

from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.exceptions import HomeAssistantError

from .client import FlexMeasuresClient, JsonObject, NotFoundError, PermissionDeniedError
from .const import DOMAIN
from .coordinator import SiteInventory
from .scheduling import (
    FlexContext,
    Price,
    PriceSensor,
    PriceSeries,
    Tariff,
    ceil_to_resolution,
    floor_to_resolution,
)
from .units import convert, price_currency, quantity_of

_HOUR = timedelta(hours=1)


async def async_read_tariff(
    client: FlexMeasuresClient,
    inventory: SiteInventory,
    context: FlexContext,
    *,
    start: datetime,
    end: datetime,
) -> Tariff | None:
    """Return the prices from start to end that the site is planned with.

    Args:
        client: reads the values of price sensors.
        inventory: the site, with the flex-context that it stores.
        context: from the options; comes before what the site stores.
        start: aware.
        end: aware.

    Returns:
        None when the site has prices of a form that only the server reads.

    Raises:
        HomeAssistantError: the site has no price for consumption; the server would fail.
        FlexMeasuresError: a price sensor could not be read.
    """
    stored = inventory.site.flex_context
    if not is_priced(stored, context):
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_prices")
    consumption = context.consumption_price or _stored_price(stored, "consumption-price")
    production = context.production_price or _stored_price(stored, "production-price")
    if consumption is None or (production is None and _names(stored, "production-price")):
        return None
    series = [
        await _async_series(client, inventory, price, start, end)
        for price in dict.fromkeys((consumption, production or consumption))
    ]
    known = [each for each in series if each is not None]
    if len(known) < len(series) or len({each.currency for each in known}) > 1:
        return None
    return Tariff(*known)


def price_sensors(stored: JsonObject, context: FlexContext) -> frozenset[int]:
    """Return the sensors that the site's prices are read from, of the options or else as stored on the server."""
    chosen = (
        context.consumption_price or _stored_price(stored, "consumption-price"),
        context.production_price or _stored_price(stored, "production-price"),
    )
    return frozenset(price.sensor for price in chosen if isinstance(price, PriceSensor))


def is_priced(stored: JsonObject, context: FlexContext) -> bool:
    """Tell whether the site has a price for consumption, from the options or as stored on the server."""
    return (
        context.consumption_price is not None
        or _names(stored, "consumption-price")
        or "commodities" in stored
    )


def reads_more_than_prices(stored: JsonObject, context: FlexContext) -> bool:
    """Tell whether the server plans with sensors beside prices, which may change without a word."""
    chosen = replace(context, consumption_price=None, production_price=None).flex_context()
    kept = {key: value for key, value in stored.items() if "-price" not in key}
    return any(_names_sensor(value) for value in (chosen, kept))


def _names_sensor(value: object) -> bool:
    match value:
        case dict():
            return any("sensor" in str(key) or _names_sensor(item) for key, item in value.items())
        case list():
            return any(_names_sensor(item) for item in value)
    return False


def _names(stored: JsonObject, field: str) -> bool:
    return any(key.startswith(field) for key in stored)


def _stored_price(stored: JsonObject, field: str) -> Price | PriceSensor | None:
    """Return a price as the site stores it; None when there is none, or one of a form that only the server reads."""
    match stored.get(field, stored.get(f"{field}-sensor")):
        case bool():
            return None
        case int() as sensor:
            return PriceSensor(sensor)
        case {"sensor": int(sensor)}:
            return PriceSensor(sensor)
        case str() as text:
            return _constant(text)
    return None


def _constant(text: str) -> Price | None:
    quantity = quantity_of(text)
    currency = price_currency(quantity[1]) if quantity else None
    if quantity is None or currency is None:
        return None
    return Price(convert(*quantity, f"{currency}/kWh"), currency)


async def _async_series(
    client: FlexMeasuresClient,
    inventory: SiteInventory,
    price: Price | PriceSensor,
    start: datetime,
    end: datetime,
) -> PriceSeries | None:
    if isinstance(price, Price):
        return PriceSeries(
            start=start, resolution=end - start, prices=(price.amount,), currency=price.currency
        )
    try:
        sensor = inventory.sensors.get(price.sensor) or await client.get_sensor(price.sensor)
    except NotFoundError, PermissionDeniedError:
        return None
    currency = price_currency(sensor.unit)
    if currency is None:
        return None
    resolution = sensor.resolution or _HOUR
    begin = floor_to_resolution(start, resolution)
    data = await client.get_sensor_data(
        sensor.id,
        start=begin,
        duration=ceil_to_resolution(end, resolution) - begin,
        unit=sensor.unit,
        resolution=resolution,
    )
    factor = convert(1.0, sensor.unit, f"{currency}/kWh")
    return PriceSeries(
        start=data.start,
        resolution=data.resolution,
        prices=tuple(None if value is None else value * factor for value in data.values),
        currency=currency,
    )
