"""Between a device's engine and its carrier: one event at a time in, one write at a time out."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .actuators import Carrier
from .control import (
    ControlEngine,
    Effect,
    Event,
    Notice,
    Origin,
    Outcome,
    Released,
    TimePassed,
    Verify,
    Wake,
    Write,
    WriteFinished,
)
from .data import FlexMeasuresConfigEntry

# A device that hangs keeps nobody from stopping: what is on its way gets the first part, its safe value the rest.
_RELEASE_SECONDS = 5.0
_HUNG_SECONDS = 2.0


class EngineRunner:
    """Owns what is on its way from the engine to the device, and when the engine is woken.

    When it fails, the device keeps what it was told last.

    Attributes:
        engine: decides.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FlexMeasuresConfigEntry,
        carrier: Carrier | None,
        engine: ControlEngine,
        decided: Callable[[], None],
    ) -> None:
        """Prepare doing what the engine decides.

        Args:
            hass: tells the time.
            entry: owns every task.
            carrier: takes the writes; None when nothing is written.
            engine: decides.
            decided: called when something was decided and everything that follows from it is on its way.
        """
        self._hass = hass
        self._entry = entry
        self._carrier = carrier
        self._decided = decided
        self.engine = engine
        self._notice_listeners: list[Callable[[Notice], None]] = []
        self._events: deque[Event] = deque()
        self._is_telling = False
        self._writes: deque[tuple[ControlEngine, Write]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._alarm: CALLBACK_TYPE | None = None

    @callback
    def async_tell(self, *events: Event) -> None:
        """Tell the engine, one event after the other, and do what it returns before anybody is told of it."""
        self._events.extend(events)
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._events:
                event = self._events.popleft()
                for effect in self.engine.handle(event, dt_util.utcnow()):
                    self._async_perform(effect)
        finally:
            self._is_telling = False
        self._decided()

    @callback
    def async_replace(self, engine: ControlEngine) -> None:
        """Go on with another engine; what the one before still wanted written is not sent."""
        self.engine = engine
        self.async_cancel_alarm()

    async def async_release(self) -> None:
        """Give the device its safe value, if it holds one of ours, and decide nothing any more.

        The safe value comes last, also on a slow device; but nobody waits long for one that hangs.
        """
        self.async_tell(Released())
        await self._async_wait(_HUNG_SECONDS)
        if self._writes:
            # What was on its way hangs, or was ended by Home Assistant.
            self._async_stop_writing()
            self._async_write_soon()
            await self._async_wait(_RELEASE_SECONDS - _HUNG_SECONDS)
        self._async_stop_writing()

    async def _async_wait(self, seconds: float) -> None:
        if self._writing and not self._writing.done():
            await asyncio.wait({self._writing}, timeout=seconds)

    @callback
    def _async_stop_writing(self) -> None:
        if self._writing:
            self._writing.cancel()
            self._writing = None

    @callback
    def async_cancel_alarm(self) -> None:
        """Do not wake the engine any more, until it asks for that again."""
        if self._alarm:
            self._alarm()
            self._alarm = None

    @callback
    def async_listen_notices(self, listener: Callable[[Notice], None]) -> CALLBACK_TYPE:
        """Call the listener with every notice; the callable returned ends that."""
        self._notice_listeners.append(listener)

        @callback
        def remove() -> None:
            self._notice_listeners.remove(listener)

        return remove

    @callback
    def _async_perform(self, effect: Effect) -> None:
        match effect:
            case Write():
                self._writes.append((self.engine, effect))
                self._async_write_soon()
            case Verify():
                if self._carrier:
                    self._events.append(self._carrier.report(Origin.DEVICE))
            case Wake(at):
                self.async_cancel_alarm()
                if at:
                    self._alarm = async_track_point_in_utc_time(self._hass, self._async_woken, at)
            case Notice():
                for listener in list(self._notice_listeners):
                    listener(effect)

    @callback
    def _async_woken(self, now: datetime) -> None:
        self._alarm = None
        self.async_tell(TimePassed())

    @callback
    def _async_write_soon(self) -> None:
        if self._carrier and (self._writing is None or self._writing.done()):
            self._writing = self._entry.async_create_background_task(
                self._hass, self._async_write(self._carrier), "flexmeasures setpoint"
            )

    async def _async_write(self, carrier: Carrier) -> None:
        """Send what the engine wants written, one after the other, unless it wants something else by then."""
        while self._writes:
            engine, write = self._writes.popleft()
            outcome = Outcome.DROPPED
            if engine is self.engine and engine.allows(write, dt_util.utcnow()):
                outcome = await carrier.async_send(write.command)
            if engine is self.engine:
                self.async_tell(WriteFinished(write.number, outcome))
