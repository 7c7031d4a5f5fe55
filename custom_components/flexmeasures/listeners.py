"""Callables to call when something changed."""

import asyncio
from collections.abc import Callable
from itertools import batched

from homeassistant.core import CALLBACK_TYPE, callback

# An entity that writes its state takes up to 0.1 ms: with so many at once the event loop is held up for less than 1 ms.
_AT_ONCE = 5


class Listeners:
    """Who wants to know of a change."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listeners: dict[object, Callable[[], None]] = {}

    def __bool__(self) -> bool:
        """Tell whether anybody wants to know."""
        return bool(self._listeners)

    @callback
    def async_add(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call the listener at every change; the callable returned ends that."""
        key = object()
        self._listeners[key] = listener

        @callback
        def remove() -> None:
            self._listeners.pop(key, None)

        return remove

    @callback
    def async_once(self, is_so: Callable[[], bool], act: Callable[[], None]) -> CALLBACK_TYPE:
        """Act as soon as something is so, now or after a change, unless the callable returned is called before."""
        stops: list[CALLBACK_TYPE] = []

        @callback
        def look() -> None:
            if is_so():
                stop()
                act()

        @callback
        def stop() -> None:
            while stops:
                stops.pop()()

        stops.append(self.async_add(look))
        look()
        return stop

    @callback
    def async_call(self) -> None:
        """Tell everybody."""
        for listener in list(self._listeners.values()):
            listener()

    async def async_call_in_turns(self) -> None:
        """Tell everybody, a few at a time, where there may be very many."""
        for keys in batched(list(self._listeners), _AT_ONCE, strict=False):
            for key in keys:
                # Who left meanwhile does not want to know any more.
                if listener := self._listeners.get(key):
                    listener()
            await asyncio.sleep(0)
