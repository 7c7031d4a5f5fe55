"""What people see of a flexible device's control, as sensors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory
from homeassistant.util import dt as dt_util

from .control import ControlStatus
from .controller import Controller
from .data import FlexMeasuresData
from .entity import FlexibleDeviceEntity
from .flexible_device import FlexibleDevice


@dataclass(frozen=True, kw_only=True)
class ControlSensorDescription(SensorEntityDescription):
    """One thing to tell of control; ``value_fn`` reads the state, ``attributes_fn`` the attributes."""

    value_fn: Callable[[Controller], int | str]
    attributes_fn: Callable[[Controller], dict[str, Any]]


def _why(controller: Controller) -> dict[str, Any]:
    held = controller.held
    return {
        "source": controller.setpoint.source,
        "held_by": held.rail if held else None,
        "held_until": local_text(held.until) if held else None,
        "suspended_until": local_text(controller.suspended_until),
    }


def _writes(controller: Controller) -> dict[str, Any]:
    statistics = controller.statistics
    return {
        "last_write": local_text(statistics.last_write),
        "last_read_back": local_text(statistics.last_read_back),
        "retries": statistics.retries,
    }


def local_text(time: datetime | None) -> str | None:
    """Return a time as people write it: local, with its offset."""
    return None if time is None else dt_util.as_local(time).isoformat()


CONTROL_SENSORS = (
    ControlSensorDescription(
        key="control_status",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=list(ControlStatus),
        value_fn=lambda controller: controller.status,
        attributes_fn=_why,
    ),
    ControlSensorDescription(
        key="writes",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda controller: controller.statistics.writes,
        attributes_fn=_writes,
    ),
)


class ControlSensor(FlexibleDeviceEntity, SensorEntity):
    """One thing that a device's control tells."""

    entity_description: ControlSensorDescription
    _unrecorded_attributes = frozenset({"last_read_back", "last_write"})

    def __init__(
        self, data: FlexMeasuresData, device: FlexibleDevice, description: ControlSensorDescription
    ) -> None:
        """Show what the description reads."""
        super().__init__(data, device, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> int | str:
        return self.entity_description.value_fn(self._controller)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return self.entity_description.attributes_fn(self._controller)
