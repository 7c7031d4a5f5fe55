"""Pairs of a Home Assistant entity and a FlexMeasures sensor that a person most likely wants to feed."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .client import Asset, Sensor
from .const import DOMAIN
from .coordinator import SiteInventory
from .energy_dashboard import SITE, DashboardEntity
from .feed import Aggregation, has_direction
from .feed_source import NOT_CREATED, FeedSource, words_of

# The first to find its sensor gets it: power before a counter of the same device.
_DEVICE_CLASSES = (
    SensorDeviceClass.POWER,
    SensorDeviceClass.BATTERY,
    SensorDeviceClass.ENERGY_STORAGE,
    SensorDeviceClass.TEMPERATURE,
    SensorDeviceClass.ENERGY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A feed that is not there yet.

    Attributes:
        sensor: of the site, or one that is still to be created.
        direction: what a positive number means; None when it has no direction.
        is_certain: whether the Energy dashboard says that this entity measures the home.
    """

    source: FeedSource
    asset: Asset
    sensor: Sensor
    aggregation: Aggregation
    direction: str | None
    is_certain: bool

    @property
    def creates_sensor(self) -> bool:
        """True when FlexMeasures has no sensor for the entity yet."""
        return self.sensor.id == NOT_CREATED

    def label(self, words: Mapping[str, str]) -> str:
        """Return both sides with what is told now; the star marks what has to be created."""
        sent = self.source.sent_text(self.sensor, self.aggregation, self.direction, words)
        star = " *" if self.creates_sensor else ""
        return (
            f"{self.source.name} ({self.source.state_text()}) → "
            f"{self.asset.name}: {self.sensor.name} ({sent}){star}"
        )


def propose_feeds(
    hass: HomeAssistant,
    inventory: SiteInventory,
    free: Mapping[int, Sensor],
    fed: Collection[str],
    dashboard: Mapping[str, DashboardEntity],
) -> list[Proposal]:
    """Return proposals, each entity and each sensor at most once, those that are certain first.

    Args:
        hass: where the entities are.
        inventory: the site.
        free: the site's sensors that a feed may fill.
        fed: entity ids that have a feed already.
        dashboard: what the Energy dashboard knows.
    """
    remaining = dict(free)
    names = names_of_sensors(inventory)
    proposals = []
    for source in _sources(hass, dashboard):
        if source.entity_id not in fed:
            known = dashboard.get(source.entity_id)
            proposal = _propose(source, known, inventory, remaining, names, hass.config.time_zone)
            if proposal is not None:
                remaining.pop(proposal.sensor.id, None)
                names.add((proposal.sensor.asset_id, proposal.sensor.name))
                proposals.append(proposal)
    return proposals


def names_of_sensors(inventory: SiteInventory) -> set[tuple[int, str]]:
    """Return asset and name of every sensor of the site."""
    return {(sensor.asset_id, sensor.name) for sensor in inventory.sensors.values()}


def _sources(hass: HomeAssistant, dashboard: Mapping[str, DashboardEntity]) -> Iterator[FeedSource]:
    """Yield the entities that measure something of use: the dashboard's, then others by device class and name."""
    for known in dashboard.values():
        if known.is_best and (source := FeedSource.of(hass, known.entity_id)):
            yield source
    others = [
        source
        for entity_id in sorted(hass.states.async_entity_ids(SENSOR_DOMAIN))
        if entity_id not in dashboard
        and not _is_ours_or_hidden(hass, entity_id)
        and (source := FeedSource.of(hass, entity_id))
    ]
    for device_class in _DEVICE_CLASSES:
        yield from (source for source in others if source.device_class == device_class)


def _is_ours_or_hidden(hass: HomeAssistant, entity_id: str) -> bool:
    registered = er.async_get(hass).async_get(entity_id)
    return registered is not None and (registered.platform == DOMAIN or registered.hidden)


def _propose(
    source: FeedSource,
    known: DashboardEntity | None,
    inventory: SiteInventory,
    sensors: Mapping[int, Sensor],
    names: Collection[tuple[int, str]],
    timezone: str,
) -> Proposal | None:
    """Return the best pair for an entity.

    Every home has many thermometers and batteries, so a sensor is created only for power, and for what the Energy
    dashboard uses; others are proposed where their name leads to a sensor.
    """
    words = source.words | (known.words if known else frozenset())
    sensor = _best_sensor(source, words, inventory, sensors)
    if sensor is None:
        if not (known or source.device_class == SensorDeviceClass.POWER):
            return None
        sensor = source.suitable_sensor(_best_asset(words, inventory).id, timezone, names)
    if (aggregation := source.aggregation_for(sensor)) is None:
        return None
    direction = (known and known.direction) or source.likely_direction
    return Proposal(
        source=source,
        asset=inventory.assets[sensor.asset_id],
        sensor=sensor,
        aggregation=aggregation,
        direction=direction if has_direction(sensor.unit, aggregation) else None,
        is_certain=known is not None,
    )


def _best_sensor(
    source: FeedSource,
    words: frozenset[str],
    inventory: SiteInventory,
    sensors: Mapping[int, Sensor],
) -> Sensor | None:
    """Return the sensor whose own and whose asset's name has most words in common; None when none has any."""
    scores = {
        sensor.id: len(words & _words_of_sensor(sensor, inventory))
        for sensor in sensors.values()
        if source.aggregation_for(sensor)
    }
    best = max(scores, key=lambda sensor_id: scores[sensor_id], default=None)
    return sensors[best] if best is not None and scores[best] else None


def _best_asset(words: frozenset[str], inventory: SiteInventory) -> Asset:
    """Return the asset whose name has most words in common; the site when no asset below it has any."""

    def score(asset: Asset) -> tuple[int, bool]:
        common = len(words & words_of(asset.name, asset.type_name))
        return common, asset.id != inventory.site.id and common > 0

    return max((inventory.site, *inventory.assets.values()), key=score)


def _words_of_sensor(sensor: Sensor, inventory: SiteInventory) -> frozenset[str]:
    asset = inventory.assets[sensor.asset_id]
    words = words_of(asset.name, asset.type_name, sensor.name)
    return words | {SITE} if asset.id == inventory.site.id else words
