"""From a schedule to one safe setpoint. Knows neither HTTP nor Home Assistant; time is passed in."""

from .setpoint import SAFE_POWER, PowerLimits, Setpoint, SetpointSource, decide_setpoint

__all__ = ["SAFE_POWER", "PowerLimits", "Setpoint", "SetpointSource", "decide_setpoint"]
