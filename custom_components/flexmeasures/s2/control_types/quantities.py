"""Quantities in FlexMeasures' words, always with their unit."""

from collections.abc import Mapping
from datetime import datetime

type FlexValue = str | int | float | bool | list[FlexValue] | Mapping[str, FlexValue]
type FlexModel = Mapping[str, FlexValue]


def kilowatt_hours(energy: float) -> str:
    """Return an energy in kWh."""
    return f"{energy + 0.0:.9g} kWh"


def kilowatts(power: float) -> str:
    """Return a power in kW."""
    return f"{power + 0.0:.9g} kW"


def watts(power: float) -> str:
    """Return a power in W."""
    return f"{power + 0.0:.9g} W"


def percent(share: float) -> str:
    """Return a share, 1 for all; above 100 % for what a heat pump gains."""
    return f"{share * 100:.9g}%"


def during(start: datetime, end: datetime, value: str) -> FlexModel:
    """Return a value that holds from start to end."""
    return {"start": start.isoformat(), "end": end.isoformat(), "value": value}
