"""The options of a site: with which prices and limits it is planned, and how far and how often."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
import re
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.const import UnitOfEnergy, UnitOfPower, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import probatio

from .client import Asset, FlexMeasuresClient, FlexMeasuresError, Sensor
from .const import (
    CONF_CONSUMPTION_PRICE_SENSOR,
    CONF_CURRENCY,
    CONF_GAS_PRICE,
    CONF_HORIZON,
    CONF_INFLEXIBLE_CONSUMPTION,
    CONF_INFLEXIBLE_PRODUCTION,
    CONF_PERIOD,
    CONF_POWER_SENSOR,
    CONF_PRODUCTION_PRICE_SENSOR,
    CONF_RELAX_CONSTRAINTS,
    CONF_SCHEDULE_RESOLUTION,
    CONF_SITE_ID,
    SUBENTRY_FLEXIBLE_DEVICE,
)
from .forms import (
    FormError,
    async_form_texts,
    dropdown,
    flat,
    nested,
    number,
    sensor_options,
)
from .scheduling import FlexModelError
from .site_options import (
    CAPACITIES,
    FIXED_PRICES,
    INFLEXIBLE_SENSORS,
    LONGEST_HORIZON,
    LONGEST_PERIOD,
    PRICE_SENSORS,
    PRICES_PER_ENERGY,
    PRICES_PER_POWER,
    SHORTEST_HORIZON,
    SHORTEST_PERIOD,
    checked_flex_context,
)
from .units import currency_of, is_power, is_price

if TYPE_CHECKING:
    from .data import FlexMeasuresConfigEntry

_STEP: Final = "options.step.init"
_SOFT, _HARD = "soft", "hard"
# Minutes; the steps that electricity is traded in, and those that people's meters have.
_RESOLUTIONS = ("5", "15", "30", "60")
_LIMITS: Final[Mapping[str, tuple[timedelta, timedelta, timedelta]]] = {
    CONF_HORIZON: (SHORTEST_HORIZON, LONGEST_HORIZON, timedelta(hours=1)),
    CONF_PERIOD: (SHORTEST_PERIOD, LONGEST_PERIOD, timedelta(minutes=1)),
}
# Where the flex-context has another word for an option.
_FIELDS: Final[Mapping[str, str]] = {
    "consumption_price": CONF_CONSUMPTION_PRICE_SENSOR,
    "production_price": CONF_PRODUCTION_PRICE_SENSOR,
}
_FIXED_PRICE = re.compile(r"[-\d.e]+\s*(?P<unit>\D+)")


class FlexMeasuresOptionsFlow(OptionsFlow):
    """Asks for what surrounds the devices of a site; what is left empty is as stored in FlexMeasures."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer every option."""
        entry: FlexMeasuresConfigEntry = self.config_entry
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        try:
            prices, assets = await _async_price_sensors(entry)
        except FlexMeasuresError as error:
            return self.async_abort(
                reason="cannot_read_sensors", description_placeholders={"message": str(error)}
            )
        shown = _shown(entry.options)
        currency = self._currency(prices, entry.options)
        schema = _schema(sensor_options(prices, assets), _inflexible_options(entry), currency)
        problems: list[FormError] = []
        if user_input is not None:
            shown = flat(schema, user_input)
            options = _stored(shown, self._currency(prices, _stored(shown, "")))
            problems = list(_problems(options, prices))
            if not problems:
                return self.async_create_entry(data=_others(entry.options) | options)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                schema, nested(schema, _only_offered(schema, shown))
            ),
            **await async_form_texts(self.hass, _STEP, schema, *problems),
        )

    def _currency(self, prices: list[Sensor], options: Mapping[str, Any]) -> str:
        """Return in which currency this site's prices are: that of its price of consumption, else Home Assistant's."""
        units: dict[object, str] = {sensor.id: sensor.unit for sensor in prices}
        stored = self.config_entry.runtime_data.inventory.data.site.flex_context.get(
            "consumption-price"
        )
        if isinstance(stored, dict):
            unit = units.get(stored.get("sensor"))
        else:
            fixed = _FIXED_PRICE.fullmatch(str(stored))
            unit = fixed["unit"] if fixed else None
        chosen = units.get(options.get(CONF_CONSUMPTION_PRICE_SENSOR))
        return currency_of(chosen) or currency_of(unit) or self.hass.config.currency


def _schema(
    prices: list[SelectOptionDict], inflexible: list[SelectOptionDict], currency: str
) -> probatio.Schema:
    """Return the form; its sections are closed, since the site in FlexMeasures often says it all."""
    several = SelectSelector(
        SelectSelectorConfig(options=inflexible, multiple=True, mode=SelectSelectorMode.DROPDOWN)
    )
    per_power = number(f"{currency}/{UnitOfPower.KILO_WATT}")
    per_energy = number(f"{currency}/{UnitOfEnergy.KILO_WATT_HOUR}")
    sections: dict[str, dict[str, Any]] = {
        "limits": dict.fromkeys(CAPACITIES, number(UnitOfPower.KILO_WATT)),
        "inflexible": dict.fromkeys(INFLEXIBLE_SENSORS, several),
        "breaking": {
            CONF_RELAX_CONSTRAINTS: dropdown(_plain((_SOFT, _HARD)), "relax_constraints"),
            **dict.fromkeys(PRICES_PER_POWER, per_power),
            **dict.fromkeys(PRICES_PER_ENERGY, per_energy),
        },
        "timing": {
            CONF_HORIZON: number(UnitOfTime.HOURS),
            CONF_PERIOD: number(UnitOfTime.MINUTES),
            CONF_SCHEDULE_RESOLUTION: dropdown(_plain(_RESOLUTIONS), "schedule_resolution"),
        },
    }
    schema: dict[probatio.Marker, Any] = {
        probatio.Optional(key): dropdown(prices) for key in PRICE_SENSORS
    }
    schema[probatio.Optional(CONF_GAS_PRICE)] = per_energy
    for name, fields in sections.items():
        part = probatio.Schema({probatio.Optional(key): each for key, each in fields.items()})
        schema[probatio.Optional(name)] = section(part, {"collapsed": True})
    return probatio.Schema(schema)


def _plain(values: tuple[str, ...]) -> list[SelectOptionDict]:
    return [SelectOptionDict(value=value, label=value) for value in values]


def _only_offered(schema: probatio.Schema, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the lists of the form still offer; the form could else not be sent, for a reason that nobody sees."""
    fields = dict(schema.schema)
    for part in schema.schema.values():
        if isinstance(part, section):
            fields |= part.schema.schema
    offered = {
        str(key): {
            option if isinstance(option, str) else option["value"]
            for option in each.config["options"]
        }
        for key, each in fields.items()
        if isinstance(each, SelectSelector)
    }
    kept: dict[str, Any] = {}
    for key, value in shown.items():
        if isinstance(value, list):
            kept[key] = [each for each in value if each in offered[key]]
        elif key not in offered or value in offered[key]:
            kept[key] = value
    return kept


def _shown(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored options as the form shows them."""
    shown = {key: options[key] for key in (*CAPACITIES, *FIXED_PRICES, *_LIMITS) if key in options}
    for key in (*PRICE_SENSORS, CONF_SCHEDULE_RESOLUTION):
        if key in options:
            shown[key] = str(options[key])
    for key in INFLEXIBLE_SENSORS:
        if key in options:
            shown[key] = [str(sensor) for sensor in options[key]]
    if CONF_RELAX_CONSTRAINTS in options:
        shown[CONF_RELAX_CONSTRAINTS] = _SOFT if options[CONF_RELAX_CONSTRAINTS] else _HARD
    return shown


def _stored(shown: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return what was entered as it is stored."""
    options = dict(shown)
    for key in (*PRICE_SENSORS, CONF_SCHEDULE_RESOLUTION):
        if key in shown:
            options[key] = int(shown[key])
    for key in INFLEXIBLE_SENSORS:
        if sensors := options.pop(key, []):
            options[key] = [int(sensor) for sensor in sensors]
    if CONF_RELAX_CONSTRAINTS in shown:
        options[CONF_RELAX_CONSTRAINTS] = shown[CONF_RELAX_CONSTRAINTS] == _SOFT
    if any(key in shown for key in FIXED_PRICES):
        options[CONF_CURRENCY] = currency
    return options


def _others(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that this form does not ask for."""
    asked = {
        *PRICE_SENSORS,
        *CAPACITIES,
        *INFLEXIBLE_SENSORS,
        *FIXED_PRICES,
        *_LIMITS,
        CONF_CURRENCY,
        CONF_RELAX_CONSTRAINTS,
        CONF_SCHEDULE_RESOLUTION,
    }
    return {key: value for key, value in options.items() if key not in asked}


def _problems(options: Mapping[str, Any], prices: list[Sensor]) -> Iterator[FormError]:
    """Yield everything that makes no sense, at most one problem per field."""
    currencies = {sensor.id: currency_of(sensor.unit) or "" for sensor in prices}
    try:
        checked_flex_context(options, currencies)
    except FlexModelError as error:
        yield FormError(_FIELDS.get(error.field, error.field), error.problem)
    in_both = set(options.get(CONF_INFLEXIBLE_CONSUMPTION, ())) & set(
        options.get(CONF_INFLEXIBLE_PRODUCTION, ())
    )
    if in_both:
        yield FormError(CONF_INFLEXIBLE_PRODUCTION, "in_both_lists")
    for key, (least, most, unit) in _LIMITS.items():
        if key in options and not least / unit <= options[key] <= most / unit:
            yield FormError(key, "outside", minimum=f"{least / unit:g}", maximum=f"{most / unit:g}")


def _inflexible_options(entry: FlexMeasuresConfigEntry) -> list[SelectOptionDict]:
    """Return the site's power sensors, without those that plans go to."""
    inventory = entry.runtime_data.inventory.data
    planned = {
        subentry.data[CONF_POWER_SENSOR]
        for subentry in entry.get_subentries_of_type(SUBENTRY_FLEXIBLE_DEVICE)
    }
    return sensor_options(
        (
            sensor
            for sensor in inventory.sensors.values()
            if sensor.asset_id in inventory.assets
            and is_power(sensor.unit)
            and sensor.id not in planned
        ),
        inventory.assets,
    )


async def _async_price_sensors(
    entry: FlexMeasuresConfigEntry,
) -> tuple[list[Sensor], dict[int, Asset]]:
    """Return the site's and the public price sensors, and the assets that name them."""
    client = entry.runtime_data.connection.client
    assets = dict(entry.runtime_data.inventory.data.assets)
    sensors = [
        sensor
        for sensor in await client.get_sensors(
            asset_id=entry.data[CONF_SITE_ID], include_public=True
        )
        if is_price(sensor.unit)
    ]
    unnamed = {sensor.asset_id for sensor in sensors} - assets.keys()
    for asset in await asyncio.gather(*(_asset_if_readable(client, id_) for id_ in unnamed)):
        if asset is not None:
            assets[asset.id] = asset
    return sensors, assets


async def _asset_if_readable(client: FlexMeasuresClient, asset_id: int) -> Asset | None:
    """Return the asset; None when it cannot be read, which costs a sensor its asset's name and nothing more."""
    try:
        return await client.get_asset(asset_id)
    except FlexMeasuresError:
        return None
