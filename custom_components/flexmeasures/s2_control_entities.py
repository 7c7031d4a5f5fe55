"""How people let an S2 device follow its schedule, or set its power themselves."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberMode
from homeassistant.components.switch import SwitchEntity
from homeassistant.const import Platform, UnitOfPower
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import FlexMeasuresConfigEntry
from .s2_device import S2Device
from .s2_entities import S2Connected, S2Entity

# More than any home's connection carries; the device itself takes what comes nearest to it.
_MOST_POWER = 100_000  # W


class S2FollowSchedule(S2Entity, SwitchEntity):
    """On while the device is told what is planned; it survives restarts."""

    @property
    @override
    def _told(self) -> bool:
        return self._device.following

    @property
    @override
    def is_on(self) -> bool:
        return self._told

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._device.async_follow(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self._device.async_follow(False)


class S2PowerSetpoint(S2Entity, NumberEntity):
    """The power to follow, consumption positive; a person's number holds until the schedule is followed again."""

    _attr_device_class = NumberDeviceClass.POWER
    _attr_mode = NumberMode.BOX
    _attr_native_max_value = _MOST_POWER
    _attr_native_min_value = -_MOST_POWER
    _attr_native_step = 1
    _attr_native_unit_of_measurement = UnitOfPower.WATT

    @property
    @override
    def _told(self) -> float | None:
        return self._device.setpoint

    @property
    @override
    def native_value(self) -> float | None:
        return self._told

    @override
    async def async_set_native_value(self, value: float) -> None:
        self._device.async_override(value)


_ENTITIES: Final[Mapping[Platform, tuple[type[S2Entity], str]]] = {
    Platform.BINARY_SENSOR: (S2Connected, "s2_connected"),
    Platform.NUMBER: (S2PowerSetpoint, "power_setpoint"),
    Platform.SWITCH: (S2FollowSchedule, "follow_schedule"),
}


@callback
def async_add_s2_control(
    entry: FlexMeasuresConfigEntry,
    devices: Mapping[str, S2Device],
    platform: Platform,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add to every S2 device the one entity that the platform has of it."""
    kind, key = _ENTITIES[platform]
    for subentry_id, device in devices.items():
        async_add_entities(
            [kind(entry, entry.subentries[subentry_id], device, key)],
            config_subentry_id=subentry_id,
        )
