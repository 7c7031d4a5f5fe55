"""The prices that a site is planned with: which they are, and how far they are known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from unittest.mock import AsyncMock, create_autospec

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.flexmeasures.client import FlexMeasuresClient, JsonObject, NotFoundError
from custom_components.flexmeasures.coordinator import SiteInventory
from custom_components.flexmeasures.plan_prices import async_read_tariff, reads_more_than_prices
from custom_components.flexmeasures.scheduling import FlexContext, Price, PriceSensor, Tariff

from . import site

START = datetime(2026, 11, 22, 12, 15, tzinfo=UTC)
END = START + timedelta(hours=3)
HOUR = timedelta(hours=1)
PRIVATE = site.make_sensor(40, "my price", "EUR/MWh", 77, resolution=timedelta(minutes=15))


@pytest.fixture
def prices() -> AsyncMock:
    """Return a client whose values are the hour of the day in UTC."""
    client: AsyncMock = create_autospec(FlexMeasuresClient, instance=True)
    site.answer(client)
    client.get_sensor.return_value = PRIVATE
    return client


async def read(
    client: AsyncMock, stored: JsonObject, context: FlexContext | None = None
) -> Tariff | None:
    """Return the tariff of a site that stores this flex-context."""
    inventory = SiteInventory(
        site=replace(site.ASSETS[0], flex_context=stored),
        assets=MappingProxyType({}),
        sensors=MappingProxyType({sensor.id: sensor for sensor in site.SENSORS}),
    )
    return await async_read_tariff(
        client, inventory, context or FlexContext(), start=START, end=END
    )


async def test_a_sensor_s_prices_are_read_for_whole_intervals_around_the_plan(
    prices: AsyncMock,
) -> None:
    tariff = await read(prices, {"consumption-price": {"sensor": site.PRICES}})

    assert tariff
    assert tariff.production is None
    assert tariff.currency == "EUR"
    assert tariff.consumption.start == START - timedelta(minutes=15)
    # From 12:00 to 16:00 around 12:15 to 15:15.
    assert tariff.consumption.prices == (12.0, 13.0, 14.0, 15.0)
    assert tariff.covered_until(START) == START + timedelta(hours=3, minutes=45)


async def test_the_options_come_before_what_the_site_stores(prices: AsyncMock) -> None:
    context = FlexContext(
        consumption_price=PriceSensor(site.SOMEBODY_S_PRICES), production_price=Price(0.08, "EUR")
    )
    tariff = await read(prices, {"consumption-price": {"sensor": site.PRICES}}, context)

    assert [call.args[0] for call in prices.get_sensor_data.call_args_list] == [
        site.SOMEBODY_S_PRICES
    ]
    assert tariff
    assert tariff.production
    assert tariff.production.price_at(START) == 0.08
    assert tariff.production.covered_until(START) == END


@pytest.mark.parametrize(
    ("text", "price"),
    [("0.25 EUR/kWh", 0.25), ("250 EUR/MWh", 0.25), ("-2e-2 EUR/kWh", -0.02)],
)
async def test_a_price_that_never_changes_is_read_with_its_unit(
    prices: AsyncMock, text: str, price: float
) -> None:
    tariff = await read(prices, {"consumption-price": text})

    assert tariff
    assert tariff.consumption.prices == pytest.approx((price,))
    prices.get_sensor_data.assert_not_called()


async def test_one_sensor_for_both_directions_is_read_once(prices: AsyncMock) -> None:
    both: JsonObject = {
        "consumption-price": {"sensor": site.PRICES},
        "production-price": {"sensor": site.PRICES},
    }
    tariff = await read(prices, both)

    assert prices.get_sensor_data.call_count == 1
    assert tariff == Tariff(tariff.consumption) if tariff else False


async def test_a_sensor_of_another_site_is_asked_for_and_its_unit_converted(
    prices: AsyncMock,
) -> None:
    tariff = await read(prices, {"consumption-price-sensor": PRIVATE.id})

    assert tariff
    # 12 EUR/MWh.
    assert tariff.consumption.price_at(START) == pytest.approx(0.012)
    assert tariff.consumption.resolution == timedelta(minutes=15)


@pytest.mark.parametrize(
    "stored",
    [
        {"consumption-price": [{"start": "2026-11-22T00:00+00:00", "value": "1 EUR/kWh"}]},
        {"consumption-price": {"sensor": site.BATTERY_POWER}},
        {"consumption-price": "cheap"},
        {"consumption-price": True},
        {"consumption-price": "0.2 EUR/kWh", "production-price": []},
        {"consumption-price": "0.2 EUR/kWh", "production-price": "0.1 GBP/kWh"},
        {"commodities": [{"commodity": "gas"}]},
    ],
)
async def test_prices_that_only_the_server_reads_are_not_known_here(
    prices: AsyncMock, stored: JsonObject
) -> None:
    assert await read(prices, stored) is None


async def test_a_price_sensor_that_may_not_be_read_is_left_to_the_server(
    prices: AsyncMock,
) -> None:
    prices.get_sensor.side_effect = NotFoundError("gone", status=404, request="GET /")

    assert await read(prices, {"consumption-price": {"sensor": 41}}) is None


async def test_a_site_without_a_price_cannot_be_planned(prices: AsyncMock) -> None:
    with pytest.raises(HomeAssistantError, match="no_prices"):
        await read(prices, {"production-price": {"sensor": site.PRICES}})


@pytest.mark.parametrize(
    ("stored", "context", "expected"),
    [
        ({}, {}, False),
        ({"consumption-price": {"sensor": 1}, "site-power-capacity": "5 kW"}, {}, False),
        ({"consumption-price-sensor": 1}, {}, False),
        ({"inflexible-consumption": [{"sensor": 2}]}, {}, True),
        ({"inflexible-device-sensors": [2]}, {}, True),
        ({"site-power-capacity": {"sensor": 3}}, {}, True),
        ({}, {"consumption_price": PriceSensor(1)}, False),
        ({}, {"inflexible_production": (4,)}, True),
    ],
)
def test_what_the_server_reads_beside_prices_may_change_without_a_word(
    stored: JsonObject, context: dict[str, Any], expected: bool
) -> None:
    assert reads_more_than_prices(stored, FlexContext(**context)) is expected
