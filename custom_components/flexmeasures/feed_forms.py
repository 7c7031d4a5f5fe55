"""The forms of a feed: their fields, what is refused in them, and what is stored."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import probatio

from .client import Asset, Sensor
from .const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_ENTITY,
    CONF_HISTORY_DAYS,
    CONF_LONGEST_HOLD,
    CONF_MAXIMUM_POWER,
    CONF_SENSOR,
    DIRECTION_CONSUMPTION,
    DIRECTION_PRODUCTION,
    DOMAIN,
    SUBENTRY_MEASUREMENT,
)
from .feed import Aggregation, has_direction, possible_aggregations
from .feed_source import NOT_CREATED, FeedSource, async_direction_words
from .forms import FormError, dropdown, lasting_id, refuse_empty
from .units import is_energy

CONF_ASSET = "asset"
CONF_FEEDS = "feeds"
CONF_RESOLUTION = "resolution"
CONF_UNIT = "unit"

# Minutes; 0 for instantaneous readings. What FlexMeasures' own examples and electricity markets use.
_RESOLUTIONS = ("0", "1", "5", "15", "30", "60")
# Forecasts learn from a year at most; each day of a feed takes the recorder a second at worst.
_MOST_HISTORY_DAYS = 366

type Fields = Mapping[probatio.Marker, Selector[Any]]
type FeedOptions = Mapping[str, float]


def check_list(options: Iterable[SelectOptionDict]) -> SelectSelector:
    """Return a selector of any number of the options."""
    return SelectSelector(
        SelectSelectorConfig(options=list(options), multiple=True, mode=SelectSelectorMode.LIST)
    )


def value_fields(possible: Iterable[Aggregation], asks_direction: bool) -> Fields:
    """Return the fields that tell how readings become values."""
    possible = tuple(possible)
    fields: dict[probatio.Marker, Selector[Any]] = {
        probatio.Required(CONF_AGGREGATION): dropdown(_plain(possible), "aggregation")
    }
    if asks_direction:
        directions = _plain((DIRECTION_CONSUMPTION, DIRECTION_PRODUCTION))
        fields[probatio.Required(CONF_DIRECTION)] = dropdown(directions, "direction")
    if any(item.is_counter for item in possible):
        fields[probatio.Optional(CONF_MAXIMUM_POWER)] = _number("kW", minimum=0.001)
    fields[probatio.Optional(CONF_LONGEST_HOLD)] = _number("min", minimum=1)
    return fields


def history_fields(days: int | None) -> Fields:
    """Return the field that tells how much of the past to send; none where there is no recorder to ask.

    Args:
        days: what is suggested; None without a recorder.
    """
    if days is None:
        return {}
    selector = _number("d", minimum=0, maximum=_MOST_HISTORY_DAYS)
    return {probatio.Required(CONF_HISTORY_DAYS, default=days): selector}


def options_of(form: Mapping[str, Any]) -> FeedOptions:
    """Return what a feed stores of the fields that may be left empty; zero days are none."""
    keys = (CONF_MAXIMUM_POWER, CONF_LONGEST_HOLD, CONF_HISTORY_DAYS)
    return {key: form[key] for key in keys if form.get(key)}


def sensor_fields(assets: Iterable[Asset]) -> Fields:
    """Return the fields of a new sensor under one of the assets."""
    options = [SelectOptionDict(value=str(asset.id), label=asset.name) for asset in assets]
    options.sort(key=lambda option: option["label"].casefold())
    return {
        probatio.Required(CONF_ASSET): dropdown(options),
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Required(CONF_UNIT): TextSelector(),
        probatio.Required(CONF_RESOLUTION): dropdown(_plain(_RESOLUTIONS), "resolution"),
    }


def aggregations_of(source: FeedSource) -> tuple[Aggregation, ...]:
    """Return how the entity's readings may become values of some sensor."""
    return tuple(item for item in Aggregation if is_energy(source.unit) or not item.is_counter)


def checked_source(hass: HomeAssistant, entity: str) -> FeedSource:
    """Return an entity that may feed a sensor.

    Raises:
        FormError: it does not exist, is our own, or has no unit.
    """
    source = FeedSource.of(hass, entity)
    if source is None:
        raise FormError(CONF_ENTITY, "entity_not_found")
    registered = er.async_get(hass).async_get(source.entity_id)
    if registered is not None and registered.platform == DOMAIN:
        raise FormError(CONF_ENTITY, "own_entity")
    if not source.unit:
        raise FormError(CONF_ENTITY, "entity_without_unit")
    return source


def checked_sensor(form: Mapping[str, Any], source: FeedSource, timezone: str) -> Sensor:
    """Return the sensor of a form, not created yet.

    Raises:
        FormError: a text is empty, or unit, resolution and aggregation do not suit the entity.
    """
    refuse_empty(form, CONF_NAME, CONF_UNIT)
    sensor = Sensor(
        id=NOT_CREATED,
        name=form[CONF_NAME].strip(),
        unit=form[CONF_UNIT].strip(),
        resolution=timedelta(minutes=int(form[CONF_RESOLUTION])),
        timezone=timezone,
        asset_id=int(form[CONF_ASSET]),
    )
    possible = possible_aggregations(source.unit, sensor.unit, sensor.resolution)
    if not possible:
        raise other_dimension(CONF_UNIT, source, sensor)
    if form[CONF_AGGREGATION] not in possible:
        raise FormError(CONF_AGGREGATION, "aggregation_not_possible")
    return sensor


def direction_of(sensor: Sensor, form: Mapping[str, Any]) -> str | None:
    """Return what a positive number means; None when the values have no direction."""
    has_one = has_direction(sensor.unit, Aggregation(form[CONF_AGGREGATION]))
    return form[CONF_DIRECTION] if has_one else None


async def async_texts_of_now(
    hass: HomeAssistant, source: FeedSource, sensor: Sensor, form: Mapping[str, Any]
) -> dict[str, str]:
    """Return what the entity shows now and what would be sent, for the sentence in a form."""
    words = await async_direction_words(hass)
    aggregation = Aggregation(form[CONF_AGGREGATION])
    sent = source.sent_text(sensor, aggregation, direction_of(sensor, form), words)
    return {"entity": source.name, "state": source.state_text(), "sent": sent}


def other_dimension(field: str, source: FeedSource, sensor: Sensor) -> FormError:
    """Return the sentence for units that do not go together."""
    return FormError(
        field, "unit_mismatch", entity_unit=source.unit or "", sensor_unit=sensor.unit or "-"
    )


def feed_subentry(
    hass: HomeAssistant,
    source: FeedSource,
    asset: Asset,
    sensor: Sensor,
    aggregation: Aggregation,
    direction: str | None,
    options: FeedOptions,
) -> ConfigSubentryData:
    """Return a feed as it is stored, named after both sides; the direction is None for values that have none."""
    data: dict[str, Any] = {
        CONF_ENTITY: lasting_id(hass, source.entity_id),
        CONF_SENSOR: sensor.id,
        CONF_AGGREGATION: str(aggregation),
        **options,
    }
    if not aggregation.is_counter:
        data.pop(CONF_MAXIMUM_POWER, None)
    if direction is not None:
        data[CONF_DIRECTION] = direction
    return ConfigSubentryData(
        data=data,
        subentry_type=SUBENTRY_MEASUREMENT,
        title=f"{source.name} → {asset.name}: {sensor.name}",
        unique_id=f"feed_{sensor.id}",
    )


def _number(unit: str, *, minimum: float, maximum: float | None = None) -> NumberSelector:
    config = NumberSelectorConfig(
        mode=NumberSelectorMode.BOX, step="any", min=minimum, unit_of_measurement=unit
    )
    if maximum is not None:
        config["max"] = maximum
    return NumberSelector(config)


def _plain(values: Iterable[str]) -> list[SelectOptionDict]:
    """Return options whose labels are translated."""
    return [SelectOptionDict(value=value, label=value) for value in values]
