"""Carries a flexible device's setpoint out on the number entity that the user chose."""

import asyncio
from datetime import datetime

from homeassistant.components.number import (
    ATTR_MAX,
    ATTR_MIN,
    ATTR_VALUE,
    SERVICE_SET_VALUE,
)
from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_UNIT_OF_MEASUREMENT,
    EVENT_HOMEASSISTANT_STOP,
    STATE_UNAVAILABLE,
    UnitOfPower,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
    split_entity_id,
)
from homeassistant.helpers.event import (
    async_track_point_in_utc_time,
    async_track_state_change_event,
)
from homeassistant.util import dt as dt_util

from .const import LOGGER
from .control import (
    Inputs,
    Override,
    Plan,
    Request,
    Setpoint,
    SetpointSource,
    decide_setpoint,
)
from .data import FlexMeasuresConfigEntry
from .device_reading import read_limits
from .flexible_device import FlexibleDevice, resolve_entity_id
from .listeners import Listeners
from .planner import Planner
from .units import convert

# Home Assistant gives an integration 10 s to stop.
_SLOW_WRITE_SECONDS = 5

# The power of a device that nobody plans: it neither charges nor discharges.
_SAFE_POWER = 0.0

_NOT_FOLLOWING = Setpoint(None, SetpointSource.NOT_FOLLOWING, None)


class Controller:
    """Decides one device's setpoint at every step and writes it.

    When the schedule ends, the switch goes off, or the entry is unloaded, the device gets the safe power. When a write
    fails, the next step or the entity's return writes again.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        planner: Planner,
        device: FlexibleDevice,
    ) -> None:
        """Prepare carrying out the planner's schedule on the device."""
        self._hass = hass
        self._entry = entry
        self._planner = planner
        self._device = device
        self.limits = read_limits(hass, device)
        self.listeners = Listeners()
        self._timer: CALLBACK_TYPE | None = None
        self._override: Override | None = None
        self._next_power: float | None = None
        self._written_power: float | None = None
        self._is_released = False
        self._writer: asyncio.Task[None] | None = None
        self.following = False
        self.setpoint = _NOT_FOLLOWING

    @callback
    def async_start(self) -> None:
        """Follow new schedules, the actuator's return, and Home Assistant's stop, until the entry is unloaded."""
        self._entry.async_on_unload(self._planner.listeners.async_add(self._async_decide))
        self._entry.async_on_unload(self._async_cancel_timer)
        self._entry.async_on_unload(
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._async_stopping)
        )
        if self._device.setpoint_entity:
            entity_id = resolve_entity_id(self._hass, self._device.setpoint_entity)
            self._entry.async_on_unload(
                async_track_state_change_event(self._hass, entity_id, self._async_actuator_changed)
            )

    @callback
    def async_follow(self, following: bool) -> None:
        """Let the schedule be carried out, or stop that; either ends a power set by a person."""
        self.following = following
        self._override = None
        self._async_decide()

    @callback
    def async_set_manual(self, power: float) -> None:
        """Set the power (W, consumption positive): until the next step while a schedule is followed, else for good."""
        now = dt_util.utcnow()
        schedule = self._planner.schedule(self._device.subentry_id)
        until = schedule.next_boundary(now) if schedule and self.following else None
        self._override = Override(power, until)
        self._async_decide()

    async def async_release(self) -> None:
        """Give the device its safe power, if we set its power, and decide nothing any more."""
        self._async_cancel_timer()
        self._is_released = True
        self._next_power = None
        if self._writer:
            # The safe power comes last, also on a slow device; but nobody waits long for a device that hangs.
            await asyncio.wait({self._writer}, timeout=_SLOW_WRITE_SECONDS)
        if self.setpoint.power is not None:
            self.setpoint = _NOT_FOLLOWING
            await self._async_write(_SAFE_POWER)

    async def _async_stopping(self, event: Event) -> None:
        await self.async_release()

    @callback
    def _async_cancel_timer(self) -> None:
        if self._timer:
            self._timer()
            self._timer = None

    @callback
    def _async_step_began(self, now: datetime) -> None:
        self._timer = None
        self._async_decide()

    @callback
    def _async_decide(self) -> None:
        if self._is_released:
            return
        before = self.setpoint
        schedule = self._planner.schedule(self._device.subentry_id)
        self.setpoint = decide_setpoint(
            Plan(schedule=schedule) if schedule else None,
            dt_util.utcnow(),
            request=Request(following=self.following, override=self._override),
            inputs=Inputs(),
            limits=self.limits,
            safe_power=_SAFE_POWER,
        )
        if self.setpoint.source is not SetpointSource.OVERRIDE:
            self._override = None
        self._async_cancel_timer()
        if self.setpoint.until:
            self._timer = async_track_point_in_utc_time(
                self._hass, self._async_step_began, self.setpoint.until
            )
        if self.setpoint.power is not None:
            self._async_write_soon(self.setpoint.power)
        elif before.power is not None:
            self._async_write_soon(_SAFE_POWER)
        self.listeners.async_call()

    @callback
    def _async_actuator_changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        came_back = old is None or old.state == STATE_UNAVAILABLE
        if came_back and new is not None and self.setpoint.power is not None:
            self._written_power = None
            self._async_write_soon(self.setpoint.power)

    @callback
    def _async_write_soon(self, power: float) -> None:
        """Write the power unless it stands already; while one write is under way only the latest power waits."""
        self._next_power = power
        if power != self._written_power and (self._writer is None or self._writer.done()):
            self._writer = self._entry.async_create_background_task(
                self._hass, self._async_write_pending(), "flexmeasures setpoint"
            )

    async def _async_write_pending(self) -> None:
        while (power := self._next_power) is not None and power != self._written_power:
            self._next_power = None
            self._written_power = None
            if await self._async_write(power):
                self._written_power = power

    async def _async_write(self, power: float) -> bool:
        """Set the number to the power (W); return whether it took it."""
        if not self._device.setpoint_entity:
            return True
        entity_id = resolve_entity_id(self._hass, self._device.setpoint_entity)
        state = self._hass.states.get(entity_id)
        if state is None or state.state == STATE_UNAVAILABLE:
            LOGGER.debug("%s is not available; its setpoint waits", entity_id)
            return False
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or ""
        try:
            value = self._device.setpoint_sign * convert(power, UnitOfPower.WATT, unit)
            low, high = state.attributes.get(ATTR_MIN, value), state.attributes.get(ATTR_MAX, value)
            await self._hass.services.async_call(
                split_entity_id(entity_id)[0],
                SERVICE_SET_VALUE,
                {ATTR_ENTITY_ID: entity_id, ATTR_VALUE: max(low, min(high, value))},
                blocking=True,
            )
        except Exception as error:  # noqa: BLE001 - the number is another integration's, which may raise anything
            LOGGER.warning("Could not set %s to %.0f W: %r", entity_id, power, error)
            return False
        return True
