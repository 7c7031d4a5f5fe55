"""When an S2 device has an entity that takes a power."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .data import FlexMeasuresConfigEntry

if TYPE_CHECKING:
    from .s2_device import S2Device

POWER_SETPOINT: Final = "power_setpoint"


class S2Setpoint:
    """The setpoint of an S2 device: it comes and goes with control types that take a power.

    While the device is away it stays as it is; before it ever came, as it was.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        device: S2Device,
        async_add_entities: AddConfigEntryEntitiesCallback,
        make: Callable[[], Entity],
    ) -> None:
        """Let what is made come and go with the device's control type."""
        self._registry = er.async_get(hass)
        self._entry = entry
        self._device = device
        self._subentry_id = device.settings.subentry_id
        self._add = async_add_entities
        self._make = make
        self._is_there = False

    @callback
    def async_start(self) -> None:
        """Add it where it can work, or where it was and nobody knows yet; listen for another control type."""
        self._entry.async_on_unload(self._device.listeners.async_add(self._async_look))
        takes_power = self._device.takes_power
        registered = self._entity_id is not None
        self._async_let(is_there=registered if takes_power is None else takes_power)

    @property
    def _entity_id(self) -> str | None:
        unique_id = f"{self._subentry_id}_{POWER_SETPOINT}"
        return self._registry.async_get_entity_id(Platform.NUMBER, DOMAIN, unique_id)

    @callback
    def _async_look(self) -> None:
        takes_power = self._device.takes_power
        if takes_power is not None and takes_power is not self._is_there:
            self._async_let(is_there=takes_power)

    @callback
    def _async_let(self, *, is_there: bool) -> None:
        self._is_there = is_there
        if is_there:
            self._add([self._make()], config_subentry_id=self._subentry_id)
        elif (entity_id := self._entity_id) is not None:
            self._registry.async_remove(entity_id)
