"""Triggers for the automation editor: what happens to a flexible device's plan and control."""

from typing import ClassVar, override

from homeassistant.components.event import DOMAIN as EVENT, EventEntityStateAttribute
from homeassistant.const import CONF_OPTIONS, CONF_TARGET
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
)
import probatio

from .const import BLOCK_CHARGE, BLOCK_DISCHARGE, BLOCK_IDLE
from .entity import own_entities
from .plan_event_types import PlanEventType

_KIND = "kind"
_KINDS = [BLOCK_CHARGE, BLOCK_DISCHARGE, BLOCK_IDLE]


_EVENTS = {EVENT: DomainSpec()}


class PlanTrigger(StatelessEntityTriggerBase):
    """Fires when the event entity of a device that is targeted tells of the event."""

    _domain_specs = _EVENTS
    _event_type: ClassVar[PlanEventType]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return own_entities(self._hass, super().entity_filter(entities), "plan_event")

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        return state.attributes.get(EventEntityStateAttribute.EVENT_TYPE) == self._event_type


class ScheduleReceived(PlanTrigger):
    """There is a new schedule."""

    _event_type = PlanEventType.SCHEDULE_RECEIVED


class TargetMissed(PlanTrigger):
    """The plan will not do all that is wanted."""

    _event_type = PlanEventType.TARGET_MISSED


class ServerAway(PlanTrigger):
    """There is no new schedule, because the server does not answer."""

    _event_type = PlanEventType.SERVER_AWAY


class NotFollowing(PlanTrigger):
    """The device does not do what it is told."""

    _event_type = PlanEventType.NOT_FOLLOWING


class ControlSuspended(PlanTrigger):
    """Somebody else changed the device, which is left alone."""

    _event_type = PlanEventType.SUSPENDED


class BlockTrigger(PlanTrigger):
    """Fires for blocks of the kinds that are chosen; for all when none is."""

    _schema = probatio.Schema(
        {
            probatio.Required(CONF_TARGET): cv.TARGET_FIELDS,
            probatio.Required(CONF_OPTIONS, default={}): {
                probatio.Optional(_KIND, default=[]): probatio.All(
                    cv.ensure_list, [probatio.In(_KINDS)]
                ),
            },
        }
    )

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        chosen = self._options[_KIND]
        suits = not chosen or state.attributes.get(_KIND) in chosen
        return suits and super().is_valid_state(state, report_not_triggered)


class BlockStarted(BlockTrigger):
    """The plan has the device do something else from now on."""

    _event_type = PlanEventType.BLOCK_STARTED


class BlockEnded(BlockTrigger):
    """What the plan had the device do is over."""

    _event_type = PlanEventType.BLOCK_ENDED


TRIGGERS: dict[str, type[Trigger]] = {
    "block_ended": BlockEnded,
    "block_started": BlockStarted,
    "control_suspended": ControlSuspended,
    "not_following": NotFollowing,
    "schedule_received": ScheduleReceived,
    "server_away": ServerAway,
    "target_missed": TargetMissed,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by the names that automations use."""
    return TRIGGERS
