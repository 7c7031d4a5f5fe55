"""The options of a site: with which prices it is planned."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import SelectOptionDict
import probatio

from .client import Asset, FlexMeasuresClient, FlexMeasuresError
from .const import CONF_CONSUMPTION_PRICE_SENSOR, CONF_PRODUCTION_PRICE_SENSOR, CONF_SITE_ID
from .forms import dropdown, sensor_options
from .units import is_price

if TYPE_CHECKING:
    from .data import FlexMeasuresConfigEntry

_PRICE_OPTIONS = (CONF_CONSUMPTION_PRICE_SENSOR, CONF_PRODUCTION_PRICE_SENSOR)


class FlexMeasuresOptionsFlow(OptionsFlow):
    """Asks for the price sensors of a site; without one, FlexMeasures uses what is stored there."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer every price sensor that the site may use."""
        entry: FlexMeasuresConfigEntry = self.config_entry
        if user_input is not None:
            return self.async_create_entry(data=_with_prices(entry.options, user_input))
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        try:
            options = await _price_options(entry)
        except FlexMeasuresError as error:
            return self.async_abort(
                reason="cannot_read_sensors", description_placeholders={"message": str(error)}
            )
        offered = {option["value"] for option in options}
        stored = {key: str(entry.options.get(key)) for key in _PRICE_OPTIONS}
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(
                    {probatio.Optional(key): dropdown(options) for key in _PRICE_OPTIONS}
                ),
                {key: value for key, value in stored.items() if value in offered},
            ),
        )


def _with_prices(options: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, Any]:
    """Return the options with the chosen price sensors, and without those that were not chosen."""
    others = {key: value for key, value in options.items() if key not in _PRICE_OPTIONS}
    return others | {key: int(value) for key, value in chosen.items()}


async def _price_options(entry: FlexMeasuresConfigEntry) -> list[SelectOptionDict]:
    """Return the site's and the public price sensors, named after their assets."""
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
    return sensor_options(sensors, assets)


async def _asset_if_readable(client: FlexMeasuresClient, asset_id: int) -> Asset | None:
    """Return the asset; None when it cannot be read, which costs a sensor its asset's name and nothing more."""
    try:
        return await client.get_asset(asset_id)
    except FlexMeasuresError:
        return None
