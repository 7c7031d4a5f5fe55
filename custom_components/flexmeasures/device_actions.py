"""The actions on one flexible device that its entities cannot do: with an answer, a power, or an end."""

from typing import Final

from homeassistant.const import UnitOfPower
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import probatio

from .const import MODE_MANUAL, MODES
from .sentences import async_sentences
from .service_answers import local
from .service_fields import end_of, power_of, power_unit_of
from .service_targets import DEVICE, DeviceTarget, device_of, refused

_UNIT: Final = {probatio.Optional("unit", default=str(UnitOfPower.WATT)): cv.string}
_END: Final = {probatio.Optional("until"): object, probatio.Optional("duration"): object}

EXPLAIN_SCHEDULE: Final = probatio.Schema(
    {**DEVICE, probatio.Optional("unit", default=str(UnitOfPower.KILO_WATT)): cv.string}
)
OVERRIDE_SETPOINT: Final = probatio.Schema(
    {**DEVICE, probatio.Required("power"): object, **_UNIT, **_END}
)
CLEAR_OVERRIDE: Final = probatio.Schema(DEVICE)
CHOOSE_MODE: Final = probatio.Schema(
    {
        **DEVICE,
        probatio.Required("mode"): probatio.In(MODES),
        probatio.Optional("power"): object,
        **_UNIT,
        **_END,
    }
)


async def async_explain_schedule(call: ServiceCall) -> ServiceResponse:
    """Return why the device's plan in force is as it is."""
    target = device_of(call)
    unit = power_unit_of(call)
    return target.site.explanation_answer(target, unit, await async_sentences(call.hass))


async def async_override_setpoint(call: ServiceCall) -> ServiceResponse:
    """Put a power in the place of everything else: until the end that is given, else until the plan's next block."""
    target = device_of(call)
    power, end = power_of(call, "power"), end_of(call, dt_util.utcnow())
    if power is None:
        raise refused("power", "not_a_number", value="null")
    if MODE_MANUAL not in target.controller.modes:
        raise refused("power", "mode_not_offered", value=MODE_MANUAL, device=target.title)
    _check_power(target, power)
    target.controller.async_override(power, end)
    return _setpoint_answer(target)


async def async_clear_override(call: ServiceCall) -> ServiceResponse:
    """Take the power back that was put in the place of everything else."""
    target = device_of(call)
    target.controller.async_clear_override()
    return _setpoint_answer(target)


async def async_choose_mode(call: ServiceCall) -> ServiceResponse:
    """Choose what the device does instead of its schedule, and when the schedule takes over again."""
    target = device_of(call)
    wanted = call.data["mode"]
    power, end = power_of(call, "power"), end_of(call, dt_util.utcnow())
    if power is not None and wanted != MODE_MANUAL:
        raise refused("power", "power_of_manual_mode", value=wanted)
    if power is not None:
        _check_power(target, power)
    mode = next((each for each in target.controller.modes if each == wanted), None)
    if mode is None:
        raise refused("mode", "mode_not_offered", value=wanted, device=target.title)
    target.controller.async_choose_mode(mode, power, end)
    return _setpoint_answer(target)


def _check_power(target: DeviceTarget, power: float) -> None:
    """Refuse what the device cannot take: it would get less without a word."""
    limits = target.controller.limits
    if not limits.holds(power):
        raise refused(
            "power",
            "power_outside_limits",
            value=f"{power:g}",
            device=target.title,
            lowest=f"{-limits.production:g}",
            highest=f"{limits.consumption:g}",
        )


def _setpoint_answer(target: DeviceTarget) -> JsonObjectType:
    """Return what the device is to do from now on, in W, consumption positive."""
    controller = target.controller
    setpoint, override = controller.setpoint, controller.override
    return {
        "device": target.title,
        "mode": controller.mode.value,
        "power": setpoint.power,
        "source": setpoint.source.value,
        "until": local(setpoint.until),
        "override_until": local(override.until) if override else None,
        "control_status": controller.status.value,
    }
