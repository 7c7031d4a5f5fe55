"""The options of a site: what is offered, what is refused, what is stored."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any
from unittest.mock import MagicMock

from homeassistant.config_entries import ConfigFlowResult, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flexmeasures.client import ConnectionFailedError, PermissionDeniedError
from custom_components.flexmeasures.const import (
    CONF_CONSUMPTION_PRICE_SENSOR,
    CONF_PRODUCTION_PRICE_SENSOR,
)

from .device_dialogs import suggested
from .flow_samples import (
    BATTERY_POWER,
    CONSUMPTION_PRICE,
    HOME,
    INSTANTANEOUS_POWER,
    PUBLIC_MARKET,
    PUBLIC_PRICE,
    SITE_POWER,
    add_entry,
    fake_client,
    mark_loaded,
    sensor,
    setup_entry,
)

__all__ = ["setup_entry"]


@pytest.fixture
def client() -> MagicMock:
    """Return the entry's client."""
    return fake_client()


def fields_of(result: ConfigFlowResult) -> dict[str, Any]:
    """Return the selector of every field, those of sections included."""
    schema = result["data_schema"]
    assert schema is not None
    parts = [schema, *(part.schema for part in schema.schema.values() if isinstance(part, section))]
    return {str(key): each for part in parts for key, each in part.schema.items()}


def offered(result: ConfigFlowResult, field: str) -> list[tuple[str, str]]:
    """Return value and label of each choice of a field."""
    options = fields_of(result)[field].config["options"]
    return [(option["value"], option["label"]) for option in options]


async def submit(
    hass: HomeAssistant, result: ConfigFlowResult, form: dict[str, Any]
) -> ConfigFlowResult:
    """Fill in the form and press the button."""
    return await hass.config_entries.options.async_configure(result["flow_id"], form)


async def options_form(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the options."""
    return await hass.config_entries.options.async_init(entry.entry_id)


async def test_prices_are_chosen_and_taken_back(hass: HomeAssistant, client: MagicMock) -> None:
    """Every price sensor is offered under its asset's name; an empty field stores nothing."""
    entry = add_entry(hass)
    mark_loaded(hass, entry, client)
    hass.config_entries.async_update_entry(entry, options={"something_else": 1})
    result = await options_form(hass, entry)
    assert result["step_id"] == "init"
    for field in (CONF_CONSUMPTION_PRICE_SENSOR, CONF_PRODUCTION_PRICE_SENSOR):
        assert offered(result, field) == [
            (str(PUBLIC_PRICE), "Dutch market: day-ahead (EUR/MWh)"),
            (str(CONSUMPTION_PRICE), "home: contract (EUR/kWh)"),
        ]
    client.get_sensors.assert_awaited_once_with(asset_id=HOME, include_public=True)
    client.get_asset.assert_awaited_once_with(PUBLIC_MARKET)

    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {CONF_CONSUMPTION_PRICE_SENSOR: str(PUBLIC_PRICE)}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"something_else": 1, CONF_CONSUMPTION_PRICE_SENSOR: PUBLIC_PRICE}

    result = await options_form(hass, entry)
    assert suggested(result) == {CONF_CONSUMPTION_PRICE_SENSOR: str(PUBLIC_PRICE)}
    await hass.config_entries.options.async_configure(result["flow_id"], {})
    assert entry.options == {"something_else": 1}


async def test_a_price_sensor_that_is_gone_is_not_suggested(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """Otherwise the form could not be sent, for a reason that nobody sees."""
    entry = add_entry(hass)
    mark_loaded(hass, entry, client)
    hass.config_entries.async_update_entry(entry, options={CONF_PRODUCTION_PRICE_SENSOR: 404})
    assert suggested(await options_form(hass, entry)) == {}


async def test_a_price_sensor_of_an_unreadable_asset_is_offered_by_number(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """The name of the asset is a convenience, not a condition."""
    entry = add_entry(hass)
    mark_loaded(hass, entry, client)
    client.get_asset.side_effect = PermissionDeniedError(
        "the server's words", status=HTTPStatus.FORBIDDEN, request="GET /api/v3_0/assets"
    )
    result = await options_form(hass, entry)
    assert (str(PUBLIC_PRICE), f"#{PUBLIC_MARKET}: day-ahead (EUR/MWh)") in offered(
        result, CONF_CONSUMPTION_PRICE_SENSOR
    )


async def test_options_need_a_connection(hass: HomeAssistant, client: MagicMock) -> None:
    """Without one there is nothing to choose from, and the dialog says why."""
    entry = add_entry(hass)
    assert (await options_form(hass, entry))["reason"] == "entry_not_loaded"

    mark_loaded(hass, entry, client)
    client.get_sensors.side_effect = ConnectionFailedError("connection lost")
    result = await options_form(hass, entry)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "cannot_read_sensors"
    assert result["description_placeholders"] == {"message": "connection lost"}

    client.get_sensors.side_effect = None
    assert (await options_form(hass, entry))["type"] is FlowResultType.FORM


FULL: dict[str, Any] = {
    "consumption_price_sensor": str(CONSUMPTION_PRICE),
    "production_price_sensor": str(PUBLIC_PRICE),
    "gas_price": 0.12,
    "limits": {
        "site_power_capacity": 17.25,
        "site_consumption_capacity": 10,
        "site_production_capacity": 0,
        "site_peak_consumption": 2.5,
    },
    "inflexible": {
        "inflexible_consumption": [str(SITE_POWER)],
        "inflexible_production": [str(INSTANTANEOUS_POWER)],
    },
    "breaking": {
        "relax_constraints": "hard",
        "site_peak_consumption_price": 4.5,
        "site_consumption_breach_price": 1000,
        "site_production_breach_price": 900,
        "consumption_breach_price": 800,
        "production_breach_price": 700,
        "soc_minima_breach_price": 60,
        "soc_maxima_breach_price": 50,
    },
    "timing": {"horizon": 36, "period": 10, "schedule_resolution": "30"},
}


async def test_everything_is_stored_flat_and_shown_again(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """Numbers in the units of the form, sensors as ids, and the currency that the prices have."""
    entry = add_entry(hass)
    mark_loaded(hass, entry, client)
    result = await submit(hass, await options_form(hass, entry), FULL)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {
        "consumption_price_sensor": CONSUMPTION_PRICE,
        "production_price_sensor": PUBLIC_PRICE,
        "gas_price": 0.12,
        **FULL["limits"],
        "inflexible_consumption": [SITE_POWER],
        "inflexible_production": [INSTANTANEOUS_POWER],
        **FULL["breaking"],
        "relax_constraints": False,
        "currency": "EUR",
        "horizon": 36,
        "period": 10,
        "schedule_resolution": 30,
    }
    shown = {key: value for key, value in FULL.items() if not isinstance(value, dict)} | {
        key: value
        for part in FULL.values()
        if isinstance(part, dict)
        for key, value in part.items()
    }
    result = await options_form(hass, entry)
    assert suggested(result) == shown

    await submit(hass, result, {"breaking": {"relax_constraints": "soft"}})
    assert entry.options == {"relax_constraints": True}


@pytest.mark.parametrize(
    ("changes", "errors", "placeholders"),
    [
        (
            {"limits": {"site_power_capacity": 0}},
            {"limits": "not_positive"},
            {"at": "Connection: "},
        ),
        (
            {"limits": {"site_consumption_capacity": -1}},
            {"limits": "negative"},
            {"at": "Consumption at most: "},
        ),
        (
            {"limits": {"site_peak_consumption": float("inf")}},
            {"limits": "not_finite"},
            {"at": "Peak that is paid for: "},
        ),
        (
            {"gas_price": -0.1},
            {"gas_price": "negative"},
            {"at": ""},
        ),
        (
            {"breaking": {"soc_minima_breach_price": -1}},
            {"breaking": "negative"},
            {"at": "Price of too little energy: "},
        ),
        (
            {
                "inflexible": {
                    "inflexible_consumption": [str(SITE_POWER)],
                    "inflexible_production": [str(SITE_POWER)],
                }
            },
            {"inflexible": "in_both_lists"},
            {"at": "Production that is not planned: "},
        ),
        (
            {"timing": {"horizon": 49}},
            {"timing": "outside"},
            {"at": "Planned time: ", "minimum": "1", "maximum": "48"},
        ),
        (
            {"timing": {"period": 4}},
            {"timing": "outside"},
            {"at": "New plan every: ", "minimum": "5", "maximum": "1440"},
        ),
    ],
)
async def test_options_that_make_no_sense_are_refused_and_can_be_mended(
    hass: HomeAssistant,
    client: MagicMock,
    changes: dict[str, Any],
    errors: dict[str, str],
    placeholders: dict[str, str],
) -> None:
    """The sentence above a section names the field; what was entered stays."""
    entry = add_entry(hass)
    mark_loaded(hass, entry, client)
    result = await submit(hass, await options_form(hass, entry), {**FULL, **changes})

    assert result["errors"] == errors
    assert result["description_placeholders"] == placeholders
    ((field, part),) = changes.items()
    part = part if isinstance(part, dict) else {field: part}
    assert suggested(result).items() >= part.items()
    assert entry.options == {}

    result = await submit(hass, result, FULL)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_prices_of_two_currencies_are_refused(hass: HomeAssistant, client: MagicMock) -> None:
    entry = add_entry(hass)
    mark_loaded(hass, entry, client)
    client.get_sensors.return_value = (
        sensor(CONSUMPTION_PRICE, "contract", "EUR/kWh", HOME),
        sensor(PUBLIC_PRICE, "feed-in", "GBP/kWh", HOME),
    )
    prices = {key: value for key, value in FULL.items() if key.endswith("price_sensor")}
    result = await submit(hass, await options_form(hass, entry), prices)

    assert result["errors"] == {"production_price_sensor": "several_currencies"}


@pytest.mark.parametrize(
    ("stored", "currency"),
    [
        ({}, "EUR"),
        ({"consumption-price": {"sensor": PUBLIC_PRICE}}, "GBP"),
        ({"consumption-price": "0.3 SEK/kWh"}, "SEK"),
        ({"consumption-price": [{"value": "0.3 SEK/kWh"}]}, "EUR"),
        ({"consumption-price": {"sensor": 404}}, "EUR"),
    ],
)
async def test_without_a_chosen_price_the_currency_is_that_of_the_site(
    hass: HomeAssistant, client: MagicMock, stored: dict[str, Any], currency: str
) -> None:
    """Of the sensor or the price that is stored with it, else Home Assistant's."""
    entry = add_entry(hass)
    mark_loaded(hass, entry, client)
    client.get_sensors.return_value = (sensor(PUBLIC_PRICE, "day-ahead", "GBP/MWh", HOME),)
    site = entry.runtime_data.inventory.data.site
    entry.runtime_data.inventory.data.site = replace(site, flex_context=stored)
    result = await options_form(hass, entry)
    field = fields_of(result)["soc_minima_breach_price"]
    assert field.config["unit_of_measurement"] == f"{currency}/kWh"

    await submit(hass, result, {"breaking": {"soc_minima_breach_price": 5}})
    assert entry.options == {"soc_minima_breach_price": 5, "currency": currency}


async def test_a_sensor_with_a_plan_is_not_offered_as_inflexible(
    hass: HomeAssistant, client: MagicMock
) -> None:
    """It would be counted twice. A sensor that is gone is not suggested either."""
    device = {"kind": "battery", "power_sensor": BATTERY_POWER}
    stored = ConfigSubentryData(
        data=device, subentry_type="flexible_device", title="Battery", unique_id="battery"
    )
    entry = add_entry(hass, subentries=(stored,))
    mark_loaded(hass, entry, client)
    gone = {"inflexible_consumption": [404, SITE_POWER], "schedule_resolution": 7}
    hass.config_entries.async_update_entry(entry, options=gone)
    result = await options_form(hass, entry)

    assert offered(result, "inflexible_consumption") == [
        (str(SITE_POWER), "home: grid (MW)"),
        (str(INSTANTANEOUS_POWER), "home: meter (W)"),
    ]
    assert suggested(result) == {"inflexible_consumption": [str(SITE_POWER)]}
