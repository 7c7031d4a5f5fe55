"""The knobs of the simulated home that take a number: what battery, charger and inverter are asked to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import PERCENTAGE, UnitOfElectricCurrent, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SimulatedHomeConfigEntry
from .entity import Part, SimulatedHomeEntity
from .faults import heeded
from .physics import (
    BATTERY,
    CAR,
    HIGHEST_CURRENT,
    LOWEST_CURRENT,
    WATTS_PER_AMPERE,
    Home,
)

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class KnobDescription(NumberEntityDescription):
    """One value that can be set, in its native unit."""

    part: Part
    value_fn: Callable[[Home], float]
    set_fn: Callable[[Home, float], None]


def _set_battery_power(home: Home, power: float) -> None:
    home.battery.setpoint = power


def _set_inverter_limit(home: Home, limit: float) -> None:
    home.inverter.limit = limit


KNOBS = (
    KnobDescription(
        key="power_setpoint",
        part=Part.BATTERY,
        value_fn=lambda home: home.battery.setpoint,
        set_fn=_set_battery_power,
        device_class=NumberDeviceClass.POWER,
        mode=NumberMode.BOX,
        native_max_value=BATTERY.charging_power,
        native_min_value=-BATTERY.discharging_power,
        native_step=1,
        native_unit_of_measurement=UnitOfPower.WATT,
    ),
    KnobDescription(
        key="charging_current",
        part=Part.CAR,
        value_fn=lambda home: home.charger.current,
        set_fn=lambda home, current: home.charger.set_current(current),
        device_class=NumberDeviceClass.CURRENT,
        native_max_value=HIGHEST_CURRENT,
        native_min_value=LOWEST_CURRENT,
        native_step=1,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
    ),
    KnobDescription(
        key="charging_power_setpoint",
        part=Part.CAR,
        value_fn=lambda home: home.charger.power_limit,
        set_fn=lambda home, power: home.charger.set_power_limit(power),
        device_class=NumberDeviceClass.POWER,
        mode=NumberMode.BOX,
        native_max_value=CAR.charging_power,
        native_min_value=0,
        native_step=WATTS_PER_AMPERE,
        native_unit_of_measurement=UnitOfPower.WATT,
    ),
    KnobDescription(
        key="feed_in_limit",
        part=Part.SOLAR,
        value_fn=lambda home: home.inverter.limit,
        set_fn=_set_inverter_limit,
        native_max_value=100,
        native_min_value=0,
        native_step=1,
        native_unit_of_measurement=PERCENTAGE,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SimulatedHomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the knobs."""
    async_add_entities(Knob(entry.runtime_data, each.part, each) for each in KNOBS)


class Knob(SimulatedHomeEntity, NumberEntity):
    """What a device is asked to do; it shows what the device made of it."""

    entity_description: KnobDescription

    @property
    @override
    def native_value(self) -> float:
        """Return what the device was last asked for."""
        return self.entity_description.value_fn(self.coordinator.home)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Take a new value."""
        half = (self.native_min_value / 2, self.native_max_value / 2)
        taken = heeded(self.fault, value, self.native_value, half)
        self.entity_description.set_fn(self.coordinator.home, taken)
        await self.async_changed()
