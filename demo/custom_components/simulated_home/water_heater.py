"""The buffer tank of the simulated heat pump."""

from typing import Any, override

from homeassistant.components.water_heater import (
    STATE_HEAT_PUMP,
    WaterHeaterEntity,
    WaterHeaterEntityDescription,
    WaterHeaterEntityFeature,
)
from homeassistant.const import ATTR_TEMPERATURE, STATE_OFF, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SimulatedHomeConfigEntry
from .entity import Part, SimulatedHomeEntity
from .faults import Fault, heeded
from .physics import HIGHEST_TARGET, LOWEST_TARGET, HeatPump

PARALLEL_UPDATES = 1

TANK = WaterHeaterEntityDescription(key="tank")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SimulatedHomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the tank."""
    async_add_entities([Tank(entry.runtime_data, Part.HEAT_PUMP, TANK)])


class Tank(SimulatedHomeEntity, WaterHeaterEntity):
    """The thermostat: the heat pump starts a few degrees below the target and stops at it."""

    _attr_max_temp = HIGHEST_TARGET
    _attr_min_temp = LOWEST_TARGET
    _attr_supported_features = (
        WaterHeaterEntityFeature.OPERATION_MODE | WaterHeaterEntityFeature.TARGET_TEMPERATURE
    )
    _attr_target_temperature_step = 0.5
    _attr_temperature_unit = UnitOfTemperature.CELSIUS

    @property
    def _heat_pump(self) -> HeatPump:
        return self.coordinator.home.heat_pump

    @property
    @override
    def current_temperature(self) -> float:
        """Return the water's temperature in °C."""
        return self.coordinator.data.reading.tank_temperature

    @property
    @override
    def target_temperature(self) -> float:
        """Return the temperature at which the compressor stops, in °C."""
        return self._heat_pump.target

    @property
    @override
    def operation_list(self) -> list[str]:
        """Return what the heat pump can be told."""
        return [STATE_HEAT_PUMP, STATE_OFF]

    @property
    @override
    def current_operation(self) -> str:
        """Return whether the heat pump may run."""
        return STATE_HEAT_PUMP if self._heat_pump.enabled else STATE_OFF

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Take a new target."""
        self._heat_pump.target = heeded(
            self.fault,
            float(kwargs[ATTR_TEMPERATURE]),
            self._heat_pump.target,
            (LOWEST_TARGET, (LOWEST_TARGET + HIGHEST_TARGET) / 2),
        )
        await self.async_changed()

    @override
    async def async_set_operation_mode(self, operation_mode: str) -> None:
        """Let the heat pump run, or let the tank cool down."""
        if self.fault is not Fault.IGNORES_WRITES:
            self._heat_pump.enabled = operation_mode == STATE_HEAT_PUMP
        await self.async_changed()
