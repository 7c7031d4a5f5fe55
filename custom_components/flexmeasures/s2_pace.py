"""How often something follows from what S2 devices say."""

from asyncio import TimerHandle
from collections.abc import Callable
import math
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

_SHORTEST_PAUSE: Final = 0.1  # s
# What is stored moves slowly; a row of history for each second of it would only fill the recorder.
_PAUSE_OF_LEVELS: Final = 10.0  # s
_STEP_OF_LEVELS: Final = 0.01  # of the whole storage


class S2Pace:
    """Calls at once after a pause, and else what has gathered at its end: at most ten times a second for all devices.

    What one device's words set off (decisions, entities, measurements) is much and seldom; done for several devices in one
    go it costs half.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with nothing to call."""
        self._loop = hass.loop
        self._called_at = -_SHORTEST_PAUSE
        # Each once, in the order in which they were asked for.
        self._waiting: dict[Callable[[], None], None] = {}
        self._timer: TimerHandle | None = None

    @classmethod
    def of(cls, hass: HomeAssistant) -> S2Pace:
        """Return the one of this Home Assistant, which all S2 devices share."""
        pace = hass.data.get(_KEY)
        if pace is None:
            pace = hass.data[_KEY] = cls(hass)
        return pace

    @callback
    def async_call(self, callee: Callable[[], None]) -> None:
        """Call soon, once however often it is asked for until then."""
        if self._timer is None:
            pause = self._called_at + _SHORTEST_PAUSE - self._loop.time()
            if pause <= 0:
                self._called_at = self._loop.time()
                callee()
                return
            self._timer = self._loop.call_later(pause, self._async_call_waiting)
        self._waiting[callee] = None

    @callback
    def async_forget(self, callee: Callable[[], None]) -> None:
        """Do not call what waits to be called."""
        self._waiting.pop(callee, None)
        if not self._waiting and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @callback
    def _async_call_waiting(self) -> None:
        self._timer = None
        self._called_at = self._loop.time()
        waiting, self._waiting = self._waiting, {}
        for callee in waiting:
            # By the loop, which reports the failure of one and goes on with the others.
            self._loop.call_soon(callee)


class LevelPace:
    """Decides when what is stored is shown anew: when it comes, goes or has moved by a hundredth, and else every ten seconds."""

    def __init__(self, hass: HomeAssistant, show: Callable[[], None]) -> None:
        """Begin with nothing shown; what had to wait is shown by the callable, which asks again."""
        self._loop = hass.loop
        self._show = show
        self._share: float | None = None
        self._shown_at = -math.inf
        self._timer: TimerHandle | None = None

    @callback
    def async_is_due(self, share: float | None) -> bool:
        """Tell whether to show it now; if not, it will be in good time.

        Args:
            share: of the whole storage that is filled; None while that is not known, and then nothing waits.
        """
        now = self._loop.time()
        left = self._shown_at + _PAUSE_OF_LEVELS - now
        moved = abs(share - self._share) if share is not None and self._share is not None else 1.0
        if left > 0 and moved < _STEP_OF_LEVELS:
            if self._timer is None:
                self._timer = self._loop.call_later(left, self._async_show)
            return False
        self.async_cancel()
        self._share, self._shown_at = share, now
        return True

    @callback
    def async_cancel(self) -> None:
        """Show nothing later."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @callback
    def _async_show(self) -> None:
        self._timer = None
        self._shown_at = -math.inf
        self._show()


_KEY: HassKey[S2Pace] = HassKey("flexmeasures_s2_pace")
