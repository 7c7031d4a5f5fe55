"""The power that a flexible device should follow now, and what people want of its state of charge."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .control import Mode
from .control_entities import local_text
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import FlexibleDeviceEntity, WishEntity, async_add_to_flexible_devices
from .flexible_device import DeviceKind, FlexibleDevice
from .s2_setpoint import POWER_SETPOINT, S2Setpoint
from .wishes import Wishes

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a setpoint to devices that take a power, and wishes to those that store energy."""
    async_add_to_flexible_devices(entry, async_add_entities, _numbers_of, _wishes_of)
    s2_devices = entry.runtime_data.s2.devices if entry.runtime_data.s2 else {}
    for device in entry.runtime_data.devices.values():
        if (s2_device := s2_devices.get(device.subentry_id)) is not None:
            make = partial(PowerSetpoint, entry.runtime_data, device)
            S2Setpoint(hass, entry, s2_device, async_add_entities, make).async_start()


def _numbers_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[NumberEntity]:
    if device.kind is not DeviceKind.S2:
        yield PowerSetpoint(data, device)
    if device.kind.stores_energy:
        yield from _wishes_of(data, device)


def _wishes_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[NumberEntity]:
    for description in WISHES:
        yield WishedStateOfCharge(data, device, description)


class PowerSetpoint(FlexibleDeviceEntity, NumberEntity):
    """The setpoint in W, consumption positive; setting it replaces the schedule until the next block."""

    _attr_device_class = NumberDeviceClass.POWER
    _attr_mode = NumberMode.BOX
    _attr_native_step = 1
    _attr_native_unit_of_measurement = UnitOfPower.WATT

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Show what control decides."""
        super().__init__(data, device, POWER_SETPOINT)

    @property
    @override
    def available(self) -> bool:
        return Mode.MANUAL in self._controller.modes

    @property
    @override
    def native_min_value(self) -> float:
        # Not its negation, which of nothing is -0.0 and shown so.
        return 0.0 - self._controller.limits.production

    @property
    @override
    def native_max_value(self) -> float:
        return self._controller.limits.consumption

    @property
    @override
    def native_value(self) -> float | None:
        power = self._controller.setpoint.power
        return None if power is None else round(power, 1) + 0.0

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        override = self._controller.override
        return {
            "source": self._controller.setpoint.source,
            "override_until": local_text(override.until) if override else None,
        }

    @override
    def _to_show(self) -> object:
        return super()._to_show(), self._controller.limits

    @override
    async def async_set_native_value(self, value: float) -> None:
        self._controller.async_override(value)


@dataclass(frozen=True, kw_only=True)
class WishDescription(NumberEntityDescription):
    """One wish, in %: how to read it, and what wishes become with another value."""

    value_fn: Callable[[Wishes], float | None]
    with_fn: Callable[[Wishes, float], Wishes]


WISHES = (
    WishDescription(
        key="target",
        value_fn=lambda wishes: wishes.target,
        with_fn=lambda wishes, value: replace(wishes, target=value),
    ),
    WishDescription(
        key="keep_at_least",
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda wishes: wishes.keep_at_least or 0.0,
        with_fn=lambda wishes, value: replace(wishes, keep_at_least=value),
    ),
    WishDescription(
        key="keep_at_most",
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda wishes: 100.0 if wishes.keep_at_most is None else wishes.keep_at_most,
        with_fn=lambda wishes, value: replace(wishes, keep_at_most=value),
    ),
)


class WishedStateOfCharge(WishEntity, NumberEntity):
    """What people want of the state of charge, in % of the capacity; plans are made anew with each change."""

    entity_description: WishDescription
    _attr_mode = NumberMode.SLIDER
    _attr_native_max_value = 100
    _attr_native_min_value = 0
    _attr_native_step = 1
    _attr_native_unit_of_measurement = PERCENTAGE

    def __init__(
        self, data: FlexMeasuresData, device: FlexibleDevice, description: WishDescription
    ) -> None:
        """Show and take the wish that the description names."""
        super().__init__(data, device, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> float | None:
        return self.entity_description.value_fn(self._wishes)

    @override
    async def async_set_native_value(self, value: float) -> None:
        wishes = self.entity_description.with_fn(self._wishes, value)
        least, most = wishes.keep_at_least or 0.0, wishes.keep_at_most
        if most is not None and least > most:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="least_above_most",
                translation_placeholders={"least": f"{least:g}", "most": f"{most:g}"},
            )
        self._async_wish(wishes)
