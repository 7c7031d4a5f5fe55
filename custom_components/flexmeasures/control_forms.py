"""The forms of how a flexible device is controlled: what its setpoint entity takes, and what keeps it safe."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from homeassistant.const import (
    PERCENTAGE,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfPower,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant, State, split_entity_id
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    Selector,
)
import probatio

from .const import (
    CONF_CHARGING_POWER,
    CONF_CONDITIONS,
    CONF_DEADBAND,
    CONF_DISCHARGING_POWER,
    CONF_FULL_POWER,
    CONF_KIND,
    CONF_MINIMUM_DWELL,
    CONF_MINIMUM_OFF,
    CONF_MINIMUM_ON,
    CONF_OFF_BELOW,
    CONF_ON_FROM,
    CONF_OPTION_CHARGE,
    CONF_OPTION_DISCHARGE,
    CONF_OPTION_IDLE,
    CONF_PEAK_POWER,
    CONF_PHASES,
    CONF_PROFILE,
    CONF_SAFE_ACTION,
    CONF_SAFE_POWER,
    CONF_SETPOINT_ENTITY,
    CONF_SETPOINT_SIGN,
    CONF_SETTLE_TIME,
    CONF_SHADOW_MODE,
    CONF_SUSPENSION,
    CONF_SWITCH_ENTITY,
    CONF_TEMPERATURE_AT_FULL_POWER,
    CONF_TEMPERATURE_AT_REST,
    CONF_VOLTAGE,
    CONF_WRITES_PER_DAY,
    SETPOINT_CONSUMPTION_POSITIVE,
    SETPOINT_PRODUCTION_POSITIVE,
)
from .control import GuardRails
from .flexible_device import DeviceKind, SafeAction
from .forms import dropdown, lasting_id, number, unit_of_entity
from .units import convertible, is_power

SECTION_SAFETY: Final = "safety"
SECTION_GUARD_RAILS: Final = "guard_rails"
SETPOINT_DOMAINS = [
    "number",
    "input_number",
    "switch",
    "input_boolean",
    "select",
    "input_select",
    "climate",
    "water_heater",
    "button",
    "input_button",
    "script",
]

# The mains of most of Europe, to neutral.
_USUAL_VOLTAGE = 230
# A socket or one phase of 32 A gives up to 7.4 kW; what takes more has three.
_MOST_OF_ONE_PHASE = 7.4
# Between these shares of its power a switched device stays as it is: it would else follow every small change.
_ON_FROM_SHARE, _OFF_BELOW_SHARE = 0.5, 0.4
_SAFETY = (CONF_SAFE_ACTION, CONF_SAFE_POWER, CONF_CONDITIONS, CONF_SHADOW_MODE)
GUARD_RAIL_FIELDS: Final[Mapping[str, str | None]] = {
    CONF_SUSPENSION: UnitOfTime.MINUTES,
    CONF_DEADBAND: UnitOfPower.WATT,
    CONF_MINIMUM_DWELL: UnitOfTime.SECONDS,
    CONF_MINIMUM_ON: UnitOfTime.MINUTES,
    CONF_MINIMUM_OFF: UnitOfTime.MINUTES,
    CONF_WRITES_PER_DAY: None,
    CONF_SETTLE_TIME: UnitOfTime.SECONDS,
}


class Takes(StrEnum):
    """What a setpoint entity takes."""

    POWER = "power"
    CURRENT = "current"
    PERCENTAGE = "percentage"
    TEMPERATURE = "temperature"
    SWITCH = "switch"
    OPTION = "option"
    START = "start"
    SCRIPT = "script"

    @classmethod
    def of(cls, hass: HomeAssistant, entity_id: str) -> Takes | None:
        """Return what the entity takes; None for a number in another unit, or without one."""
        match split_entity_id(entity_id)[0]:
            case "switch" | "input_boolean":
                return cls.SWITCH
            case "select" | "input_select":
                return cls.OPTION
            case "climate" | "water_heater":
                return cls.TEMPERATURE
            case "button" | "input_button":
                return cls.START
            case "script":
                return cls.SCRIPT
        unit = unit_of_entity(hass, entity_id)
        if is_power(unit):
            return cls.POWER
        if convertible(unit, UnitOfElectricCurrent.AMPERE):
            return cls.CURRENT
        if unit == PERCENTAGE:
            return cls.PERCENTAGE
        return cls.TEMPERATURE if convertible(unit, UnitOfTemperature.CELSIUS) else None


_FIELDS: Final[Mapping[Takes, tuple[str, ...]]] = {
    Takes.POWER: (CONF_SETPOINT_SIGN, CONF_SWITCH_ENTITY),
    Takes.CURRENT: (CONF_PHASES, CONF_VOLTAGE, CONF_SETPOINT_SIGN, CONF_SWITCH_ENTITY),
    Takes.PERCENTAGE: (CONF_FULL_POWER, CONF_SETPOINT_SIGN, CONF_SWITCH_ENTITY),
    Takes.TEMPERATURE: (
        CONF_TEMPERATURE_AT_REST,
        CONF_TEMPERATURE_AT_FULL_POWER,
        CONF_ON_FROM,
        CONF_OFF_BELOW,
    ),
    Takes.SWITCH: (CONF_ON_FROM, CONF_OFF_BELOW),
    Takes.OPTION: (CONF_OPTION_CHARGE, CONF_OPTION_IDLE, CONF_OPTION_DISCHARGE, CONF_ON_FROM),
    Takes.START: (),
    Takes.SCRIPT: (),
}
_OPTIONAL = {
    Takes.POWER: (CONF_SWITCH_ENTITY,),
    Takes.CURRENT: (CONF_SWITCH_ENTITY,),
    Takes.PERCENTAGE: (CONF_SWITCH_ENTITY,),
    Takes.TEMPERATURE: (CONF_ON_FROM, CONF_OFF_BELOW),
    Takes.OPTION: (CONF_OPTION_DISCHARGE,),
}
CONTROL_FIELDS = frozenset(
    {CONF_SETPOINT_ENTITY, *_SAFETY, *GUARD_RAIL_FIELDS}.union(*_FIELDS.values())
)


def details_schema(hass: HomeAssistant, entity_id: str, takes: Takes) -> probatio.Schema:
    """Return the form of how the entity is told a setpoint, and of what keeps the device safe."""
    optional = _OPTIONAL.get(takes, ())
    fields: dict[probatio.Marker, Any] = {
        probatio.Optional(name) if name in optional else probatio.Required(name): _selector(
            hass, entity_id, name
        )
        for name in _FIELDS[takes]
    }
    safety: dict[probatio.Marker, Selector[Any]] = {
        probatio.Required(CONF_SAFE_ACTION): dropdown(_plain(SafeAction), "safe_action"),
        probatio.Optional(CONF_SAFE_POWER): number(UnitOfPower.KILO_WATT),
        probatio.Optional(CONF_CONDITIONS): EntitySelector(
            EntitySelectorConfig(
                domain=["binary_sensor", "input_boolean", "switch", "schedule"], multiple=True
            )
        ),
        probatio.Optional(CONF_SHADOW_MODE): BooleanSelector(),
    }
    rails: dict[probatio.Marker, Selector[Any]] = {
        probatio.Optional(name): number(unit) for name, unit in GUARD_RAIL_FIELDS.items()
    }
    for name, part in ((SECTION_SAFETY, safety), (SECTION_GUARD_RAILS, rails)):
        fields[probatio.Required(name)] = section(probatio.Schema(part), {"collapsed": True})
    return probatio.Schema(fields)


def _selector(hass: HomeAssistant, entity_id: str, name: str) -> Selector[Any]:
    match name:
        case "setpoint_sign":
            signs = (SETPOINT_CONSUMPTION_POSITIVE, SETPOINT_PRODUCTION_POSITIVE)
            return dropdown(_plain(signs), "setpoint_sign")
        case "switch_entity":
            return EntitySelector(EntitySelectorConfig(domain=["switch", "input_boolean"]))
        case "phases":
            return dropdown(_plain(("1", "2", "3")), "phases")
        case "voltage":
            return number(UnitOfElectricPotential.VOLT)
        case "option_charge" | "option_idle" | "option_discharge":
            return dropdown(_plain(_options_of(hass, entity_id)))
        case "temperature_at_rest" | "temperature_at_full_power":
            return number(_temperature_unit(hass, entity_id))
        case _:
            return number(UnitOfPower.KILO_WATT)


def _plain(values: tuple[str, ...] | type[SafeAction] | list[str]) -> list[SelectOptionDict]:
    return [SelectOptionDict(value=value, label=value) for value in values]


def _options_of(hass: HomeAssistant, entity_id: str) -> list[str]:
    state = hass.states.get(entity_id)
    registered = er.async_get(hass).async_get(entity_id)
    options = state.attributes.get("options") if state else None
    if options is None and registered and registered.capabilities:
        options = registered.capabilities.get("options")
    return list(options or ())


def _temperature_unit(hass: HomeAssistant, entity_id: str) -> str:
    return unit_of_entity(hass, entity_id) or hass.config.units.temperature_unit


def suggested_details(
    hass: HomeAssistant, device: Mapping[str, Any], entity_id: str
) -> dict[str, Any]:
    """Return what most such devices need, for a form that shows it before anything is stored."""
    usual = GuardRails()
    power = most_power(device)
    safe_action, safe_power = _safe(device)
    suggested = {
        CONF_SAFE_ACTION: str(safe_action),
        CONF_SAFE_POWER: safe_power,
        CONF_SHADOW_MODE: False,
        CONF_DEADBAND: usual.deadband,
        CONF_MINIMUM_DWELL: usual.minimum_dwell.total_seconds(),
        CONF_MINIMUM_ON: usual.minimum_on.total_seconds() / 60,
        CONF_MINIMUM_OFF: usual.minimum_off.total_seconds() / 60,
        CONF_WRITES_PER_DAY: usual.writes_per_day,
        CONF_SETTLE_TIME: usual.settle_time.total_seconds(),
        CONF_SETPOINT_SIGN: SETPOINT_CONSUMPTION_POSITIVE,
        CONF_VOLTAGE: _USUAL_VOLTAGE,
        **_options_by_name(_options_of(hass, entity_id)),
        **_temperatures(hass.states.get(entity_id)),
    }
    if power is not None:
        suggested[CONF_FULL_POWER] = power
        suggested[CONF_PHASES] = "3" if power > _MOST_OF_ONE_PHASE else "1"
        # The temperature on a number may be in between; a thermostat's only makes its device run or not.
        if split_entity_id(entity_id)[0] not in {"number", "input_number"}:
            suggested[CONF_ON_FROM] = round(power * _ON_FROM_SHARE, 3)
            suggested[CONF_OFF_BELOW] = round(power * _OFF_BELOW_SHARE, 3)
    return suggested


def most_power(device: Mapping[str, Any]) -> float | None:
    """Return the most power in kW that the device takes or gives; None while only an entity tells it."""
    if CONF_PROFILE in device:
        return float(max(device[CONF_PROFILE]))
    powers = [
        device[name]
        for name in (CONF_CHARGING_POWER, CONF_DISCHARGING_POWER, CONF_PEAK_POWER)
        if isinstance(device.get(name), float | int)
    ]
    return float(max(powers)) if powers and max(powers) > 0 else None


def _safe(device: Mapping[str, Any]) -> tuple[SafeAction, float]:
    """Return what is safe for the kind: a battery rests, the sun shines on, and heat and cars go on as without us."""
    match DeviceKind(device[CONF_KIND]):
        case DeviceKind.BATTERY:
            return SafeAction.FIXED, 0.0
        case DeviceKind.SOLAR:
            return SafeAction.FIXED, -device[CONF_PEAK_POWER]
        case DeviceKind.PROCESS:
            return SafeAction.LEAVE, 0.0
        case _:
            return SafeAction.RESTORE, 0.0


def _options_by_name(options: list[str]) -> dict[str, str]:
    """Return the options whose names tell what they do, in the words that most inverters use."""
    words = {
        CONF_OPTION_DISCHARGE: ("discharg", "export", "feed"),
        CONF_OPTION_CHARGE: ("charg", "import", "boost", "forced"),
        CONF_OPTION_IDLE: ("idle", "stop", "standby", "pause", "auto", "normal", "self"),
    }
    found: dict[str, str] = {}
    for name, parts in words.items():
        for option in options:
            fits = any(part in option.lower() for part in parts)
            if fits and name not in found and option not in found.values():
                found[name] = option
    return found


def _temperatures(state: State | None) -> dict[str, float]:
    """Return what is set now as the temperature at rest, and the highest that the entity takes for full power."""
    if state is None:
        return {}
    domain = split_entity_id(state.entity_id)[0]
    if domain in {"climate", "water_heater"}:
        rest, highest = state.attributes.get("temperature"), state.attributes.get("max_temp")
        limits = {CONF_TEMPERATURE_AT_REST: rest, CONF_TEMPERATURE_AT_FULL_POWER: highest}
        return {name: value for name, value in limits.items() if isinstance(value, float | int)}
    return {}


def shown_control(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored data as the forms of control show them: what no longer exists is left out."""
    registry = er.async_get(hass)
    shown = {name: value for name, value in data.items() if name in CONTROL_FIELDS}
    for name in (CONF_SETPOINT_ENTITY, CONF_SWITCH_ENTITY):
        if name in shown:
            shown[name] = er.async_resolve_entity_id(registry, shown[name])
    if CONF_CONDITIONS in shown:
        found = (er.async_resolve_entity_id(registry, each) for each in shown[CONF_CONDITIONS])
        shown[CONF_CONDITIONS] = [entity_id for entity_id in found if entity_id]
    if CONF_PHASES in shown:
        shown[CONF_PHASES] = str(shown[CONF_PHASES])
    return {name: value for name, value in shown.items() if value is not None}


def stored_control(hass: HomeAssistant, entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered as it is stored."""
    data = dict(entered)
    for name in (CONF_SETPOINT_ENTITY, CONF_SWITCH_ENTITY):
        if name in data:
            data[name] = lasting_id(hass, data[name])
    if CONF_CONDITIONS in data:
        data[CONF_CONDITIONS] = [lasting_id(hass, each) for each in data[CONF_CONDITIONS]]
    if CONF_PHASES in data:
        data[CONF_PHASES] = int(data[CONF_PHASES])
    return data
