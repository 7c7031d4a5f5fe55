"""The entities of a flexible device on platforms that every site has; the other platforms have their own."""

from collections.abc import Iterator
from functools import partial
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.components.button import ButtonEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .control import ControlStatus
from .control_entities import CONTROL_SENSORS, ControlSensor, local_text
from .data import FlexMeasuresConfigEntry, FlexMeasuresData
from .entity import FlexibleDeviceEntity, PlanEntity
from .flexible_device import DeviceKind, FlexibleDevice
from .listeners import Listeners
from .plan_entities import EXPECTED_STATE_OF_CHARGE, PLAN_SENSORS, SAVING_SENSORS, PlanSensor
from .plan_findings import OUT_OF_REACH
from .plan_models import Baseline
from .scheduling import Missed


def sensors_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[SensorEntity]:
    """Yield what a device shows of its plan and its control."""
    for plan in PLAN_SENSORS:
        if plan.suits_fn(device.kind):
            yield PlanSensor(data, device, plan)
    for control in CONTROL_SENSORS:
        yield ControlSensor(data, device, control)


@callback
def async_add_savings_of_s2_devices(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add to S2 devices what they save, from the first plan on that can be compared with something."""
    data, registry = entry.runtime_data, er.async_get(hass)
    for device in data.devices.values():
        if device.kind is not DeviceKind.S2:
            continue
        sensors = [PlanSensor(data, device, each) for each in SAVING_SENSORS]
        known = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, sensors[0].unique_id or "")

        def is_counted(name: str = device.subentry_id, known: str | None = known) -> bool:
            plan = data.planner.plan(name)
            return bool(known) or (plan is not None and plan.baseline is not Baseline.UNKNOWN)

        add = partial(async_add_entities, sensors, config_subentry_id=device.subentry_id)
        entry.async_on_unload(data.planner.listeners.async_once(is_counted, add))


def storage_sensors_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[SensorEntity]:
    """Yield what an S2 device shows besides, once it says that it stores energy."""
    yield PlanSensor(data, device, EXPECTED_STATE_OF_CHARGE)


def binary_sensors_of(
    data: FlexMeasuresData, device: FlexibleDevice
) -> Iterator[BinarySensorEntity]:
    """Yield whether all is well with a device."""
    yield Problem(data, device)
    if device.kind.stores_energy or device.kind is DeviceKind.PROCESS:
        yield TargetReachable(data, device)


def storage_binary_sensors_of(
    data: FlexMeasuresData, device: FlexibleDevice
) -> Iterator[BinarySensorEntity]:
    """Yield what an S2 device shows besides, once it says that it stores energy."""
    yield TargetReachable(data, device)


def buttons_of(data: FlexMeasuresData, device: FlexibleDevice) -> Iterator[ButtonEntity]:
    """Yield what can be asked for by a press."""
    yield Reschedule(data, device)
    if device.kind is DeviceKind.PROCESS:
        yield PlanRun(data, device)
    if device.is_told:
        yield ResumeControl(data, device)


class Reschedule(FlexibleDeviceEntity, ButtonEntity):
    """Computes new schedules for all flexible devices of the site, since they share its prices and its fuse."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Stand beside the device's plan."""
        super().__init__(data, device, "reschedule")

    @override
    async def async_press(self) -> None:
        try:
            await self._planner.async_reschedule()
        except HomeAssistantError:
            # What stands in the way of another device's plan is told at that one.
            if self._planner.status(self._device.subentry_id).status.is_problem:
                raise


class PlanRun(FlexibleDeviceEntity, ButtonEntity):
    """Asks for one run of a process, until the time at which it has to be over."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Stand beside the process's plan."""
        super().__init__(data, device, "plan_run")

    @override
    async def async_press(self) -> None:
        self._planner.async_request_run(self._device.subentry_id)


class ResumeControl(FlexibleDeviceEntity, ButtonEntity):
    """Gives control back after somebody else's change; only there while that is left alone."""

    def __init__(self, data: FlexMeasuresData, device: FlexibleDevice) -> None:
        """Stand beside the device's control."""
        super().__init__(data, device, "resume_control")

    @property
    @override
    def available(self) -> bool:
        return self._controller.suspended_until is not None

    @override
    async def async_press(self) -> None:
        self._controller.async_resume()


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


class TargetReachable(PlanEntity, BinarySensorEntity):
    """On while the plan reaches everything that people or the device itself want; unknown where nothing is wanted."""

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
        if plan.missed or any(finding.code in OUT_OF_REACH for finding in plan.findings):
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
