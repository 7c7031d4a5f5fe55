"""Adding and changing the feeds of a site: which entity's readings go to which FlexMeasures sensor."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryData,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig, SelectOptionDict
import probatio

from .client import Sensor
from .const import (
    CONF_AGGREGATION,
    CONF_DIRECTION,
    CONF_ENTITY,
    CONF_HISTORY_DAYS,
    CONF_SENSOR,
    SUBENTRY_MEASUREMENT,
)
from .coordinator import SiteInventory
from .energy_dashboard import async_dashboard_entities
from .feed import Aggregation, has_direction, possible_aggregations
from .feed_forms import (
    CONF_ASSET,
    CONF_FEEDS,
    CONF_RESOLUTION,
    CONF_UNIT,
    FeedOptions,
    Fields,
    aggregations_of,
    async_texts_of_now,
    check_list,
    checked_sensor,
    checked_source,
    direction_of,
    feed_subentry,
    history_fields,
    options_of,
    other_dimension,
    sensor_fields,
    value_fields,
)
from .feed_proposals import Proposal, names_of_sensors, propose_feeds
from .feed_sensors import NewSensors, free_sensors
from .feed_source import FeedSource, async_direction_words
from .followed_entities import resolve_entity_id
from .forms import (
    FormError,
    dropdown,
    form_texts,
    lasting_id,
    sensor_options,
)
from .history import kept_days

if TYPE_CHECKING:
    from .data import FlexMeasuresConfigEntry

_NEW_SENSOR = "new"


class FeedFlow(ConfigSubentryFlow):
    """Asks for feeds: several from proposals, or one by hand; sensors are created when the last form is accepted."""

    def __init__(self) -> None:
        """Start without proposals and with an empty form."""
        self._proposals: dict[str, Proposal] = {}
        self._new_sensors = NewSensors()
        self._source: FeedSource
        self._sensor: Sensor

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask whether to choose from proposals, where there are any."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        await self._async_propose()
        if not self._proposals:
            return await self.async_step_feed()
        return self.async_show_menu(step_id="user", menu_options=["proposals", "feed"])

    async def async_step_proposals(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask which of the proposed feeds to add."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        problem = None
        ticked = [key for key, proposal in self._proposals.items() if proposal.is_certain]
        if user_input is not None:
            ticked = user_input[CONF_FEEDS]
            try:
                chosen = [self._proposals[key] for key in ticked]
                feeds = await self._async_make(chosen, options_of(user_input))
            except FormError as error:
                problem = error
                await self._async_propose()
                ticked = [key for key in ticked if key in self._proposals]
            else:
                return self._finish_several(feeds)
        words = await async_direction_words(self.hass)
        options = [
            SelectOptionDict(value=key, label=proposal.label(words))
            for key, proposal in self._proposals.items()
        ]
        days = kept_days(self.hass) if user_input is None else user_input.get(CONF_HISTORY_DAYS)
        schema = probatio.Schema(
            {
                probatio.Required(CONF_FEEDS, default=ticked): check_list(options),
                **history_fields(days),
            }
        )
        return self.async_show_form(
            step_id="proposals", data_schema=schema, **form_texts(schema, problem)
        )

    async def async_step_feed(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the entity and the sensor of one feed."""
        return await self._async_feed_step("feed", user_input, {})

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for changes of a feed."""
        stored = self._get_reconfigure_subentry().data
        suggested = {
            CONF_ENTITY: er.async_resolve_entity_id(er.async_get(self.hass), stored[CONF_ENTITY]),
            CONF_SENSOR: str(stored[CONF_SENSOR]),
        }
        return await self._async_feed_step("reconfigure", user_input, suggested)

    async def async_step_values(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask what becomes of the readings on their way to a sensor that exists."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        if user_input is not None:
            return self._finish(self._sensor, user_input)
        possible = possible_aggregations(
            self._source.unit, self._sensor.unit, self._sensor.resolution
        )
        suggested = await self._async_suggested_values(possible)
        return await self._async_show_values("values", possible, {}, suggested, None)

    async def async_step_create_sensor(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a new sensor and for what becomes of the readings on their way to it."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        possible = aggregations_of(self._source)
        problem = None
        if user_input is not None:
            try:
                self._sensor = checked_sensor(user_input, self._source, self.hass.config.time_zone)
                sensor = await self._new_sensors.async_create(
                    self._entry, self._sensor, direction_of(self._sensor, user_input)
                )
            except FormError as error:
                problem = error
            else:
                return self._finish(sensor, user_input)
        suggested = user_input
        if suggested is None:
            self._sensor = self._source.suitable_sensor(
                self._inventory.site.id,
                self.hass.config.time_zone,
                names_of_sensors(self._inventory),
            )
            suggested = {
                CONF_ASSET: str(self._sensor.asset_id),
                CONF_NAME: self._sensor.name,
                CONF_UNIT: self._sensor.unit,
                CONF_RESOLUTION: str(self._sensor.resolution // timedelta(minutes=1)),
                **await self._async_suggested_values(possible),
            }
        fields = sensor_fields(self._inventory.assets.values())
        return await self._async_show_values("create_sensor", possible, fields, suggested, problem)

    async def _async_propose(self) -> None:
        """Look for feeds that a person most likely wants, and keep them by entity."""
        fed = {
            resolve_entity_id(self.hass, subentry.data[CONF_ENTITY])
            for subentry in self._entry.get_subentries_of_type(SUBENTRY_MEASUREMENT)
        }
        proposals = propose_feeds(
            self.hass,
            self._inventory,
            free_sensors(self._entry),
            fed,
            await async_dashboard_entities(self.hass),
        )
        self._proposals = {proposal.source.entity_id: proposal for proposal in proposals}

    async def _async_make(
        self, chosen: list[Proposal], options: FeedOptions
    ) -> list[ConfigSubentryData]:
        """Return the chosen feeds with these options, once all their sensors exist.

        Raises:
            FormError: nothing was chosen, a sensor was taken meanwhile, or the server did not create one; what it did
                create is used the next time.
        """
        if not chosen:
            raise FormError(CONF_FEEDS, "nothing_chosen")
        free = free_sensors(self._entry)
        for proposal in chosen:
            if not proposal.creates_sensor and proposal.sensor.id not in free:
                raise FormError(CONF_FEEDS, "proposal_outdated", name=proposal.sensor.name)
        feeds = []
        for proposal in chosen:
            sensor = proposal.sensor
            if proposal.creates_sensor:
                sensor = await self._new_sensors.async_create(
                    self._entry, sensor, proposal.direction
                )
            feeds.append(
                self._feed(
                    proposal.source, sensor, proposal.aggregation, proposal.direction, options
                )
            )
        return feeds

    def _finish_several(self, feeds: list[ConfigSubentryData]) -> SubentryFlowResult:
        """Store the feeds: the first is this dialog's result, the others are put beside it."""
        first, *others = feeds
        for feed in others:
            self.hass.config_entries.async_add_subentry(
                self._entry,
                ConfigSubentry(
                    data=MappingProxyType(feed["data"]),
                    subentry_type=feed["subentry_type"],
                    title=feed["title"],
                    unique_id=feed["unique_id"],
                ),
            )
        return self.async_create_entry(
            title=first["title"], data=first["data"], unique_id=first["unique_id"]
        )

    async def _async_feed_step(
        self, step_id: str, user_input: dict[str, Any] | None, suggested: Mapping[str, Any]
    ) -> SubentryFlowResult:
        """Show entity and sensor, and go on once they go together."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        sensors = free_sensors(self._entry, self._changed_subentry)
        new = SelectOptionDict(value=_NEW_SENSOR, label=_NEW_SENSOR)
        options = [new, *sensor_options(sensors.values(), self._inventory.assets)]
        schema = probatio.Schema(
            {
                probatio.Required(CONF_ENTITY): EntitySelector(
                    EntitySelectorConfig(domain=["sensor", "number", "input_number"])
                ),
                probatio.Required(CONF_SENSOR): dropdown(options, "feed_sensor"),
            }
        )
        problem = None
        if user_input is not None:
            try:
                return await self._async_accept(user_input, sensors)
            except FormError as error:
                problem = error
        offered = {option["value"] for option in options}
        shown = {
            key: value
            for key, value in (suggested if user_input is None else user_input).items()
            if value is not None and (key != CONF_SENSOR or value in offered)
        }
        # Else the frontend chooses a sensor, which by oversight would get what is not its own.
        shown.setdefault(CONF_SENSOR, _NEW_SENSOR)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            **form_texts(schema, problem),
        )

    async def _async_accept(
        self, form: Mapping[str, Any], sensors: Mapping[int, Sensor]
    ) -> SubentryFlowResult:
        """Go on with an entity and a sensor.

        Raises:
            FormError: the entity cannot feed this sensor, or any.
        """
        self._source = checked_source(self.hass, form[CONF_ENTITY])
        if form[CONF_SENSOR] == _NEW_SENSOR:
            return await self.async_step_create_sensor()
        if int(form[CONF_SENSOR]) not in sensors:
            raise FormError(CONF_SENSOR, "sensor_used")
        self._sensor = sensors[int(form[CONF_SENSOR])]
        if self._source.aggregation_for(self._sensor) is None:
            raise other_dimension(CONF_SENSOR, self._source, self._sensor)
        return await self.async_step_values()

    async def _async_suggested_values(self, possible: tuple[Aggregation, ...]) -> dict[str, Any]:
        """Return what is stored with the feed, else what suits its entity and what the Energy dashboard knows."""
        source = self._source
        dashboard = await async_dashboard_entities(self.hass)
        known = dashboard.get(source.entity_id)
        suggested: dict[str, Any] = {
            CONF_AGGREGATION: str(source.preferred_aggregation(possible)),
            CONF_DIRECTION: (known and known.direction) or source.likely_direction,
        }
        changed = self._changed_subentry
        if (
            changed
            and changed.data[CONF_ENTITY] == lasting_id(self.hass, source.entity_id)
            and changed.data[CONF_AGGREGATION] in possible
        ):
            suggested |= changed.data
        return suggested

    async def _async_show_values(
        self,
        step_id: str,
        possible: tuple[Aggregation, ...],
        fields: Fields,
        suggested: Mapping[str, Any],
        problem: FormError | None,
    ) -> SubentryFlowResult:
        """Show how readings become values, after other fields, with a sentence about the reading of now."""
        asks_direction = any(has_direction(self._sensor.unit, item) for item in possible)
        schema = probatio.Schema(
            {
                **fields,
                **value_fields(possible, asks_direction),
                **({} if self._changed_subentry else history_fields(kept_days(self.hass))),
            }
        )
        now = await async_texts_of_now(self.hass, self._source, self._sensor, suggested)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            **form_texts(schema, problem, **now),
        )

    def _finish(self, sensor: Sensor, form: Mapping[str, Any]) -> SubentryFlowResult:
        """Store the feed; one that is changed keeps a title that a person gave it, while both sides stay."""
        changed = self._changed_subentry
        stored = changed.data if changed else {}
        feed = self._feed(
            self._source,
            sensor,
            Aggregation(form[CONF_AGGREGATION]),
            direction_of(sensor, form),
            options_of({CONF_HISTORY_DAYS: stored.get(CONF_HISTORY_DAYS), **form}),
        )
        title, data, unique_id = feed["title"], feed["data"], feed["unique_id"]
        if changed is None:
            return self.async_create_entry(title=title, data=data, unique_id=unique_id)
        if all(changed.data[key] == data[key] for key in (CONF_ENTITY, CONF_SENSOR)):
            title = changed.title
        return self.async_update_and_abort(
            self._entry, changed, title=title, data=data, unique_id=unique_id
        )

    def _feed(
        self,
        source: FeedSource,
        sensor: Sensor,
        aggregation: Aggregation,
        direction: str | None,
        options: FeedOptions,
    ) -> ConfigSubentryData:
        asset = self._inventory.assets[sensor.asset_id]
        return feed_subentry(self.hass, source, asset, sensor, aggregation, direction, options)

    @property
    def _entry(self) -> FlexMeasuresConfigEntry:
        return self._get_entry()

    @property
    def _inventory(self) -> SiteInventory:
        return self._entry.runtime_data.inventory.data

    @property
    def _changed_subentry(self) -> ConfigSubentry | None:
        return self._get_reconfigure_subentry() if self.source == SOURCE_RECONFIGURE else None
