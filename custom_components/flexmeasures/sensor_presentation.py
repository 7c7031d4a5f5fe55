"""How a FlexMeasures sensor looks in Home Assistant: unit, device class, state class and name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    PERCENTAGE,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfIrradiance,
    UnitOfPower,
    UnitOfSpeed,
    UnitOfTemperature,
)
from homeassistant.util import dt as dt_util, slugify

from .client import Sensor

# Rows reach every open browser with each state; 300 are 25 h at 5 minutes and more than 3 days at a quarter-hour.
MOST_ROWS: Final = 300
_MEASUREMENT: Final = SensorStateClass.MEASUREMENT

# FlexMeasures' spelling (pint's) to Home Assistant's, where they differ.
_UNITS: Final = {
    "degC": UnitOfTemperature.CELSIUS,
    "degF": UnitOfTemperature.FAHRENHEIT,
    "m3": "m³",
    "W/m²": UnitOfIrradiance.WATTS_PER_SQUARE_METER,
    "W/m2": UnitOfIrradiance.WATTS_PER_SQUARE_METER,
}

_DEVICE_CLASSES: Final[dict[str, SensorDeviceClass]] = {
    **dict.fromkeys(UnitOfPower, SensorDeviceClass.POWER),
    **dict.fromkeys(UnitOfApparentPower, SensorDeviceClass.APPARENT_POWER),
    **dict.fromkeys(UnitOfElectricCurrent, SensorDeviceClass.CURRENT),
    **dict.fromkeys(UnitOfElectricPotential, SensorDeviceClass.VOLTAGE),
    **dict.fromkeys(UnitOfTemperature, SensorDeviceClass.TEMPERATURE),
    **dict.fromkeys(UnitOfIrradiance, SensorDeviceClass.IRRADIANCE),
    **dict.fromkeys(UnitOfSpeed, SensorDeviceClass.WIND_SPEED),
}

_ENERGY_UNITS: Final = frozenset(UnitOfEnergy)

# Names that FlexMeasures' own templates, tutorials and clients use; others are shown as they are written.
_TRANSLATED_NAMES: Final = frozenset(
    {
        "charging",
        "consumption",
        "consumption_price",
        "day_ahead_prices",
        "discharging",
        "electricity_power",
        "electricity_price",
        "feed_in_price",
        "headroom",
        "power",
        "power_forecast",
        "price",
        "production",
        "production_price",
        "state_of_charge",
        "temperature",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """What the entity of a FlexMeasures sensor shows; ``translation_key`` is None when ``name`` is shown as it is."""

    unit: str | None
    device_class: SensorDeviceClass | None
    state_class: SensorStateClass | None
    name: str
    translation_key: str | None


def present(sensor: Sensor) -> Presentation:
    """Return how the sensor looks in Home Assistant.

    Energy per interval has neither class: Home Assistant would take it for a running total.
    """
    unit = _UNITS.get(sensor.unit, sensor.unit)
    slug = slugify(sensor.name)
    device_class = _DEVICE_CLASSES.get(unit)
    state_class: SensorStateClass | None = _MEASUREMENT
    if unit in _ENERGY_UNITS:
        device_class = SensorDeviceClass.ENERGY_STORAGE if sensor.is_instantaneous else None
        state_class = _MEASUREMENT if sensor.is_instantaneous else None
    elif unit == PERCENTAGE and slug in {"state_of_charge", "soc"}:
        device_class = SensorDeviceClass.BATTERY
    return Presentation(
        unit=unit or None,
        device_class=device_class,
        state_class=state_class,
        name=sensor.name,
        translation_key=slug if slug in _TRANSLATED_NAMES else None,
    )


def row_of(start: datetime, end: datetime, value: float) -> dict[str, str | float]:
    """Return one interval as people write it: local time with its offset."""
    return {
        "start": dt_util.as_local(start).isoformat(),
        "end": dt_util.as_local(end).isoformat(),
        "value": round(value, 6),
    }
