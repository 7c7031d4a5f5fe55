"""Follows entities wherever people rename them to."""

from collections.abc import Callable, Iterable

from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_registry import EventEntityRegistryUpdatedData
from homeassistant.helpers.event import (
    async_track_entity_registry_updated_event,
    async_track_state_change_event,
)


def resolve_entity_id(hass: HomeAssistant, registry_or_entity_id: str) -> str:
    """Return the entity id that the stored reference means today; renames are followed."""
    resolved = er.async_resolve_entity_id(er.async_get(hass), registry_or_entity_id)
    return resolved or registry_or_entity_id


class FollowedEntities:
    """Tells of every state of some entities.

    When it fails, a device is controlled by what was true before somebody renamed an entity.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        references: Iterable[str],
        changed: Callable[[Event[EventStateChangedData] | None], None],
    ) -> None:
        """Prepare following.

        Args:
            hass: has the entities.
            references: registry ids or entity ids.
            changed: called with every change of state, and with None when an entity was renamed, added or removed.
        """
        self._hass = hass
        self._references = frozenset(references)
        self._changed = changed
        self._stops: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Follow until the callable returned is called."""
        self._async_follow()
        return self._async_stop

    @callback
    def _async_follow(self) -> None:
        entity_ids = {resolve_entity_id(self._hass, reference) for reference in self._references}
        if not entity_ids:
            return
        self._stops = [
            async_track_state_change_event(self._hass, entity_ids, self._changed),
            async_track_entity_registry_updated_event(
                self._hass, entity_ids, self._async_registered
            ),
        ]

    @callback
    def _async_stop(self) -> None:
        for stop in self._stops:
            stop()
        self._stops = []

    @callback
    def _async_registered(self, event: Event[EventEntityRegistryUpdatedData]) -> None:
        if event.data["action"] == "update" and "entity_id" not in event.data["changes"]:
            return
        self._async_stop()
        self._async_follow()
        self._changed(None)
