"""The meters, forecasts and prices of the simulated home.

The forecasts' attribute ``watts`` and the prices' attributes ``raw_today`` and ``raw_tomorrow`` have the shapes
that widely used integrations give, so that what works here works in a real home.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, UnitOfPower, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from . import prices, profiles
from .const import FORECAST_LENGTH, FORECAST_STEP
from .coordinator import SimulatedHomeConfigEntry
from .entity import Part, SimulatedHomeEntity
from .physics import Reading

PARALLEL_UPDATES = 0

PRICE_UNIT = "EUR/kWh"


@dataclass(frozen=True, kw_only=True)
class MeterDescription(SensorEntityDescription):
    """One value of the reading."""

    part: Part
    value_fn: Callable[[Reading], float]


@dataclass(frozen=True, kw_only=True)
class ForecastDescription(SensorEntityDescription):
    """Expected power at a time, in watts."""

    part: Part
    power_fn: Callable[[datetime, tzinfo], float]


@dataclass(frozen=True, kw_only=True)
class PriceDescription(SensorEntityDescription):
    """Price of the hour that starts at a time, given the anchor, in EUR/kWh."""

    price_fn: Callable[[datetime, datetime], float]


def _power(
    part: Part, value_fn: Callable[[Reading], float], key: str = "power"
) -> MeterDescription:
    return MeterDescription(
        key=key,
        part=part,
        value_fn=value_fn,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    )


def _state_of_charge(part: Part, value_fn: Callable[[Reading], float]) -> MeterDescription:
    return MeterDescription(
        key="state_of_charge",
        part=part,
        value_fn=value_fn,
        device_class=SensorDeviceClass.BATTERY,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
    )


METERS = (
    _power(Part.BATTERY, lambda reading: reading.battery_power),
    _state_of_charge(Part.BATTERY, lambda reading: reading.battery_state_of_charge),
    _power(Part.CAR, lambda reading: reading.car_power, "charging_power"),
    _state_of_charge(Part.CAR, lambda reading: reading.car_state_of_charge),
    _power(Part.DISHWASHER, lambda reading: reading.dishwasher_power),
    _power(Part.GRID, lambda reading: reading.grid_power),
    _power(Part.HEAT_PUMP, lambda reading: reading.heat_pump_power),
    _power(Part.HEAT_PUMP, lambda reading: reading.heat_power, "heat_power"),
    MeterDescription(
        key="tank_temperature",
        part=Part.HEAT_PUMP,
        value_fn=lambda reading: reading.tank_temperature,
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
    ),
    _power(Part.HOUSE, lambda reading: reading.house_power),
    _power(Part.SOLAR, lambda reading: reading.solar_power),
)

FORECASTS = tuple(
    ForecastDescription(
        key="power_forecast",
        part=part,
        power_fn=power_fn,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
    )
    for part, power_fn in (
        (Part.HOUSE, profiles.expected_house_power),
        (Part.SOLAR, profiles.expected_solar_power),
    )
)

PRICES = tuple(
    PriceDescription(
        key=key,
        price_fn=price_fn,
        native_unit_of_measurement=PRICE_UNIT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
    )
    for key, price_fn in (
        ("electricity_price", prices.consumption_price),
        ("feed_in_price", prices.feed_in_price),
    )
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SimulatedHomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add all meters, forecasts and prices."""
    coordinator = entry.runtime_data
    async_add_entities(Meter(coordinator, each.part, each) for each in METERS)
    async_add_entities(Forecast(coordinator, each.part, each) for each in FORECASTS)
    async_add_entities(Price(coordinator, Part.CONTRACT, each) for each in PRICES)


class Meter(SimulatedHomeEntity, SensorEntity):
    """What a meter of the home shows."""

    entity_description: MeterDescription

    @property
    @override
    def native_value(self) -> float:
        """Return the reading."""
        return self.entity_description.value_fn(self.coordinator.data.reading)


class Forecast(SimulatedHomeEntity, SensorEntity):
    """Expected power, now and per quarter of an hour."""

    entity_description: ForecastDescription
    _unrecorded_attributes = frozenset({"watts"})

    @property
    @override
    def native_value(self) -> float:
        """Return the power that is expected for this quarter of an hour, in watts."""
        return self._expected(self._current_step())

    @property
    @override
    def extra_state_attributes(self) -> dict[str, dict[str, float]]:
        """Return the expected power per start of a quarter of an hour, from the current one on."""
        start = self._current_step()
        steps = FORECAST_LENGTH // FORECAST_STEP
        times = [start + number * FORECAST_STEP for number in range(steps)]
        return {"watts": {_local(time): self._expected(time) for time in times}}

    def _current_step(self) -> datetime:
        seconds = FORECAST_STEP.total_seconds()
        timestamp = self.coordinator.data.time.timestamp()
        return dt_util.utc_from_timestamp(timestamp // seconds * seconds)

    def _expected(self, step: datetime) -> float:
        middle = step + FORECAST_STEP / 2
        zone = self.coordinator.home.zone
        return float(round(self.entity_description.power_fn(middle, zone)))


class Price(SimulatedHomeEntity, SensorEntity):
    """A price of the energy contract: this hour, and all hours of today and tomorrow."""

    entity_description: PriceDescription
    _unrecorded_attributes = frozenset({"raw_today", "raw_tomorrow"})

    @property
    @override
    def native_value(self) -> float:
        """Return this hour's price in EUR/kWh."""
        return self._price(prices.start_of_hour(self.coordinator.data.time))

    @property
    @override
    def extra_state_attributes(self) -> dict[str, list[dict[str, Any]]]:
        """Return the prices of today and tomorrow."""
        return {"raw_today": self._rows(0), "raw_tomorrow": self._rows(1)}

    def _rows(self, days_ahead: int) -> list[dict[str, Any]]:
        now, zone = self.coordinator.data.time, self.coordinator.home.zone
        return [
            {
                "start": _local(hour),
                "end": _local(hour + prices.HOUR),
                "value": self._price(hour),
            }
            for hour in prices.hours_of_day(now, zone, days_ahead=days_ahead)
        ]

    def _price(self, hour: datetime) -> float:
        return self.entity_description.price_fn(hour, self.coordinator.anchor)


def _local(time: datetime) -> str:
    return dt_util.as_local(time).isoformat()
