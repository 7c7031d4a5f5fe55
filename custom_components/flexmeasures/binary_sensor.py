"""Whether the FlexMeasures server can be reached, and whether all is well with flexible devices."""

from collections.abc import Iterator
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import ControlStatus
from .control_entities import local_text
from .coordinator import InventoryCoordinator
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import (
    FlexibleDeviceEntity,
    PlanEntity,
    SiteEntity,
    async_add_to_flexible_devices,
    server_identifier,
)
from .flexible_device import DeviceKind, FlexibleDevice
from .listeners import Listeners
from .scheduling import FindingCode, Missed
from .upload_entities import UploadsPaused

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the server's connectivity, and to each flexible device whether all is well."""
    async_add_entities([ServerConnectivity(entry.runtime_data.inventory)])
    if s2 := entry.runtime_data.s2:
        s2.async_add_connectivity(async_add_entities)
    if delivery := entry.runtime_data.delivery:
        async_add_entities([UploadsPaused(entry, delivery)])
    async_add_to_flexible_devices(entry, async_add_entities, _binary_sensors_of, _of_storage)


def _binary_sensors_of(
    data: FlexMeasuresData, device: FlexibleDevice
) -> Iterator[BinarySensorEntity]:
    yield Problem(data, device)
    if device.kind.stores_energy or device.kind is DeviceKind.PROCESS:
        yield TargetReachable(data, device)


def _of_storage(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[BinarySensorEntity]:
    yield TargetReachable(data, device)


class ServerConnectivity(SiteEntity, BinarySensorEntity):
    """On while the server answers; always available, since it tells about availability."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = "connected"

    def __init__(self, coordinator: InventoryCoordinator) -> None:
        """Watch the coordinator's last request."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self._attr_unique_id = f"{entry.entry_id}_connected"
        self._attr_device_info = DeviceInfo(identifiers={server_identifier(entry)})

    @property
    @override
    def available(self) -> bool:
        return True

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.last_update_success


class Problem(FlexibleDeviceEntity, BinarySensorEntity):
    """On while there is no new plan, not all that is wanted is planned, or the device does not do what it is told."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _unrecorded_attributes = frozenset({"reason"})

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Watch the device's plan and control."""
        super().__init__(data, device, "problem")
        self._sentence = data.sentence

    @property
    @override
    def _sources(self) -> tuple[Listeners, ...]:
        return (self._controller.listeners, self._progress.listeners)

    @property
    @override
    def is_on(self) -> bool:
        return self._reason is not None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"reason": self._reason}

    @property
    def _reason(self) -> str | None:
        if problem := self._progress.problem:
            return problem
        if self._controller.problem:
            return self._sentence(self._controller.problem)
        ignored = self._controller.status is ControlStatus.NOT_FOLLOWING
        return ControlStatus.NOT_FOLLOWING if ignored else None


# What makes a target unreachable before a plan is made.
_OUT_OF_REACH = frozenset(
    {
        FindingCode.MINIMUM_UNREACHABLE,
        FindingCode.TARGET_BEYOND_BAND,
        FindingCode.TARGET_BEYOND_CAPACITY,
        FindingCode.TARGET_UNREACHABLE,
        FindingCode.WINDOW_OVER,
        FindingCode.WINDOW_TOO_SHORT,
    }
)


class TargetReachable(PlanEntity, BinarySensorEntity):
    """On while the plan reaches everything that people want of the device; unknown where nothing is wanted."""

    _unrecorded_attributes = frozenset({"missed"})

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Watch the device's plan."""
        super().__init__(data, device, "target_reachable")

    @property
    @override
    def is_on(self) -> bool | None:
        plan = self._progress.plan
        if plan is None:
            return None
        if plan.missed or any(finding.code in _OUT_OF_REACH for finding in plan.findings):
            return False
        if self._device.kind is DeviceKind.PROCESS:
            return True
        state = plan.state
        return True if state and (state.targets or state.minima) else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        plan = self._progress.plan
        return {"missed": [_missed(missed) for missed in plan.missed] if plan else []}


def _missed(missed: Missed) -> dict[str, Any]:
    """Return what is missed: energies in kWh, the difference also in % of the capacity."""
    return {
        "limit": missed.limit,
        "time": local_text(missed.time),
        "wanted": missed.wanted,
        "expected": missed.expected,
        "difference": round(missed.difference, 3),
        "percentage": round(100 * missed.share, 1),
    }
