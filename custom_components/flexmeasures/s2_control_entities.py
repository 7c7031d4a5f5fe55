"""How people let an S2 device follow its schedule, or set its power themselves."""

from typing import Any, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberMode
from homeassistant.components.switch import SwitchEntity
from homeassistant.const import UnitOfPower
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import FlexMeasuresConfigEntry
from .s2_entities import S2Entity

# More than any home's connection carries; the device itself takes what comes nearest to it.
_MOST_POWER = 100_000  # W


class S2FollowSchedule(S2Entity, SwitchEntity):
    """On while the device is told what is planned; it survives restarts."""

    @property
    @override
    def is_on(self) -> bool:
        return self._device.following

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
    def native_value(self) -> float | None:
        return self._device.setpoint

    @override
    async def async_set_native_value(self, value: float) -> None:
        self._device.async_override(value)


@callback
def async_add_s2_control[Kind: S2Entity](
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    kind: type[Kind],
    key: str,
) -> None:
    """Add one entity of the kind to every S2 device."""
    for subentry_id, device in entry.runtime_data.s2.devices.items():
        async_add_entities(
            [kind(entry, entry.subentries[subentry_id], device, key)],
            config_subentry_id=subentry_id,
        )
