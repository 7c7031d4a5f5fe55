"""Carries planned powers out on the knobs of the simulated home, as our control room expresses them."""

from custom_components.flexmeasures.control import (
    Bounds,
    Neighbours,
    ScaledNumber,
    SetNumberOrOff,
    Setpoint,
    SetpointSource,
    SwitchedNumber,
)
from demo.custom_components.simulated_home.physics import (
    BATTERY,
    HIGHEST_CURRENT,
    LOWEST_CURRENT,
    PHASES,
    VOLTAGE,
    WATTS_PER_AMPERE,
    Charger,
)
from demo.custom_components.simulated_home.profiles import SOLAR_PEAK_POWER

from .simulated_day import House

_BATTERY = ScaledNumber.watts()
_BATTERY_BOUNDS = Bounds(-BATTERY.discharging_power, BATTERY.charging_power, 1)
_CAR = SwitchedNumber(
    ScaledNumber.amperes(VOLTAGE, PHASES), least_power=LOWEST_CURRENT * WATTS_PER_AMPERE / 2
)
_CAR_BOUNDS = Bounds(LOWEST_CURRENT, HIGHEST_CURRENT, 1)
_SOLAR = ScaledNumber.percent(SOLAR_PEAK_POWER, consumption_positive=False)
_SOLAR_BOUNDS = Bounds(0, 100, 1)
# W below the forecast: more than rounding, so curtailment is meant.
_CURTAILED = 1.0


def car_neighbours(power: float) -> Neighbours:
    """Return the powers next to one that whole amperes make, all in W."""
    return _CAR.neighbours(power, _CAR_BOUNDS)


def carry_out(
    house: House, *, battery: float, car: float, solar: float, solar_forecast: float
) -> None:
    """Turn the knobs to powers in W, consumption positive; the forecast is a production, positive.

    Panels that are not to be curtailed get no limit, for the sun may give more than was forecast.
    """
    house.battery.setpoint = _BATTERY.value(battery, _BATTERY_BOUNDS)
    _charge(house.charger, car)
    is_curtailed = -solar < solar_forecast - _CURTAILED
    house.inverter.limit = _SOLAR.value(solar, _SOLAR_BOUNDS) if is_curtailed else 100.0


def _charge(charger: Charger, power: float) -> None:
    setpoint = Setpoint(power, SetpointSource.SCHEDULE, None)
    command = _CAR.command(setpoint, power, _CAR_BOUNDS, None)
    assert isinstance(command, SetNumberOrOff)
    charger.enabled = command.value is not None
    if command.value is not None:
        charger.set_current(command.value)
