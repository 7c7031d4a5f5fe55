"""What the Energy dashboard already knows: which entities measure the home, and what their numbers mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from homeassistant.core import HomeAssistant, valid_entity_id

from .const import DIRECTION_CONSUMPTION, DIRECTION_PRODUCTION
from .feed import opposite

# Stands for the name of the site itself: what passes the grid connection is the site's power.
SITE = "site"

# By kind of source: what its "from" and its positive power mean, and words by which FlexMeasures' users call it.
_SOURCES = {
    "grid": (DIRECTION_CONSUMPTION, frozenset({"grid", "meter", SITE})),
    "solar": (DIRECTION_PRODUCTION, frozenset({"pv", "solar"})),
    "battery": (DIRECTION_PRODUCTION, frozenset({"battery"})),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardEntity:
    """An entity that the Energy dashboard uses.

    Attributes:
        direction: what a positive number, or a counter that grows, means; None when it has no direction.
        words: what it belongs to.
        is_best: whether no other entity of the dashboard tells the same thing better, as power does for a counter.
    """

    entity_id: str
    direction: str | None
    words: frozenset[str] = frozenset()
    is_best: bool = True


async def async_dashboard_entities(hass: HomeAssistant) -> dict[str, DashboardEntity]:
    """Return the entities of the Energy dashboard by entity id; none when there is no dashboard."""
    if "energy" not in hass.config.components:
        return {}
    # Only where it is loaded: importing it brings the recorder, which not every Home Assistant has.
    from homeassistant.components.energy.data import async_get_manager  # noqa: PLC0415

    preferences: Mapping[str, object] | None = (await async_get_manager(hass)).data
    entities: dict[str, DashboardEntity] = {}
    for entity in _entities_of(preferences or {}):
        entities.setdefault(entity.entity_id, entity)
    return entities


def _entities_of(preferences: Mapping[str, object]) -> Iterator[DashboardEntity]:
    for source in _objects(preferences, "energy_sources"):
        yield from _entities_of_source(source)
    for device in _objects(preferences, "device_consumption"):
        power = _entity(device, "stat_rate")
        for entity_id, is_best in (
            (power, True),
            (_entity(device, "stat_consumption"), power is None),
        ):
            if entity_id:
                yield DashboardEntity(
                    entity_id=entity_id, direction=DIRECTION_CONSUMPTION, is_best=is_best
                )


def _entities_of_source(source: Mapping[str, object]) -> Iterator[DashboardEntity]:
    """Yield the entities of a grid connection, solar panels or a battery.

    Where the power is inverted or comes from two entities, Home Assistant makes one in the usual sign, `stat_rate`.
    """
    kind = source.get("type")
    if not isinstance(kind, str) or kind not in _SOURCES:
        return
    outward, words = _SOURCES[kind]
    inward = opposite(outward)
    settings = source.get("power_config")
    power = settings if isinstance(settings, dict) else {}
    inverted = _entity(power, "stat_rate_inverted")
    rate = _entity(source, "stat_rate") or _entity(power, "stat_rate")
    has_power = bool(inverted or rate)
    for entity_id, direction, is_best in (
        (inverted, inward, True),
        (rate, outward, inverted is None),
        (_entity(power, "stat_rate_from"), outward, False),
        (_entity(power, "stat_rate_to"), inward, False),
        (_entity(source, "stat_energy_from"), outward, not has_power),
        (_entity(source, "stat_energy_to"), inward, not has_power),
        (_entity(source, "stat_soc"), None, True),
        (_entity(source, "entity_energy_price"), None, True),
        (_entity(source, "entity_energy_price_export"), None, True),
    ):
        if entity_id:
            yield DashboardEntity(
                entity_id=entity_id, direction=direction, words=words, is_best=is_best
            )


def _objects(preferences: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    found = preferences.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _entity(source: Mapping[str, object], key: str) -> str | None:
    """Return the entity id; None for a statistic that comes from elsewhere."""
    value = source.get(key)
    return value if isinstance(value, str) and valid_entity_id(value) else None
