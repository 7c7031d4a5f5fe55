"""Adding and changing the flexible devices of a site."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import (
    CONF_NAME,
    PERCENTAGE,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    TextSelector,
)
import probatio

from .client import Asset, JsonObject, Sensor
from .const import (
    CONF_CAPACITY,
    CONF_CHARGING_POWER,
    CONF_DISCHARGING_POWER,
    CONF_KIND,
    CONF_MAXIMUM_STATE_OF_CHARGE,
    CONF_MINIMUM_STATE_OF_CHARGE,
    CONF_POWER_SENSOR,
    CONF_ROUNDTRIP_EFFICIENCY,
    CONF_SENSOR,
    CONF_SETPOINT_ENTITY,
    CONF_SETPOINT_SIGN,
    CONF_STATE_OF_CHARGE_ENTITY,
    DOMAIN,
    KIND_BATTERY,
    SETPOINT_CONSUMPTION_POSITIVE,
    SETPOINT_PRODUCTION_POSITIVE,
    SUBENTRY_FLEXIBLE_DEVICE,
    SUBENTRY_MEASUREMENT,
)
from .forms import (
    BASE,
    FormError,
    dropdown,
    errors_for_forms,
    form_texts,
    known_entity_id,
    lasting_id,
    refuse_empty,
    sensor_options,
    unit_of_entity,
)
from .scheduling import Battery, FlexModelError
from .units import is_energy, is_power

if TYPE_CHECKING:
    from .data import FlexMeasuresConfigEntry

_NEW_SENSOR = "new"
_DEVICE_TYPE = "battery"
_NEW_SENSOR_NAME = "power"
_NEW_SENSOR_UNIT = UnitOfPower.KILO_WATT
# The resolution of day-ahead prices in most of Europe, and of FlexMeasures' own examples.
_NEW_SENSOR_RESOLUTION = timedelta(minutes=15)
# Schedules are stored with charging positive, as people read a battery's plan; the server's default is the opposite.
_NEW_SENSOR_ATTRIBUTES: JsonObject = {"consumption_is_positive": True}

_ENTITY_FIELDS = (CONF_STATE_OF_CHARGE_ENTITY, CONF_SETPOINT_ENTITY)
# Most home batteries keep a few percent to protect themselves and lose about a tenth of what they store.
_SUGGESTED = {
    CONF_MINIMUM_STATE_OF_CHARGE: 5,
    CONF_MAXIMUM_STATE_OF_CHARGE: 100,
    CONF_ROUNDTRIP_EFFICIENCY: 90,
    CONF_SETPOINT_SIGN: SETPOINT_CONSUMPTION_POSITIVE,
}


class FlexibleDeviceFlow(ConfigSubentryFlow):
    """Asks for a battery: where its power is planned, how full it is, what it can do and how it is controlled."""

    def __init__(self) -> None:
        """Start with an empty form."""
        self._form: dict[str, Any] = {}
        self._new_asset: Asset | None = None

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new flexible device."""
        return await self._async_battery_step("user", user_input, _SUGGESTED)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for changes of a flexible device."""
        stored = dict(self._get_reconfigure_subentry().data)
        stored[CONF_POWER_SENSOR] = str(stored[CONF_POWER_SENSOR])
        registry = er.async_get(self.hass)
        for field in _ENTITY_FIELDS:
            if field in stored:
                stored[field] = er.async_resolve_entity_id(registry, stored[field])
        return await self._async_battery_step("reconfigure", user_input, stored)

    async def async_step_create_asset(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the name of a new asset, and create it with a power sensor."""
        schema = probatio.Schema({probatio.Required(CONF_NAME): TextSelector()})
        problem = None
        if user_input is not None:
            try:
                asset, sensor = await self._async_create_asset(user_input)
            except FormError as error:
                problem = error
            else:
                return self._finish(asset.name, sensor.id)
        suggested = user_input
        if name := _device_name(self.hass, self._form[CONF_STATE_OF_CHARGE_ENTITY]):
            suggested = user_input or {CONF_NAME: name}
        return self.async_show_form(
            step_id="create_asset",
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            **form_texts(schema, problem),
        )

    async def _async_battery_step(
        self, step_id: str, user_input: dict[str, Any] | None, suggested: Mapping[str, Any]
    ) -> SubentryFlowResult:
        """Show the battery's form, and go on with what was entered once it makes sense."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        sensors = self._free_power_sensors()
        schema = _battery_schema(sensor_options(sensors.values(), self._assets))
        problems: list[FormError] = []
        if user_input is not None:
            problems = list(self._problems_with(user_input, sensors))
            if not problems:
                return await self._async_accept(user_input)
        offered = {*map(str, sensors), _NEW_SENSOR}
        shown = {
            key: value
            for key, value in (suggested if user_input is None else user_input).items()
            if value is not None and (key != CONF_POWER_SENSOR or value in offered)
        }
        if not sensors:
            shown[CONF_POWER_SENSOR] = _NEW_SENSOR
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            **form_texts(schema, *problems),
        )

    async def _async_accept(self, form: dict[str, Any]) -> SubentryFlowResult:
        """Keep a form without problems; finish, or ask for what the new sensor needs."""
        self._form = form
        if form[CONF_POWER_SENSOR] == _NEW_SENSOR:
            return await self.async_step_create_asset()
        sensor = self._entry.runtime_data.inventory.data.sensors[int(form[CONF_POWER_SENSOR])]
        return self._finish(self._assets[sensor.asset_id].name, sensor.id)

    async def _async_create_asset(self, user_input: Mapping[str, Any]) -> tuple[Asset, Sensor]:
        """Create a battery below the site, and its power sensor; after a failure, only what is still missing.

        Raises:
            FormError: the name is empty, or the server did not do it.
        """
        refuse_empty(user_input, CONF_NAME)
        name = user_input[CONF_NAME].strip()
        client = self._entry.runtime_data.connection.client
        site = self._entry.runtime_data.inventory.data.site
        if site.account_id is None:  # a public site: only the server's administrators may change it
            raise FormError(BASE, "no_permission")
        with errors_for_forms():
            types = {kind.name: kind.id for kind in await client.get_asset_types()}
            if _DEVICE_TYPE not in types:
                raise FormError(BASE, "asset_type_missing", type=_DEVICE_TYPE)
            if self._new_asset is None or self._new_asset.name != name:
                self._new_asset = await client.add_asset(
                    name=name,
                    type_id=types[_DEVICE_TYPE],
                    account_id=site.account_id,
                    parent_id=site.id,
                )
            sensor = await client.add_sensor(
                asset_id=self._new_asset.id,
                name=_NEW_SENSOR_NAME,
                unit=_NEW_SENSOR_UNIT,
                resolution=_NEW_SENSOR_RESOLUTION,
                timezone=self.hass.config.time_zone,
                attributes=_NEW_SENSOR_ATTRIBUTES,
            )
        return self._new_asset, sensor

    def _finish(self, asset_name: str, sensor_id: int) -> SubentryFlowResult:
        """Store the device under the name of its asset."""
        data = {**self._form, CONF_KIND: KIND_BATTERY, CONF_POWER_SENSOR: sensor_id}
        for field in _ENTITY_FIELDS:
            if field in data:
                data[field] = lasting_id(self.hass, data[field])
        unique_id = f"power_sensor_{sensor_id}"
        subentry = self._changed_subentry
        if subentry is None:
            return self.async_create_entry(title=asset_name, data=data, unique_id=unique_id)
        title = subentry.title if subentry.unique_id == unique_id else asset_name
        return self.async_update_and_abort(
            self._entry, subentry, title=title, data=data, unique_id=unique_id
        )

    def _problems_with(
        self, form: Mapping[str, Any], sensors: Mapping[int, Sensor]
    ) -> Iterator[FormError]:
        """Yield everything that makes the form unusable, at most one problem per field."""
        if form[CONF_POWER_SENSOR] not in {*map(str, sensors), _NEW_SENSOR}:
            yield FormError(CONF_POWER_SENSOR, "power_sensor_used")
        state_of_charge = form[CONF_STATE_OF_CHARGE_ENTITY]
        if problem := _problem_with_state_of_charge(self.hass, state_of_charge):
            yield problem
        if (setpoint := form.get(CONF_SETPOINT_ENTITY)) is not None:
            if setpoint == state_of_charge:
                yield FormError(CONF_SETPOINT_ENTITY, "same_entity")
            elif lasting_id(self.hass, setpoint) in self._used_setpoint_entities():
                yield FormError(CONF_SETPOINT_ENTITY, "setpoint_entity_used")
            elif problem := _problem_with_setpoint(self.hass, setpoint):
                yield problem
        if problem := _problem_with_numbers(form):
            yield problem

    def _free_power_sensors(self) -> dict[int, Sensor]:
        """Return the site's power sensors on which a schedule can be stored and that nothing else fills."""
        feeds = self._entry.get_subentries_of_type(SUBENTRY_MEASUREMENT)
        used = {subentry.data[CONF_POWER_SENSOR] for subentry in self._other_devices(self._entry)}
        used |= {subentry.data[CONF_SENSOR] for subentry in feeds}
        return {
            sensor.id: sensor
            for sensor in self._entry.runtime_data.inventory.data.sensors.values()
            if sensor.asset_id in self._assets
            and is_power(sensor.unit)
            and not sensor.is_instantaneous
            and sensor.id not in used
        }

    def _used_setpoint_entities(self) -> set[str]:
        """Return the entities that other devices, of whatever site, write their setpoints to."""
        return {
            subentry.data[CONF_SETPOINT_ENTITY]
            for entry in self.hass.config_entries.async_entries(DOMAIN)
            for subentry in self._other_devices(entry)
            if CONF_SETPOINT_ENTITY in subentry.data
        }

    def _other_devices(self, entry: ConfigEntry) -> list[ConfigSubentry]:
        """Return the entry's flexible devices, except the one that is being changed."""
        changed = self._changed_subentry
        return [
            subentry
            for subentry in entry.get_subentries_of_type(SUBENTRY_FLEXIBLE_DEVICE)
            if changed is None or subentry.subentry_id != changed.subentry_id
        ]

    @property
    def _entry(self) -> FlexMeasuresConfigEntry:
        return self._get_entry()

    @property
    def _assets(self) -> Mapping[int, Asset]:
        return self._entry.runtime_data.inventory.data.assets

    @property
    def _changed_subentry(self) -> ConfigSubentry | None:
        return self._get_reconfigure_subentry() if self.source == SOURCE_RECONFIGURE else None


def _battery_schema(power_sensors: list[SelectOptionDict]) -> probatio.Schema:
    """Return the form of a battery.

    The numbers have no bounds here: Home Assistant's own sentence about a number out of bounds is English and technical.
    """
    new = SelectOptionDict(value=_NEW_SENSOR, label=_NEW_SENSOR)
    signs = [
        SelectOptionDict(value=sign, label=sign)
        for sign in (SETPOINT_CONSUMPTION_POSITIVE, SETPOINT_PRODUCTION_POSITIVE)
    ]
    return probatio.Schema(
        {
            probatio.Required(CONF_POWER_SENSOR): dropdown([*power_sensors, new], "power_sensor"),
            probatio.Required(CONF_STATE_OF_CHARGE_ENTITY): EntitySelector(
                EntitySelectorConfig(domain=["sensor", "number", "input_number"])
            ),
            probatio.Required(CONF_CAPACITY): _number(UnitOfEnergy.KILO_WATT_HOUR),
            probatio.Required(CONF_MINIMUM_STATE_OF_CHARGE): _number(PERCENTAGE),
            probatio.Required(CONF_MAXIMUM_STATE_OF_CHARGE): _number(PERCENTAGE),
            probatio.Required(CONF_CHARGING_POWER): _number(UnitOfPower.KILO_WATT),
            probatio.Required(CONF_DISCHARGING_POWER): _number(UnitOfPower.KILO_WATT),
            probatio.Required(CONF_ROUNDTRIP_EFFICIENCY): _number(PERCENTAGE),
            probatio.Optional(CONF_SETPOINT_ENTITY): EntitySelector(
                EntitySelectorConfig(domain=["number", "input_number"])
            ),
            probatio.Required(CONF_SETPOINT_SIGN, default=SETPOINT_CONSUMPTION_POSITIVE): dropdown(
                signs, "setpoint_sign"
            ),
        }
    )


def _number(unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any", unit_of_measurement=unit)
    )


def _problem_with_numbers(form: Mapping[str, Any]) -> FormError | None:
    """Return what no battery can be; None when the numbers make sense."""
    try:
        Battery(
            power_sensor=0,
            capacity=form[CONF_CAPACITY],
            minimum_state_of_charge=form[CONF_MINIMUM_STATE_OF_CHARGE] / 100,
            maximum_state_of_charge=form[CONF_MAXIMUM_STATE_OF_CHARGE] / 100,
            charging_power=form[CONF_CHARGING_POWER] * 1000,
            discharging_power=form[CONF_DISCHARGING_POWER] * 1000,
            roundtrip_efficiency=form[CONF_ROUNDTRIP_EFFICIENCY] / 100,
        )
    except FlexModelError as error:
        return FormError(error.field, error.problem)
    return None


def _problem_with_state_of_charge(hass: HomeAssistant, entity: str) -> FormError | None:
    """Return why the entity cannot tell how full the battery is; None when it can."""
    field = CONF_STATE_OF_CHARGE_ENTITY
    if (entity_id := known_entity_id(hass, entity)) is None:
        return FormError(field, "entity_not_found")
    if (unit := unit_of_entity(hass, entity_id)) is None:
        return FormError(field, "state_of_charge_without_unit")
    if unit != PERCENTAGE and not is_energy(unit):
        return FormError(field, "state_of_charge_unit", state_of_charge_unit=unit)
    return None


def _problem_with_setpoint(hass: HomeAssistant, entity: str) -> FormError | None:
    """Return why the entity cannot take the battery's power; None when it can."""
    field = CONF_SETPOINT_ENTITY
    if (entity_id := known_entity_id(hass, entity)) is None:
        return FormError(field, "entity_not_found")
    registered = er.async_get(hass).async_get(entity_id)
    if registered is not None and registered.platform == DOMAIN:
        return FormError(field, "own_entity")
    if (unit := unit_of_entity(hass, entity_id)) is None:
        return FormError(field, "setpoint_without_unit")
    if not is_power(unit):
        return FormError(field, "setpoint_unit", setpoint_unit=unit)
    return None


def _device_name(hass: HomeAssistant, entity: str) -> str | None:
    """Return what the person calls the device that the entity belongs to."""
    registered = er.async_get(hass).async_get(entity)
    if registered is None or registered.device_id is None:
        return None
    device = dr.async_get(hass).async_get(registered.device_id)
    return (device.name_by_user or device.name) if device else None
