"""What people see of S2 devices: what they measure, how they run, and what they were told last."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import PERCENTAGE, EntityCategory, Platform, UnitOfEnergy, UnitOfPower
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .const import CONTROL_TYPE_NONE, CONTROL_TYPES, DOMAIN
from .data import FlexMeasuresConfigEntry
from .entity import s2_device_identifier
from .s2.messages.session import InstructionStatus
from .s2_device import S2Device
from .s2_pace import LevelPace
from .sensor_presentation import row_of

# Rows reach every open browser with each state; 300 are 25 h at 5 minutes.
_MOST_ROWS = 300

_STATUSES = [status.value.lower() for status in InstructionStatus]


@dataclass(frozen=True, kw_only=True)
class S2SensorDescription(SensorEntityDescription):
    """Something that an S2 device tells.

    Attributes:
        value_fn: reads it; None while the device does not tell it.
        unit_fn: reads the unit, where the device chooses it.
        attributes_fn: reads what stands beside it.
        source_fn: reads what the attributes are made of; they are made anew when it is another.
        always: whether every device has it, also one that never told it.
        while_away: whether it still means something while the device is away.
        slow: whether it tells how much is stored, of which not every small step is shown.
    """

    value_fn: Callable[[S2Device], StateType]
    unit_fn: Callable[[S2Device], str | None] | None = None
    attributes_fn: Callable[[S2Device], Mapping[str, Any]] = lambda _: {}
    source_fn: Callable[[S2Device], object] = lambda _: None
    always: bool = False
    while_away: bool = False
    slow: bool = False


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _control_type(device: S2Device) -> str:
    return device.control_type.value.lower() if device.control_type else CONTROL_TYPE_NONE


def _forecast(device: S2Device) -> Mapping[str, Any]:
    """Return the device's own forecast from now on, in local time."""
    now = dt_util.utcnow()
    steps = [step for step in device.observation.forecast if step.end > now]
    return {"forecast": [row_of(step.start, step.end, step.power) for step in steps[:_MOST_ROWS]]}


def _last_status(device: S2Device) -> str | None:
    last = device.instructor.last
    return last.status.value.lower() if last else None


def _last_instruction(device: S2Device) -> Mapping[str, Any]:
    last = device.instructor.last
    if last is None:
        return {}
    return {
        "message_type": last.instruction.message_type,
        "execution_time": dt_util.as_local(last.instruction.execution_time).isoformat(),
        "operation_mode": getattr(last.instruction, "operation_mode_id", None),
        "operation_mode_factor": getattr(last.instruction, "operation_mode_factor", None),
    }


S2_SENSORS = (
    S2SensorDescription(
        key="measured_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda device: device.observation.power,
        attributes_fn=_forecast,
        source_fn=lambda device: device.observation.forecast,
        always=True,
    ),
    S2SensorDescription(
        key="measured_fill_level",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda device: device.observation.fill_level,
        unit_fn=lambda device: device.observation.fill_level_unit,
        slow=True,
    ),
    S2SensorDescription(
        key="measured_state_of_charge",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda device: _percent(device.observation.state_of_charge),
        slow=True,
    ),
    S2SensorDescription(
        key="measured_stored_energy",
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda device: device.observation.stored_energy,
        slow=True,
    ),
    S2SensorDescription(
        key="demand",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda device: device.observation.demand,
    ),
    S2SensorDescription(
        key="operation_mode",
        value_fn=lambda device: device.observation.mode,
    ),
    S2SensorDescription(
        key="control_type",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=[*CONTROL_TYPES, CONTROL_TYPE_NONE],
        value_fn=_control_type,
        always=True,
    ),
    S2SensorDescription(
        key="last_instruction",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=_STATUSES,
        value_fn=_last_status,
        attributes_fn=_last_instruction,
        source_fn=lambda device: device.instructor.last,
        always=True,
        while_away=True,
    ),
)


class S2Entity(Entity):
    """An entity of an S2 device, named by its translation key."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, entry: FlexMeasuresConfigEntry, subentry: ConfigSubentry, device: S2Device, key: str
    ) -> None:
        """Tell about the device under the key."""
        self._device = device
        self._shown: object = None
        self._attr_translation_key = key
        self._attr_unique_id = _unique_id(subentry.subentry_id, key)
        inventory = entry.runtime_data.inventory.data
        self._attr_device_info = DeviceInfo(
            identifiers={s2_device_identifier(entry, inventory, subentry)}
        )

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._device.listeners.async_add(self._async_device_changed))
        self._async_read()

    @callback
    def _async_device_changed(self) -> None:
        if self._async_read():
            self.async_write_ha_state()

    @callback
    def _async_read(self) -> bool:
        """Take what the device tells now; return whether anything changed."""
        told = self._told
        changed = told != self._shown
        self._shown = told
        return changed

    @property
    def _told(self) -> object:
        """Return what changes when there is something new to show; most of a device's words are about other things."""
        raise NotImplementedError


class S2Connected(S2Entity, BinarySensorEntity):
    """On while the device is connected and has said who it is."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    @override
    def _told(self) -> bool:
        return self._device.connected

    @property
    @override
    def is_on(self) -> bool:
        return self._told


class S2Sensor(S2Entity, SensorEntity):
    """One thing that the device tells; unavailable while it is away, where it means nothing then."""

    _unrecorded_attributes = frozenset({"forecast"})
    entity_description: S2SensorDescription

    def __init__(
        self,
        entry: FlexMeasuresConfigEntry,
        subentry: ConfigSubentry,
        device: S2Device,
        description: S2SensorDescription,
    ) -> None:
        """Show what the description reads."""
        super().__init__(entry, subentry, device, description.key)
        self.entity_description = description
        self._unit = description.native_unit_of_measurement
        self._pace: LevelPace | None = None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        if self.entity_description.slow:
            self._pace = LevelPace(self.hass, self._async_device_changed)
            # What it begins with is shown.
            self._pace.async_is_due(self._device.observation.state_of_charge)
            self.async_on_remove(self._pace.async_cancel)

    @callback
    @override
    def _async_device_changed(self) -> None:
        share = self._device.observation.state_of_charge
        if self._pace is None or self._pace.async_is_due(share):
            super()._async_device_changed()

    @property
    @override
    def _told(self) -> object:
        description, device = self.entity_description, self._device
        if description.unit_fn and device.connected:
            self._unit = description.unit_fn(device)
        return (
            description.value_fn(device),
            description.source_fn(device),
            self._unit,
            description.while_away or device.connected,
        )

    @property
    @override
    def available(self) -> bool:
        return self.entity_description.while_away or self._device.connected

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value_fn(self._device)

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        return self._unit

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        return self.entity_description.attributes_fn(self._device)


@callback
def async_add_s2_connectivity(
    entry: FlexMeasuresConfigEntry,
    devices: Mapping[str, S2Device],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add to every device whether it is connected."""
    for subentry_id, device in devices.items():
        async_add_entities(
            [S2Connected(entry, entry.subentries[subentry_id], device, "s2_connected")],
            config_subentry_id=subentry_id,
        )


@callback
def async_add_s2_sensors(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    devices: Iterable[S2Device],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add what every device has, what it had before, and what it tells for the first time when it does."""
    for device in devices:
        _Sensors(hass, entry, device, async_add_entities).async_start()


class _Sensors:
    """The sensors of one device; a boiler never tells a fill level, and gets no sensor for one."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        device: S2Device,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        self._entry = entry
        self._device = device
        self._subentry = entry.subentries[device.settings.subentry_id]
        self._add = async_add_entities
        registry = er.async_get(hass)
        self._missing = list(S2_SENSORS)
        self._known = {
            description.key
            for description in S2_SENSORS
            if description.always
            or registry.async_get_entity_id(
                Platform.SENSOR, DOMAIN, _unique_id(self._subentry.subentry_id, description.key)
            )
        }

    @callback
    def async_start(self) -> None:
        """Add what there is, and listen for more."""
        self._entry.async_on_unload(self._device.listeners.async_add(self._async_add_told))
        self._async_add_told()

    @callback
    def _async_add_told(self) -> None:
        told = [
            description
            for description in self._missing
            if description.key in self._known or description.value_fn(self._device) is not None
        ]
        if told:
            self._missing = [item for item in self._missing if item not in told]
            self._add(
                [S2Sensor(self._entry, self._subentry, self._device, item) for item in told],
                config_subentry_id=self._subentry.subentry_id,
            )


@callback
def async_describe_device(
    hass: HomeAssistant, entry: FlexMeasuresConfigEntry, device: S2Device
) -> None:
    """Let the device registry tell who made the device, once it has said so."""
    details = device.details
    subentry = entry.subentries[device.settings.subentry_id]
    identifier = s2_device_identifier(entry, entry.runtime_data.inventory.data, subentry)
    registry = dr.async_get(hass)
    registered = registry.async_get_device_by_identifier(identifier, entry.entry_id)
    if details is not None and registered is not None:
        registry.async_update_device(
            registered.id,
            manufacturer=details.manufacturer,
            model=details.model,
            serial_number=details.serial_number,
            sw_version=details.firmware_version,
        )


def _unique_id(subentry_id: str, key: str) -> str:
    return f"{subentry_id}_{key}"
