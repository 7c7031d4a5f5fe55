"""The forms of the kinds of flexible devices: their fields, what they suggest, and how it is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.const import (
    PERCENTAGE,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfTemperature,
    UnitOfTime,
    UnitOfVolume,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    ObjectSelector,
    SelectOptionDict,
    Selector,
    TextSelector,
)
import probatio

from .const import (
    CONF_CALENDAR_ENTITY,
    CONF_CAPACITY,
    CONF_CHARGING_EFFICIENCY,
    CONF_CHARGING_POWER,
    CONF_COEFFICIENT_OF_PERFORMANCE,
    CONF_DISCHARGING_EFFICIENCY,
    CONF_DISCHARGING_POWER,
    CONF_EMPTY_TEMPERATURE,
    CONF_FLEX_MODEL,
    CONF_FORECAST_SENSOR,
    CONF_FULL_TEMPERATURE,
    CONF_GAIN,
    CONF_GAIN_SENSOR,
    CONF_HEAT_USAGE,
    CONF_INTERRUPTIBLE,
    CONF_KIND,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_OPERATION_MODES,
    CONF_PEAK_POWER,
    CONF_PLUGGED_IN_ENTITY,
    CONF_POWER_SENSOR,
    CONF_PREDICTED_ENERGY_SENSOR,
    CONF_PREFER_CHARGING_SOONER,
    CONF_PROFILE,
    CONF_PROFILE_PART,
    CONF_READY_ENTITY,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_STANDBY_LOSS,
    CONF_STATE_OF_CHARGE_AGE,
    CONF_STATE_OF_CHARGE_ENTITY,
    CONF_TANK_VOLUME,
    CONF_USAGE,
    CONF_USAGE_SENSOR,
)
from .flexible_device import ENTITY_FIELDS, VALUE_FIELDS, DeviceKind
from .forms import ValueSelector, dropdown, lasting_id, number
from .power_texts import powers_of, powers_text, ranges_of, ranges_text

NEW_SENSOR: Final = "new"
SECTION_MORE: Final = "more"
SECTION_ADVANCED: Final = "advanced"
# What the server only reads has to be there already; the others may be created.
READ_SENSOR_FIELDS = (CONF_FORECAST_SENSOR, CONF_USAGE_SENSOR, CONF_GAIN_SENSOR)
SENSOR_FIELDS = (CONF_POWER_SENSOR, CONF_PREDICTED_ENERGY_SENSOR, *READ_SENSOR_FIELDS)

UNITS: Final[Mapping[str, str | None]] = {
    CONF_CAPACITY: UnitOfEnergy.KILO_WATT_HOUR,
    CONF_CHARGING_EFFICIENCY: PERCENTAGE,
    CONF_CHARGING_POWER: UnitOfPower.KILO_WATT,
    CONF_COEFFICIENT_OF_PERFORMANCE: None,
    CONF_DISCHARGING_EFFICIENCY: PERCENTAGE,
    CONF_DISCHARGING_POWER: UnitOfPower.KILO_WATT,
    CONF_EMPTY_TEMPERATURE: UnitOfTemperature.CELSIUS,
    CONF_FULL_TEMPERATURE: UnitOfTemperature.CELSIUS,
    CONF_GAIN: UnitOfPower.KILO_WATT,
    CONF_HEAT_USAGE: UnitOfPower.KILO_WATT,
    CONF_MAXIMUM_STATE_OF_CHARGE: PERCENTAGE,
    CONF_MINIMUM_STATE_OF_CHARGE: PERCENTAGE,
    CONF_PEAK_POWER: UnitOfPower.KILO_WATT,
    CONF_PROFILE_PART: UnitOfTime.MINUTES,
    CONF_ROUNDTRIP_EFFICIENCY: PERCENTAGE,
    CONF_STANDBY_LOSS: PERCENTAGE,
    CONF_STATE_OF_CHARGE_AGE: UnitOfTime.MINUTES,
    CONF_TANK_VOLUME: UnitOfVolume.LITERS,
    CONF_USAGE: UnitOfPower.KILO_WATT,
}
_DOMAINS: Final[Mapping[str, list[str]]] = {
    CONF_CALENDAR_ENTITY: ["calendar"],
    CONF_PLUGGED_IN_ENTITY: ["binary_sensor", "input_boolean"],
    CONF_READY_ENTITY: ["binary_sensor", "input_boolean"],
    CONF_STATE_OF_CHARGE_ENTITY: ["sensor", "number", "input_number"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceForm:
    """What is asked for one kind of device.

    Attributes:
        asset_types: of a new asset in FlexMeasures: of what only consumes, and of what can give back too.
        required, optional: fields in the order in which they are shown, required ones first.
        more, advanced: optional fields of collapsed sections.
        suggested: what is filled in already.
    """

    kind: DeviceKind
    asset_types: tuple[str, str]
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    advanced: tuple[str, ...] = ()
    suggested: Mapping[str, float | bool] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        """Return all fields."""
        return (*self.required, *self.optional, *self.more, *self.advanced)


_BAND = (CONF_MINIMUM_STATE_OF_CHARGE, CONF_MAXIMUM_STATE_OF_CHARGE)
_STORAGE = (CONF_POWER_SENSOR, CONF_STATE_OF_CHARGE_ENTITY)
_BATTERY = (
    *_STORAGE,
    CONF_CAPACITY,
    *_BAND,
    CONF_CHARGING_POWER,
    CONF_DISCHARGING_POWER,
)
_ONE_WAY_EFFICIENCIES = (CONF_CHARGING_EFFICIENCY, CONF_DISCHARGING_EFFICIENCY)
# One of them is needed.
EFFICIENCIES = (CONF_ROUNDTRIP_EFFICIENCY, *_ONE_WAY_EFFICIENCIES)
_CHOICES = (CONF_OPERATION_MODES, CONF_PREFER_CHARGING_SOONER)
_PREDICTION = (CONF_STATE_OF_CHARGE_AGE, CONF_PREDICTED_ENERGY_SENSOR)
_HEAT = (CONF_CHARGING_POWER, CONF_COEFFICIENT_OF_PERFORMANCE, CONF_HEAT_USAGE, CONF_STANDBY_LOSS)
_HEAT_ADVANCED = (CONF_USAGE_SENSOR, CONF_GAIN, CONF_GAIN_SENSOR, *_CHOICES)
# A heating rod makes as much heat as it takes; a boiler loses about a percent of its heat an hour.
_HEAT_SUGGESTED = {
    CONF_COEFFICIENT_OF_PERFORMANCE: 1,
    CONF_HEAT_USAGE: 0,
    CONF_MAXIMUM_STATE_OF_CHARGE: 100,
    CONF_MINIMUM_STATE_OF_CHARGE: 0,
    CONF_STANDBY_LOSS: 1,
}

DEVICE_FORMS: Final[Mapping[str, DeviceForm]] = {
    "battery": DeviceForm(
        kind=DeviceKind.BATTERY,
        asset_types=("battery", "battery"),
        required=_BATTERY,
        optional=(CONF_ROUNDTRIP_EFFICIENCY,),
        more=(CONF_STANDBY_LOSS, *_PREDICTION),
        advanced=(
            *_ONE_WAY_EFFICIENCIES,
            CONF_USAGE,
            CONF_USAGE_SENSOR,
            CONF_GAIN,
            CONF_GAIN_SENSOR,
            *_CHOICES,
        ),
        # Most home batteries keep a few percent to protect themselves and lose about a tenth of what they store.
        suggested={
            CONF_MINIMUM_STATE_OF_CHARGE: 5,
            CONF_MAXIMUM_STATE_OF_CHARGE: 100,
            CONF_ROUNDTRIP_EFFICIENCY: 90,
        },
    ),
    "ev_charger": DeviceForm(
        kind=DeviceKind.EV_CHARGER,
        asset_types=("one-way_evse", "two-way_evse"),
        required=_BATTERY,
        optional=(CONF_ROUNDTRIP_EFFICIENCY, CONF_PLUGGED_IN_ENTITY, CONF_CALENDAR_ENTITY),
        more=_PREDICTION,
        advanced=(*_ONE_WAY_EFFICIENCIES, *_CHOICES),
        # Few chargers work both ways; most cars with theirs lose about a tenth.
        suggested={
            CONF_MINIMUM_STATE_OF_CHARGE: 0,
            CONF_MAXIMUM_STATE_OF_CHARGE: 100,
            CONF_DISCHARGING_POWER: 0,
            CONF_ROUNDTRIP_EFFICIENCY: 90,
        },
    ),
    "heat_buffer": DeviceForm(
        kind=DeviceKind.HEAT_BUFFER,
        asset_types=("heat-storage", "heat-storage"),
        required=(*_STORAGE, CONF_CAPACITY, *_BAND, *_HEAT),
        more=_PREDICTION,
        advanced=_HEAT_ADVANCED,
        suggested=_HEAT_SUGGESTED,
    ),
    "water_tank": DeviceForm(
        kind=DeviceKind.HEAT_BUFFER,
        asset_types=("heat-storage", "heat-storage"),
        required=(
            *_STORAGE,
            CONF_TANK_VOLUME,
            CONF_EMPTY_TEMPERATURE,
            CONF_FULL_TEMPERATURE,
            *_BAND,
            *_HEAT,
        ),
        more=_PREDICTION,
        advanced=_HEAT_ADVANCED,
        # Cold water comes at about 10 °C, below all that is measured in a tank; most boilers stop at 60 °C.
        suggested={
            **_HEAT_SUGGESTED,
            CONF_EMPTY_TEMPERATURE: 10,
            CONF_FULL_TEMPERATURE: 60,
        },
    ),
    "solar": DeviceForm(
        kind=DeviceKind.SOLAR,
        asset_types=("solar", "solar"),
        required=(CONF_POWER_SENSOR, CONF_FORECAST_SENSOR, CONF_PEAK_POWER),
    ),
    "process": DeviceForm(
        kind=DeviceKind.PROCESS,
        asset_types=("process", "process"),
        required=(CONF_POWER_SENSOR, CONF_PROFILE, CONF_PROFILE_PART, CONF_INTERRUPTIBLE),
        optional=(CONF_READY_ENTITY,),
        suggested={CONF_PROFILE_PART: 15, CONF_INTERRUPTIBLE: False},
    ),
    "generic": DeviceForm(
        kind=DeviceKind.GENERIC,
        asset_types=("process", "battery"),
        required=(
            CONF_POWER_SENSOR,
            CONF_FLEX_MODEL,
            CONF_CHARGING_POWER,
            CONF_DISCHARGING_POWER,
        ),
        optional=(CONF_STATE_OF_CHARGE_ENTITY, CONF_CAPACITY, CONF_STATE_OF_CHARGE_AGE),
        suggested={CONF_DISCHARGING_POWER: 0},
    ),
}
DEVICE_FIELDS = frozenset(name for form in DEVICE_FORMS.values() for name in form.fields)


def form_of(data: Mapping[str, Any]) -> str:
    """Return the name of the form that a stored device was asked with."""
    if CONF_TANK_VOLUME in data:
        return "water_tank"
    return str(data[CONF_KIND])


def device_schema(
    form: DeviceForm,
    shown: Mapping[str, Any],
    sensors: Mapping[str, list[SelectOptionDict]],
) -> probatio.Schema:
    """Return the form of a kind of device.

    Args:
        form: what is asked.
        shown: what will be filled in.
        sensors: which FlexMeasures sensors each field may take.
    """

    def selectors(names: Iterable[str]) -> dict[str, Selector[Any]]:
        return {name: _selector(name, shown.get(name), sensors.get(name, [])) for name in names}

    schema: dict[probatio.Marker, Any] = {
        **{probatio.Required(name): each for name, each in selectors(form.required).items()},
        **{probatio.Optional(name): each for name, each in selectors(form.optional).items()},
    }
    for part, names in ((SECTION_MORE, form.more), (SECTION_ADVANCED, form.advanced)):
        if names:
            inside = {_optional(name): each for name, each in selectors(names).items()}
            schema[probatio.Optional(part)] = section(probatio.Schema(inside), {"collapsed": True})
    return probatio.Schema(schema)


def _optional(name: str) -> probatio.Marker:
    """Return the marker of a field that may stay empty; a box to tick is never empty."""
    if name == CONF_PREFER_CHARGING_SOONER:
        return probatio.Optional(name, default=True)
    return probatio.Optional(name)


def _selector(
    name: str, shown: float | str | None, sensors: list[SelectOptionDict]
) -> Selector[Any]:
    if name in VALUE_FIELDS:
        return ValueSelector(UNITS[name], shown)
    if name in UNITS:
        return number(UNITS[name])
    if name in _DOMAINS:
        return EntitySelector(EntitySelectorConfig(domain=_DOMAINS[name]))
    if name in READ_SENSOR_FIELDS:
        return dropdown(sensors)
    match name:
        case "power_sensor" | "predicted_energy_sensor":
            new = SelectOptionDict(value=NEW_SENSOR, label=NEW_SENSOR)
            return dropdown([*sensors, new], "power_sensor")
        case "interruptible" | "prefer_charging_sooner":
            return BooleanSelector()
        case "flex_model":
            return ObjectSelector()
        case _:
            return TextSelector()


def shown_device(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored data as a form shows them: what no longer exists is left out."""
    shown = {name: value for name, value in data.items() if name in DEVICE_FIELDS}
    registry = er.async_get(hass)
    for name, value in data.items():
        if name in SENSOR_FIELDS:
            shown[name] = str(value)
        elif name in ENTITY_FIELDS or (name in VALUE_FIELDS and isinstance(value, str)):
            shown[name] = er.async_resolve_entity_id(registry, value)
        elif name == CONF_PROFILE:
            shown[name] = powers_text(value)
        elif name == CONF_OPERATION_MODES:
            shown[name] = ranges_text(value)
    return {name: value for name, value in shown.items() if value is not None}


def stored_device(
    hass: HomeAssistant, form: DeviceForm, entered: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what was entered as it is stored; new sensors are not created yet and left out.

    Raises:
        ProfileError: the profile is no list of numbers.
        PowerRangesError: the operation modes are no list of ranges.
    """
    data: dict[str, Any] = {**entered, CONF_KIND: str(form.kind)}
    for name, value in entered.items():
        if name in SENSOR_FIELDS:
            if value == NEW_SENSOR:
                del data[name]
            else:
                data[name] = int(value)
        elif name in ENTITY_FIELDS or (name in VALUE_FIELDS and isinstance(value, str)):
            data[name] = lasting_id(hass, value)
        elif name == CONF_PROFILE:
            data[name] = powers_of(value)
        elif name == CONF_OPERATION_MODES:
            data[name] = ranges_of(value)
    return data
