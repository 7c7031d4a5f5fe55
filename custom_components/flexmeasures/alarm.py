"""A call at one time to come."""

from collections.abc import Callable
from datetime import datetime, timedelta

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_point_in_utc_time


class Alarm:
    """Calls once, at the time that was set last.

    Without it a part that sets another time would be called at both, or after it has ended.
    """

    def __init__(self, hass: HomeAssistant, ring: Callable[[], None]) -> None:
        """Prepare; nothing is set yet."""
        self._hass = hass
        self._ring = ring
        self._cancel: CALLBACK_TYPE | None = None

    @property
    def is_set(self) -> bool:
        """Return whether it is going to ring."""
        return self._cancel is not None

    @callback
    def async_set_at(self, time: datetime) -> None:
        """Ring at the time (aware), at once if that has passed, and at no other."""
        self.async_cancel()
        self._cancel = async_track_point_in_utc_time(self._hass, self._async_due, time)

    @callback
    def async_set_in(self, delay: timedelta) -> None:
        """Ring after the delay, whatever the clock shows by then, and at no other time."""
        self.async_cancel()
        self._cancel = async_call_later(self._hass, delay, self._async_due)

    @callback
    def async_cancel(self) -> None:
        """Do not ring, until it is set again."""
        if self._cancel:
            self._cancel()
            self._cancel = None

    @callback
    def _async_due(self, now: datetime) -> None:
        self._cancel = None
        self._ring()
