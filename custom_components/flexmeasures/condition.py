"""Conditions for the automation editor: what a flexible device's plan and control are like now."""

from typing import ClassVar, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR
from homeassistant.components.sensor import DOMAIN as SENSOR
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityConditionBase

from .const import BLOCK_CHARGE, BLOCK_DISCHARGE
from .entity import own_entities

_SENSORS = {SENSOR: DomainSpec()}
_BINARY_SENSORS = {BINARY_SENSOR: DomainSpec()}


class OwnCondition(EntityConditionBase):
    """Looks at the one entity of each targeted device that tells."""

    _key: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return own_entities(self._hass, super().entity_filter(entities), self._key)


class PlannedKind(OwnCondition):
    """Holds while the plan has the device do this."""

    _domain_specs = _SENSORS
    _key = "scheduled_power"
    _kind: ClassVar[str]

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        from .scheduling import block_kind  # noqa: PLC0415 - loaded where there is such an entity

        return block_kind(float(entity_state.state)) == self._kind


class ChargingPlanned(PlannedKind):
    """The plan has the device consume now."""

    _kind = BLOCK_CHARGE


class DischargingPlanned(PlannedKind):
    """The plan has the device produce now."""

    _kind = BLOCK_DISCHARGE


class FollowsSchedule(OwnCondition):
    """The device does what its plan says, or was told to just now."""

    _domain_specs = _SENSORS
    _key = "control_status"
    _primary_entities_only = False

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        from .control import (  # noqa: PLC0415 - loaded where there is such an entity
            ControlStatus,
            SetpointSource,
        )

        return (
            entity_state.state in {ControlStatus.FOLLOWING, ControlStatus.SETTLING}
            and entity_state.attributes.get("source") == SetpointSource.SCHEDULE
        )


class TargetReachable(OwnCondition):
    """The plan reaches all that is wanted."""

    _domain_specs = _BINARY_SENSORS
    _key = "target_reachable"

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        return entity_state.state == STATE_ON


CONDITIONS: dict[str, type[Condition]] = {
    "follows_schedule": FollowsSchedule,
    "is_charging_planned": ChargingPlanned,
    "is_discharging_planned": DischargingPlanned,
    "is_target_reachable": TargetReachable,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by the names that automations use."""
    return CONDITIONS
