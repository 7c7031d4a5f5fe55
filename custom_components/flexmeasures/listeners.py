"""Callables to call when something changed."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback


class Listeners:
    """Who wants to know of a change."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listeners: list[Callable[[], None]] = []

    @callback
    def async_add(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call the listener at every change; the callable returned ends that."""
        self._listeners.append(listener)

        @callback
        def remove() -> None:
            self._listeners.remove(listener)

        return remove

    @callback
    def async_call(self) -> None:
        """Tell everybody."""
        for listener in list(self._listeners):
            listener()
