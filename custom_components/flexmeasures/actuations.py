"""How the entity that takes a device's setpoint expresses power: from its domain, its unit and the device's settings."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import Platform, UnitOfElectricCurrent, UnitOfPower, UnitOfTemperature
from homeassistant.core import split_entity_id
from homeassistant.exceptions import HomeAssistantError

from .const import (
    CONF_FULL_POWER,
    CONF_OFF_BELOW,
    CONF_ON_FROM,
    CONF_OPTION_CHARGE,
    CONF_OPTION_DISCHARGE,
    CONF_OPTION_IDLE,
    CONF_PHASES,
    CONF_SWITCH_ENTITY,
    CONF_TEMPERATURE_AT_FULL_POWER,
    CONF_TEMPERATURE_AT_REST,
    CONF_VOLTAGE,
    DOMAIN,
)
from .control import (
    Actuation,
    LinearTemperature,
    OffsetTemperature,
    PowerLimits,
    ScaledNumber,
    Script,
    Select,
    Start,
    Switch,
    SwitchedNumber,
    Threshold,
)
from .flexible_device import DeviceKind, FlexibleDevice
from .units import convert, convertible, is_power

NUMBERS: Final = frozenset({Platform.NUMBER, "input_number"})
SWITCHES: Final = frozenset({Platform.SWITCH, "input_boolean"})
SELECTS: Final = frozenset({Platform.SELECT, "input_select"})
THERMOSTATS: Final = frozenset({Platform.CLIMATE, Platform.WATER_HEATER})
BUTTONS: Final = frozenset({Platform.BUTTON, "input_button"})
SCRIPT: Final = "script"

_PERCENT = "%"
_WATTS_PER_KILOWATT = 1000
# A process runs wherever its plan has any power: its first part may take little, and starting later would be late.
_PROCESS_RUNS_FROM = 1.0  # W
# What is planned at less than half of what it takes is off most of the time; it stops at half of that again.
_RUNS_FROM_SHARE = 0.5


def actuation_of(
    device: FlexibleDevice, entity_id: str, unit: str | None, limits: PowerLimits
) -> Actuation:
    """Return how the entity expresses the device's power.

    Args:
        device: with its settings.
        entity_id: of what takes the setpoint, as it is called now.
        unit: of its number; None where it has none.
        limits: of the device; where no full power is set, 100 % is the larger of the two.

    Raises:
        HomeAssistantError: nothing is known about how such an entity takes power, or settings are missing.
    """
    try:
        actuation = _by_domain(device, split_entity_id(entity_id)[0], unit, limits)
    except (KeyError, ValueError) as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="setpoint_entity_settings",
            translation_placeholders={
                "device": device.title,
                "entity": entity_id,
                "reason": str(error),
            },
        ) from error
    if actuation is None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="setpoint_entity_unit",
            translation_placeholders={
                "device": device.title,
                "entity": entity_id,
                "unit": unit or "",
            },
        )
    return actuation


def _by_domain(
    device: FlexibleDevice, domain: str, unit: str | None, limits: PowerLimits
) -> Actuation | None:
    settings = device.settings
    if domain in NUMBERS:
        return _number(device, unit, limits)
    if domain in THERMOSTATS:
        return _temperature(settings, limits, on_climate=True)
    if domain in SWITCHES:
        return Switch(_threshold(settings, limits), limits.consumption)
    if domain in SELECTS:
        return Select(
            threshold=_watts(settings, CONF_ON_FROM) or device.guard_rails.deadband,
            charge=settings[CONF_OPTION_CHARGE],
            idle=settings[CONF_OPTION_IDLE],
            discharge=settings.get(CONF_OPTION_DISCHARGE),
        )
    if domain == SCRIPT and device.kind is not DeviceKind.PROCESS:
        return Script()
    if domain in BUTTONS or domain == SCRIPT:
        start = _watts(settings, CONF_ON_FROM) or _PROCESS_RUNS_FROM
        return Start(Threshold(start, start))
    return None


def _number(device: FlexibleDevice, unit: str | None, limits: PowerLimits) -> Actuation | None:
    if convertible(unit, UnitOfTemperature.CELSIUS):
        return _temperature(device.settings, limits, on_climate=False)
    number = _scaled(device, unit, limits)
    if number is None or CONF_SWITCH_ENTITY not in device.settings:
        return number
    return SwitchedNumber(number, _watts(device.settings, CONF_OFF_BELOW) or 0.0)


def _scaled(device: FlexibleDevice, unit: str | None, limits: PowerLimits) -> ScaledNumber | None:
    if is_power(unit):
        return ScaledNumber(device.setpoint_sign * convert(1.0, UnitOfPower.WATT, unit))
    consumption_positive = device.setpoint_sign > 0
    if unit == _PERCENT:
        full = max(limits.consumption, limits.production)
        if CONF_FULL_POWER in device.settings:
            full = device.settings[CONF_FULL_POWER] * _WATTS_PER_KILOWATT
        return ScaledNumber.percent(full, consumption_positive=consumption_positive)
    if convertible(unit, UnitOfElectricCurrent.AMPERE):
        amperes = ScaledNumber.amperes(
            device.settings[CONF_VOLTAGE],
            int(device.settings[CONF_PHASES]),
            consumption_positive=consumption_positive,
        )
        return ScaledNumber(amperes.per_watt * convert(1.0, UnitOfElectricCurrent.AMPERE, unit))
    return None


def _temperature(
    settings: Mapping[str, Any], limits: PowerLimits, *, on_climate: bool
) -> Actuation:
    """Return two temperatures where a threshold is set between them, otherwise all in between."""
    at_rest = settings[CONF_TEMPERATURE_AT_REST]
    at_full_power = settings[CONF_TEMPERATURE_AT_FULL_POWER]
    if CONF_ON_FROM in settings:
        return OffsetTemperature(
            base=at_rest,
            offset=at_full_power - at_rest,
            threshold=_threshold(settings, limits),
            full_power=limits.consumption,
            on_climate=on_climate,
        )
    return LinearTemperature(at_rest, at_full_power, limits.consumption, on_climate)


def _threshold(settings: Mapping[str, Any], limits: PowerLimits) -> Threshold:
    on_from = _watts(settings, CONF_ON_FROM) or limits.consumption * _RUNS_FROM_SHARE
    return Threshold(on_from, _watts(settings, CONF_OFF_BELOW) or on_from * _RUNS_FROM_SHARE)


def _watts(settings: Mapping[str, Any], field: str) -> float | None:
    return settings[field] * _WATTS_PER_KILOWATT if field in settings else None
