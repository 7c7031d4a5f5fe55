"""A Home Assistant entity as the source of a feed: what it measures, and what suits it in FlexMeasures."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Self

from homeassistant.components.sensor import ATTR_STATE_CLASS, SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    PERCENTAGE,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import slugify

from .client import Sensor
from .const import DIRECTION_CONSUMPTION, DIRECTION_PRODUCTION, DOMAIN
from .feed import (
    Aggregation,
    number_of,
    opposite,
    possible_aggregations,
    reading_in_unit,
)
from .forms import known_entity_id, unit_of_entity
from .units import UnitError, is_energy, is_power

NOT_CREATED = 0
NOTHING = "?"

# The resolution of day-ahead prices in most of Europe, and of FlexMeasures' own examples.
_USUAL_RESOLUTION = timedelta(minutes=15)
_INSTANTANEOUS = timedelta(0)
_TOTALS = {SensorStateClass.TOTAL, SensorStateClass.TOTAL_INCREASING}
_LEVELS = {SensorDeviceClass.BATTERY, SensorDeviceClass.ENERGY_STORAGE}
_TEMPERATURES = set(UnitOfTemperature)
# Words in the name of an entity that tells production with positive numbers; every other name says too little.
_PRODUCTION_WORDS = {"export", "generation", "production", "pv", "solar"}
# Words that many names share, so that they do not tell which sensor an entity belongs to.
_COMMON_WORDS = {"energy", "of", "power", "sensor", "the", "total"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSource:
    """An entity and what it shows now.

    Attributes:
        number: None while it shows none.
    """

    entity_id: str
    name: str
    unit: str | None
    number: float | None
    device_class: str | None
    state_class: str | None

    @classmethod
    def of(cls, hass: HomeAssistant, entity: str) -> Self | None:
        """Return the entity with this registry id or entity id; None when it does not exist."""
        if (entity_id := known_entity_id(hass, entity)) is None:
            return None
        state = hass.states.get(entity_id)
        registered = er.async_get(hass).async_get(entity_id)
        registered_name = registered and (registered.name or registered.original_name)
        attributes = state.attributes if state else {}
        return cls(
            entity_id=entity_id,
            name=state.name if state else registered_name or entity_id,
            unit=unit_of_entity(hass, entity_id),
            number=number_of(state) if state else None,
            device_class=attributes.get(ATTR_DEVICE_CLASS),
            state_class=attributes.get(ATTR_STATE_CLASS),
        )

    @property
    def is_counter(self) -> bool:
        """True for a meter that adds energy up."""
        return is_energy(self.unit) and (
            self.state_class in _TOTALS
            or (self.state_class is None and self.device_class == SensorDeviceClass.ENERGY)
        )

    @property
    def is_level(self) -> bool:
        """True for what is stored, such as a state of charge."""
        return self.device_class in _LEVELS or (is_energy(self.unit) and not self.is_counter)

    @property
    def words(self) -> frozenset[str]:
        """The words of its name that may tell what it belongs to."""
        return words_of(self.name)

    @property
    def likely_direction(self) -> str:
        """What a positive number most likely means, from the name alone."""
        is_production = not _PRODUCTION_WORDS.isdisjoint(self.words)
        return DIRECTION_PRODUCTION if is_production else DIRECTION_CONSUMPTION

    def preferred_aggregation(self, possible: tuple[Aggregation, ...]) -> Aggregation:
        """Return the aggregation that suits what is measured; one of the possible ones, of which there is at least one."""
        preferred: tuple[Aggregation, ...] = (Aggregation.MEAN,)
        if self.is_counter:
            preferred = (Aggregation.COUNTER_TO_POWER, Aggregation.COUNTER_TO_ENERGY)
        elif self.is_level:
            preferred = (Aggregation.LAST,)
        return next((item for item in preferred if item in possible), possible[0])

    def aggregation_for(self, sensor: Sensor) -> Aggregation | None:
        """Return the aggregation that suits entity and sensor; None when they do not go together."""
        possible = possible_aggregations(self.unit, sensor.unit, sensor.resolution)
        return self.preferred_aggregation(possible) if possible else None

    def suitable_sensor(
        self, asset_id: int, timezone: str, taken: Collection[tuple[int, str]]
    ) -> Sensor:
        """Return a sensor that suits the entity and is not created yet; power also for a counter of energy.

        Args:
            asset_id: what it will belong to.
            timezone: IANA name.
            taken: asset and name of the sensors that exist; the server wants names to differ within an asset.
        """
        unit = (self.unit or "").replace("€", "EUR").replace("£", "GBP")
        resolution = _USUAL_RESOLUTION
        if is_power(self.unit) or self.is_counter:
            unit = UnitOfPower.KILO_WATT
        elif self.is_level:
            unit = PERCENTAGE if unit == PERCENTAGE else UnitOfEnergy.KILO_WATT_HOUR
            resolution = _INSTANTANEOUS
        elif unit in _TEMPERATURES:
            unit = UnitOfTemperature.CELSIUS
        return Sensor(
            id=NOT_CREATED,
            name=next(name for name in _names(self.name) if (asset_id, name) not in taken),
            unit=unit,
            resolution=resolution,
            timezone=timezone,
            asset_id=asset_id,
        )

    def state_text(self) -> str:
        """Return what the entity shows now, with its unit."""
        return NOTHING if self.number is None else f"{self.number:.6g} {self.unit}"

    def sent_text(
        self,
        sensor: Sensor,
        aggregation: Aggregation,
        direction: str | None,
        words: Mapping[str, str],
    ) -> str:
        """Return what the sensor would get now, in words: a negative consumption is a production.

        Args:
            sensor: where it would be stored.
            aggregation: of a counter only the unit can be told.
            direction: what a positive number means; None when it has no direction.
            words: what the directions are called.
        """
        if aggregation.is_counter and direction:
            return f"{sensor.unit} {words[direction]}"
        if self.number is None:
            return NOTHING
        try:
            value = reading_in_unit(self.number, self.unit, sensor.unit, aggregation)
        except UnitError:
            return NOTHING
        if direction is None:
            return f"{value:.6g} {sensor.unit}"
        if value < 0:
            direction = opposite(direction)
        return f"{abs(value):.6g} {sensor.unit} {words[direction]}"


def _names(name: str) -> Iterator[str]:
    """Yield the name, and then with numbers."""
    yield name
    yield from (f"{name} {number}" for number in count(2))


def words_of(*names: str) -> frozenset[str]:
    """Return the words in names, except those that many names share."""
    return frozenset(word for name in names for word in slugify(name).split("_")) - _COMMON_WORDS


async def async_direction_words(hass: HomeAssistant) -> dict[str, str]:
    """Return what the directions are called, in Home Assistant's language: a form's sentence cannot translate them."""
    texts = await async_get_translations(hass, hass.config.language, "selector", [DOMAIN])
    return {
        direction: texts[f"component.{DOMAIN}.selector.direction.options.{direction}"].lower()
        for direction in (DIRECTION_CONSUMPTION, DIRECTION_PRODUCTION)
    }
