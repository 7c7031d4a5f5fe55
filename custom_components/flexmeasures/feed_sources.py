"""Looks after the entities that are measured: one that is gone or disabled would be missed by nobody."""

from collections.abc import Sequence
from functools import partial

from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_entity_registry_updated_event
from homeassistant.helpers.start import async_at_started

from .data import FlexMeasuresConfigEntry
from .delivery import Delivery
from .feed import Feed
from .followed_entities import resolve_entity_id
from .repairs import async_update_source_issue


@callback
def async_look_after_sources(
    hass: HomeAssistant,
    entry: FlexMeasuresConfigEntry,
    delivery: Delivery,
    feeds: Sequence[Feed],
) -> None:
    """Raise an issue for each feed whose entity gives no readings, until the entry is unloaded.

    They are looked at when something happens to them, and with each interval, since not every entity is registered.
    """

    @callback
    def look_at(feed: Feed) -> None:
        # While Home Assistant starts, entities are still to come.
        if hass.state is CoreState.running:
            async_update_source_issue(hass, entry, feed, _problem_of_source(hass, feed))

    @callback
    def changed(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        for feed in feeds:
            look_at(feed)

    @callback
    def started(hass: HomeAssistant) -> None:
        for feed in feeds:
            look_at(feed)

    entity_ids = [resolve_entity_id(hass, feed.entity) for feed in feeds]
    for stop in (
        async_at_started(hass, started),
        async_track_entity_registry_updated_event(hass, entity_ids, changed),
        *(delivery.listeners.async_add(partial(look_at, feed)) for feed in feeds),
    ):
        entry.async_on_unload(stop)


def _problem_of_source(hass: HomeAssistant, feed: Feed) -> str | None:
    """Return the key of the issue that the feed's entity is; None when it is there."""
    entity_id = resolve_entity_id(hass, feed.entity)
    registered = er.async_get(hass).async_get(entity_id)
    if registered is None:
        return None if hass.states.get(entity_id) else "feed_entity_gone"
    return "feed_entity_disabled" if registered.disabled else None
