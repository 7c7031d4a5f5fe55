"""The switch of the simulated charger."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SimulatedHomeConfigEntry
from .entity import Part, SimulatedHomeEntity
from .faults import Fault

PARALLEL_UPDATES = 1

CHARGING = SwitchEntityDescription(key="charging")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SimulatedHomeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the charger's switch."""
    async_add_entities([ChargingSwitch(entry.runtime_data, Part.CAR, CHARGING)])


class ChargingSwitch(SimulatedHomeEntity, SwitchEntity):
    """Whether the car may charge at all."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it may."""
        return self.coordinator.home.charger.enabled

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let the car charge with the current that is set."""
        await self._set(enabled=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Stop charging and keep the current for later."""
        await self._set(enabled=False)

    async def _set(self, *, enabled: bool) -> None:
        if self.fault is not Fault.IGNORES_WRITES:
            self.coordinator.home.charger.enabled = enabled
        await self.async_changed()
