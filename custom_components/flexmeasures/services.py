"""The actions, registered once."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
import probatio

from .backfill_action import BACKFILL, async_backfill
from .const import DOMAIN
from .device_actions import (
    CHOOSE_MODE,
    CLEAR_OVERRIDE,
    EXPLAIN_SCHEDULE,
    OVERRIDE_SETPOINT,
    async_choose_mode,
    async_clear_override,
    async_explain_schedule,
    async_override_setpoint,
)
from .forecast_actions import (
    GET_FORECAST,
    TRIGGER_FORECAST,
    async_get_forecast,
    async_trigger_forecast,
)
from .measurement_actions import (
    GET_MEASUREMENTS,
    POST_MEASUREMENTS,
    async_get_measurements,
    async_post_measurements,
)
from .s2_services import (
    S2_GET_SESSION,
    S2_SELECT_CONTROL_TYPE,
    S2_SEND_INSTRUCTION,
    async_get_session,
    async_select_control_type,
    async_send_instruction,
)
from .schedule_actions import (
    GET_SCHEDULE,
    TRIGGER_AND_GET_SCHEDULE,
    TRIGGER_SCHEDULE,
    async_get_schedule,
    async_trigger_and_get_schedule,
    async_trigger_schedule,
)


@dataclass(frozen=True, slots=True)
class Action:
    """What an action takes, does and answers."""

    handler: Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]
    schema: probatio.Schema
    # An action that only reads does nothing without its answer.
    response: SupportsResponse = SupportsResponse.OPTIONAL


_ANSWER_ONLY: Final = SupportsResponse.ONLY

ACTIONS: Final = {
    "trigger_schedule": Action(async_trigger_schedule, TRIGGER_SCHEDULE),
    "get_schedule": Action(async_get_schedule, GET_SCHEDULE, _ANSWER_ONLY),
    "trigger_and_get_schedule": Action(
        async_trigger_and_get_schedule, TRIGGER_AND_GET_SCHEDULE, _ANSWER_ONLY
    ),
    "explain_schedule": Action(async_explain_schedule, EXPLAIN_SCHEDULE, _ANSWER_ONLY),
    "override_setpoint": Action(async_override_setpoint, OVERRIDE_SETPOINT),
    "clear_override": Action(async_clear_override, CLEAR_OVERRIDE),
    "choose_mode": Action(async_choose_mode, CHOOSE_MODE),
    "post_measurements": Action(async_post_measurements, POST_MEASUREMENTS),
    "get_measurements": Action(async_get_measurements, GET_MEASUREMENTS, _ANSWER_ONLY),
    "backfill": Action(async_backfill, BACKFILL),
    "trigger_forecast": Action(async_trigger_forecast, TRIGGER_FORECAST),
    "get_forecast": Action(async_get_forecast, GET_FORECAST, _ANSWER_ONLY),
    "s2_select_control_type": Action(async_select_control_type, S2_SELECT_CONTROL_TYPE),
    "s2_send_instruction": Action(async_send_instruction, S2_SEND_INSTRUCTION),
    "s2_get_session": Action(async_get_session, S2_GET_SESSION, _ANSWER_ONLY),
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register every action."""
    for name, action in ACTIONS.items():
        hass.services.async_register(
            DOMAIN,
            name,
            action.handler,
            schema=action.schema,
            supports_response=action.response,
        )
