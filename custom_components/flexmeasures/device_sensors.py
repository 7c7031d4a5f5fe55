"""Which FlexMeasures sensors a flexible device may use, and for what."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.helpers.selector import SelectOptionDict

from .const import (
    CONF_ASSET,
    CONF_FORECAST_SENSOR,
    CONF_POWER_SENSOR,
    CONF_PREDICTED_ENERGY_SENSOR,
    CONF_SENSOR,
    SUBENTRY_FLEXIBLE_DEVICE,
    SUBENTRY_MEASUREMENT,
    SUBENTRY_S2_DEVICE,
)
from .device_forms import NEW_SENSOR, READ_SENSOR_FIELDS, DeviceForm
from .forms import sensor_options
from .units import is_energy, is_power

if TYPE_CHECKING:
    from .data import FlexMeasuresConfigEntry

type SensorChoices = Mapping[str, list[SelectOptionDict]]


def other_devices(entry: ConfigEntry, changed: ConfigSubentry | None) -> list[ConfigSubentry]:
    """Return the entry's flexible devices, except the one that is being changed."""
    return [
        subentry
        for subentry in entry.get_subentries_of_type(SUBENTRY_FLEXIBLE_DEVICE)
        if changed is None or subentry.subentry_id != changed.subentry_id
    ]


def sensor_choices(
    entry: FlexMeasuresConfigEntry, other_devices: Iterable[ConfigSubentry]
) -> SensorChoices:
    """Return the site's sensors that each field may take.

    A plan goes to a sensor on which it can be stored and that nothing else fills; what the server predicts, to one of
    energy; what it foresees is read from any sensor of power on which no plan is. Those of S2 devices are theirs alone.
    """
    inventory = entry.runtime_data.inventory.data
    s2_devices = entry.get_subentries_of_type(SUBENTRY_S2_DEVICE)
    assets = inventory.assets.keys() - {subentry.data[CONF_ASSET] for subentry in s2_devices}
    sensors = [each for each in inventory.sensors.values() if each.asset_id in assets]
    planned = {
        subentry.data.get(field)
        for subentry in other_devices
        for field in (CONF_POWER_SENSOR, CONF_PREDICTED_ENERGY_SENSOR)
    }
    feeds = entry.get_subentries_of_type(SUBENTRY_MEASUREMENT)
    filled = planned | {subentry.data[CONF_SENSOR] for subentry in feeds}
    powers = [each for each in sensors if is_power(each.unit) and not each.is_instantaneous]
    readable = [each for each in powers if each.id not in planned]
    choices = {
        CONF_POWER_SENSOR: [each for each in powers if each.id not in filled],
        CONF_PREDICTED_ENERGY_SENSOR: [
            each for each in sensors if is_energy(each.unit) and each.id not in filled
        ],
        **dict.fromkeys(READ_SENSOR_FIELDS, readable),
    }
    return {field: sensor_options(some, inventory.assets) for field, some in choices.items()}


def offered(field: str, choices: SensorChoices) -> set[str]:
    """Return what may be chosen in a field of a sensor."""
    new = set() if field in READ_SENSOR_FIELDS else {NEW_SENSOR}
    return {option["value"] for option in choices[field]} | new


def likely_sensors(
    entry: FlexMeasuresConfigEntry, form: DeviceForm, choices: SensorChoices
) -> dict[str, str]:
    """Return what is chosen at first: free sensors of an asset of this kind, else a new one for the plan.

    Home Assistant's page would choose the first of the list, which may be what the whole house uses.
    """
    power = _of_such_assets(entry, form, choices[CONF_POWER_SENSOR])
    if CONF_FORECAST_SENSOR not in form.required:
        return {CONF_POWER_SENSOR: next(iter(power), NEW_SENSOR)}
    # Panels with one sensor have their forecast on it; a plan needs one of its own.
    planned = power[0] if len(power) > 1 else NEW_SENSOR
    forecasts = _of_such_assets(entry, form, choices[CONF_FORECAST_SENSOR])
    forecast = next((each for each in (*power, *forecasts) if each != planned), None)
    likely = {CONF_POWER_SENSOR: planned}
    return likely if forecast is None else {**likely, CONF_FORECAST_SENSOR: forecast}


def _of_such_assets(
    entry: FlexMeasuresConfigEntry, form: DeviceForm, options: Iterable[SelectOptionDict]
) -> list[str]:
    inventory = entry.runtime_data.inventory.data
    return [
        option["value"]
        for option in options
        if inventory.assets[inventory.sensors[int(option["value"])].asset_id].type_name
        in form.asset_types
    ]
