"""Brings commands to the entity that takes a device's setpoint, and tells what it shows and who changed it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
import math
from typing import Any, Final, Protocol, override

from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_RESTORED,
    ATTR_TEMPERATURE,
    ATTR_UNIT_OF_MEASUREMENT,
    EVENT_CALL_SERVICE,
    SERVICE_SELECT_OPTION,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
    split_entity_id,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
import probatio

from .actuations import NUMBERS, SCRIPT, SELECTS, SWITCHES, THERMOSTATS, actuation_of
from .const import CONF_SWITCH_ENTITY, DOMAIN, LOGGER
from .control import (
    OFF,
    ON,
    Actuation,
    Bounds,
    Command,
    Mode,
    Origin,
    Outcome,
    PowerLimits,
    PressStart,
    Reading,
    Reported,
    RunScript,
    SelectOption,
    SetNumber,
    SetNumberOrOff,
    SetPower,
    SetTemperature,
    TurnSwitch,
)
from .feed import number_of
from .flexible_device import FlexibleDevice
from .followed_entities import FollowedEntities, resolve_entity_id

# A device that takes longer hangs; what became of the call is read back.
_CALL_SECONDS = 10
# An entity keeps the context of a call for seconds, a script's for as long as it runs.
_OWN_CONTEXTS = 50
# Contexts of the calls of everybody else in a home: more than any home calls while an entity keeps one.
_CALLS = 1000

SERVICE_SET_VALUE: Final = "set_value"
SERVICE_SET_TEMPERATURE: Final = "set_temperature"
SERVICE_PRESS: Final = "press"


class Carrier(Protocol):
    """What carries a device's setpoint out: an entity, or a session with the device itself."""

    @property
    def problem(self) -> HomeAssistantError | None:
        """Return why it cannot be told anything, where only a person can mend that."""

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Return what people can choose for the device; nothing where it can only be left to itself."""

    def actuation(self, limits: PowerLimits) -> Actuation | None:
        """Return how it expresses the power of a device with these limits; None while that is not known."""

    def report(self, origin: Origin) -> Reported:
        """Return what it shows now, and what it accepts."""

    @callback
    def async_start(self, changed: Callable[[Origin], None]) -> CALLBACK_TYPE:
        """Call back with every change and who made it, until the callable returned is called."""

    @callback
    def async_end(self) -> None:
        """Take over that control ends: a safe value may still come, and is the last that is sent."""
        return

    async def async_send(self, command: Command) -> Outcome:
        """Send a command, and return what became of it within seconds."""


class ServiceCalls:
    """Remembers in which contexts somebody called an action lately.

    An automation that runs at a time of day names neither a user nor a cause: without this its change would look like
    the device's own, and be undone.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with no calls."""
        self._hass = hass
        self._contexts: dict[str, None] = {}

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Listen until the callable returned is called."""
        return self._hass.bus.async_listen(EVENT_CALL_SERVICE, self._async_called)

    @callback
    def _async_called(self, event: Event[Any]) -> None:
        self._contexts[event.context.id] = None
        if len(self._contexts) > _CALLS:
            del self._contexts[next(iter(self._contexts))]

    def __contains__(self, context: Context) -> bool:
        """Tell whether an action was called in the context."""
        return context.id in self._contexts


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of an action on an entity."""

    entity_id: str
    service: str
    data: dict[str, Any]


class EntityActuator(Carrier):
    """The entity that takes a device's setpoint, and a switch beside it where there is one.

    When this fails, the device keeps what it was told last; the engine finds out by reading back.
    """

    def __init__(
        self, hass: HomeAssistant, device: FlexibleDevice, entity: str, calls: ServiceCalls
    ) -> None:
        """Stand for the entity (registry id or entity id) of the device."""
        self._hass = hass
        self._device = device
        self._entity = entity
        self._switch: str | None = device.settings.get(CONF_SWITCH_ENTITY)
        self._calls = calls
        self._own: deque[str] = deque(maxlen=_OWN_CONTEXTS)
        self._unusable: HomeAssistantError | None = None
        self._is_failing = False

    @property
    def entity_id(self) -> str:
        """Return what the entity is called now."""
        return resolve_entity_id(self._hass, self._entity)

    @property
    @override
    def problem(self) -> HomeAssistantError | None:
        for entity in filter(None, (self._entity, self._switch)):
            entity_id = resolve_entity_id(self._hass, entity)
            registered = er.async_get(self._hass).async_get(entity_id)
            if registered is None and self._hass.states.get(entity_id) is None:
                return HomeAssistantError(
                    translation_domain=DOMAIN,
                    translation_key="setpoint_entity_missing",
                    translation_placeholders={"device": self._device.title, "entity": entity_id},
                )
        return self._unusable

    @property
    @override
    def modes(self) -> tuple[Mode, ...]:
        return self._device.modes

    @override
    def actuation(self, limits: PowerLimits) -> Actuation | None:
        entity_id = self.entity_id
        self._unusable = None
        if (state := _available(self._hass, entity_id)) is None:
            return None
        try:
            unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
            return actuation_of(self._device, entity_id, unit, limits)
        except HomeAssistantError as error:
            self._unusable = error
            return None

    @override
    def report(self, origin: Origin) -> Reported:
        state = _available(self._hass, self.entity_id)
        if state is None or self._unusable:
            return Reported(None, origin, available=False)
        reading = _reading(state)
        if self._switch:
            switch = _available(self._hass, resolve_entity_id(self._hass, self._switch))
            if switch is None:
                return Reported(None, origin, available=False)
            reading = OFF if switch.state == STATE_OFF else reading
        return Reported(reading, origin, _bounds(state))

    @callback
    @override
    def async_start(self, changed: Callable[[Origin], None]) -> CALLBACK_TYPE:
        @callback
        def entity_changed(event: Event[EventStateChangedData] | None) -> None:
            changed(Origin.DEVICE if event is None else self._origin(event.context))

        entities = filter(None, (self._entity, self._switch))
        return FollowedEntities(self._hass, entities, entity_changed).async_start()

    def _origin(self, context: Context) -> Origin:
        if context.id in self._own or context.parent_id in self._own:
            return Origin.OWN
        if context.user_id or context.parent_id or context in self._calls:
            return Origin.FOREIGN
        return Origin.DEVICE

    @override
    async def async_send(self, command: Command) -> Outcome:
        context = Context()
        self._own.append(context.id)
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                for call in self._calls_of(command):
                    await self._hass.services.async_call(
                        split_entity_id(call.entity_id)[0],
                        call.service,
                        {ATTR_ENTITY_ID: call.entity_id, **call.data},
                        blocking=True,
                        context=context,
                    )
        except (ServiceValidationError, probatio.Invalid) as error:
            return self._failed(error, Outcome.REFUSED)
        except TimeoutError as error:
            # It may have arrived, and a process is not started twice.
            started = isinstance(command, PressStart)
            return self._failed(error, Outcome.TAKEN if started else Outcome.FAILED)
        except HomeAssistantError as error:
            return self._failed(error, Outcome.FAILED)
        except Exception as error:  # noqa: BLE001 - the entity is another integration's, which may raise anything
            return self._failed(error, Outcome.FAILED, traced=True)
        self._is_failing = False
        return Outcome.TAKEN

    def _failed(self, error: Exception, outcome: Outcome, *, traced: bool = False) -> Outcome:
        tell = LOGGER.debug if self._is_failing else LOGGER.warning
        tell("%s did not take its setpoint: %r", self.entity_id, error, exc_info=traced)
        self._is_failing = True
        return outcome

    def _calls_of(self, command: Command) -> Iterator[_Call]:
        entity_id = self.entity_id
        match command:
            case SetNumber(value) | SetPower(value):
                yield _Call(entity_id, SERVICE_SET_VALUE, {"value": value})
            case SetNumberOrOff(value):
                yield from self._calls_with_switch(entity_id, value)
            case SetTemperature(temperature):
                yield _Call(entity_id, SERVICE_SET_TEMPERATURE, {ATTR_TEMPERATURE: temperature})
            case TurnSwitch(on):
                yield _Call(entity_id, SERVICE_TURN_ON if on else SERVICE_TURN_OFF, {})
            case SelectOption(option):
                yield _Call(entity_id, SERVICE_SELECT_OPTION, {"option": option})
            case PressStart():
                is_script = split_entity_id(entity_id)[0] == SCRIPT
                yield _Call(entity_id, SERVICE_TURN_ON if is_script else SERVICE_PRESS, {})
            case RunScript():
                yield _Call(entity_id, SERVICE_TURN_ON, {"variables": self._variables(command)})

    def _calls_with_switch(self, entity_id: str, value: float | None) -> Iterator[_Call]:
        switch_id = resolve_entity_id(self._hass, self._switch or entity_id)
        if value is None:
            yield _Call(switch_id, SERVICE_TURN_OFF, {})
            return
        # The value comes first: a charger that is switched on begins with what it was told last.
        yield _Call(entity_id, SERVICE_SET_VALUE, {"value": value})
        state = self._hass.states.get(switch_id)
        if state is None or state.state != ON:
            yield _Call(switch_id, SERVICE_TURN_ON, {})

    def _variables(self, command: RunScript) -> dict[str, Any]:
        """Return what a script is told: the power in W, consumption positive, why, and until when."""
        return {
            "device": self._device.title,
            "power": command.power,
            "source": command.source,
            "until": command.until.isoformat() if command.until else None,
        }


def _available(hass: HomeAssistant, entity_id: str) -> State | None:
    """Return the entity's state while it can be told something; None otherwise."""
    state = hass.states.get(entity_id)
    if state is None or state.state == STATE_UNAVAILABLE or state.attributes.get(ATTR_RESTORED):
        return None
    return state


def _reading(state: State) -> Reading | None:
    if state.domain in NUMBERS:
        return number_of(state)
    if state.domain in THERMOSTATS:
        return _number(state.attributes.get(ATTR_TEMPERATURE))
    if state.domain in SWITCHES | SELECTS and state.state != STATE_UNKNOWN:
        return state.state
    return None


def _bounds(state: State) -> Bounds:
    names = ("min", "max", "step")
    if state.domain in THERMOSTATS:
        names = ("min_temp", "max_temp", "target_temp_step")
    return Bounds(*(_number(state.attributes.get(name)) for name in names))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
