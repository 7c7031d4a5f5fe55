"""Adding and changing the flexible devices of a site."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    TextSelector,
)
import probatio

from .client import Asset
from .const import (
    CONF_DISCHARGING_POWER,
    CONF_POWER_SENSOR,
    CONF_PREDICTED_ENERGY_SENSOR,
    CONF_SAFE_ACTION,
    CONF_SETPOINT_ENTITY,
    CONF_STATE_OF_CHARGE_ENTITY,
)
from .control_checks import details_problems, is_used_for_setpoints, setpoint_problem
from .control_forms import (
    CONTROL_FIELDS,
    SETPOINT_DOMAINS,
    Takes,
    details_schema,
    shown_control,
    stored_control,
    suggested_details,
)
from .device_checks import device_problems, stored_energy_text, told_entity_text
from .device_creation import DeviceCreation, likely_name
from .device_forms import (
    DEVICE_FIELDS,
    DEVICE_FORMS,
    NEW_SENSOR,
    SENSOR_FIELDS,
    DeviceForm,
    device_schema,
    form_of,
    shown_device,
    stored_device,
)
from .device_sensors import likely_sensors, offered, other_devices, sensor_choices
from .flexible_device import DeviceKind
from .forms import (
    FormError,
    async_form_texts,
    flat,
    known_entity_id,
    nested,
    refuse_empty,
)

if TYPE_CHECKING:
    from .data import FlexMeasuresConfigEntry

_STEP: Final = "config_subentries.flexible_device.step"


class FlexibleDeviceFlow(ConfigSubentryFlow):
    """Asks for a flexible device: what it can do, how it is controlled, and what FlexMeasures still has to create."""

    def __init__(self) -> None:
        """Start with empty forms."""
        self._form: DeviceForm
        self._entered: dict[str, Any] = {}
        self._device: dict[str, Any] = {}
        self._control: dict[str, Any] = {}
        self._creation: DeviceCreation

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask what kind of device it is."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        return self.async_show_menu(step_id="user", menu_options=list(DEVICE_FORMS))

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the form of the device's kind with what is stored."""
        return await self._async_device_step(
            form_of(self._get_reconfigure_subentry().data), user_input
        )

    async def async_step_battery(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a battery."""
        return await self._async_device_step("battery", user_input)

    async def async_step_ev_charger(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a car at its charger."""
        return await self._async_device_step("ev_charger", user_input)

    async def async_step_heat_buffer(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a heat buffer whose capacity is known."""
        return await self._async_device_step("heat_buffer", user_input)

    async def async_step_water_tank(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a heat buffer whose temperature tells its heat."""
        return await self._async_device_step("water_tank", user_input)

    async def async_step_solar(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for solar panels that can be curtailed."""
        return await self._async_device_step("solar", user_input)

    async def async_step_process(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a process that can be shifted."""
        return await self._async_device_step("process", user_input)

    async def async_step_generic(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a device with a flex-model of its own."""
        return await self._async_device_step("generic", user_input)

    async def _async_device_step(
        self, name: str, user_input: dict[str, Any] | None
    ) -> SubentryFlowResult:
        """Show the form of a kind of device, and go on with what was entered once it makes sense."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        self._form = DEVICE_FORMS[name]
        self._creation = DeviceCreation(self._entry)
        sensors = sensor_choices(self._entry, other_devices(self._entry, self._changed_subentry))
        entered = None
        problems: list[FormError] = []
        if user_input is not None:
            entered = flat(device_schema(self._form, {}, sensors), user_input)
            problems = list(self._device_problems(entered, sensors))
            if not problems:
                self._entered = entered
                self._device = stored_device(self.hass, self._form, entered)
                return await self.async_step_control()
        shown = self._shown_device(sensors) if entered is None else entered
        shown = {
            key: value
            for key, value in shown.items()
            if key not in SENSOR_FIELDS or value in offered(key, sensors)
        }
        return await self._async_show(
            name, device_schema(self._form, shown, sensors), shown, problems
        )

    async def async_step_control(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask which entity takes the setpoint; without one, setpoints are only shown."""
        schema = probatio.Schema(
            {
                probatio.Optional(CONF_SETPOINT_ENTITY): EntitySelector(
                    EntitySelectorConfig(domain=SETPOINT_DOMAINS)
                )
            }
        )
        problems: list[FormError] = []
        shown = user_input
        if user_input is not None:
            self._control = {}
            if CONF_SETPOINT_ENTITY not in user_input:
                return await self._async_end()
            problems = list(self._setpoint_problems(user_input[CONF_SETPOINT_ENTITY]))
            if not problems:
                self._control = dict(user_input)
                return await self.async_step_control_details()
        if shown is None:
            shown = shown_control(self.hass, self._stored)
        return await self._async_show(
            "control",
            schema,
            {key: value for key, value in shown.items() if key == CONF_SETPOINT_ENTITY},
            problems,
            now=stored_energy_text(self.hass, self._device),
        )

    async def async_step_control_details(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask how the chosen entity is told a setpoint, and what keeps the device safe."""
        entity_id = known_entity_id(self.hass, self._control[CONF_SETPOINT_ENTITY])
        takes = Takes.of(self.hass, entity_id) if entity_id else None
        if entity_id is None or takes is None:  # it went since it was chosen
            return await self.async_step_control()
        schema = details_schema(self.hass, entity_id, takes)
        problems: list[FormError] = []
        shown = self._shown_details(entity_id)
        if user_input is not None:
            shown = flat(schema, user_input)
            problems = list(details_problems(self.hass, entity_id, takes, shown))
            if not problems:
                self._control = {CONF_SETPOINT_ENTITY: entity_id, **shown}
                return await self._async_end()
        state = self.hass.states.get(entity_id)
        return await self._async_show(
            "control_details",
            schema,
            shown,
            problems,
            told=told_entity_text(state) if state else entity_id,
        )

    async def _async_end(self) -> SubentryFlowResult:
        """Finish, or ask for what new sensors need."""
        if CONF_POWER_SENSOR in self._creates_sensors:
            return await self.async_step_create_asset()
        if self._creates_sensors:
            return await self.async_step_create_sensor()
        return self._finish(self._asset_of_power_sensor)

    async def async_step_create_asset(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the name of a new asset, and create it with its sensors."""
        schema = probatio.Schema({probatio.Required(CONF_NAME): TextSelector()})
        problems: list[FormError] = []
        shown = user_input
        if user_input is not None:
            try:
                asset = await self._async_create(user_input)
            except FormError as error:
                problems = [error]
            else:
                return self._finish(asset)
        elif name := likely_name(
            self.hass,
            self._entered.get(CONF_STATE_OF_CHARGE_ENTITY),
            self._control.get(CONF_SETPOINT_ENTITY),
        ):
            shown = {CONF_NAME: name}
        return await self._async_show("create_asset", schema, shown or {}, problems)

    async def async_step_create_sensor(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Create the sensor of the predicted energy beside the power sensor, once the person agrees."""
        problems: list[FormError] = []
        asset = self._asset_of_power_sensor
        if user_input is not None:
            try:
                await self._async_create_sensors(asset)
            except FormError as error:
                problems = [error]
            else:
                return self._finish(asset)
        return await self._async_show(
            "create_sensor", probatio.Schema({}), {}, problems, asset=asset.name
        )

    async def _async_show(
        self,
        step_id: str,
        schema: probatio.Schema,
        shown: Mapping[str, Any],
        problems: list[FormError],
        **placeholders: str,
    ) -> SubentryFlowResult:
        texts = await async_form_texts(
            self.hass, f"{_STEP}.{step_id}", schema, *problems, **placeholders
        )
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, nested(schema, shown)),
            last_step=step_id.startswith("create")
            or (step_id == "control_details" and not self._creates_sensors),
            **texts,
        )

    async def _async_create(self, user_input: Mapping[str, Any]) -> Asset:
        """Return the new asset, once it and its sensors are there.

        Raises:
            FormError: the name is empty, or the server did not do it.
        """
        refuse_empty(user_input, CONF_NAME)
        gives_back = self._device.get(CONF_DISCHARGING_POWER, 0) != 0
        asset = await self._creation.async_asset(
            user_input[CONF_NAME].strip(), self._form.asset_types[gives_back]
        )
        await self._async_create_sensors(asset)
        return asset

    async def _async_create_sensors(self, asset: Asset) -> None:
        await self._creation.async_sensors(
            asset,
            self._creates_sensors,
            self.hass.config.time_zone,
            consumption_is_positive=self._form.kind is not DeviceKind.SOLAR,
        )

    def _finish(self, asset: Asset) -> SubentryFlowResult:
        """Store the device under the name of its asset; what no form knows stays as it was."""
        known = DEVICE_FIELDS | CONTROL_FIELDS
        data = {
            **{key: value for key, value in self._stored.items() if key not in known},
            **self._device,
            **stored_control(self.hass, self._control),
            **{field: sensor.id for field, sensor in self._creation.sensors.items()},
        }
        unique_id = f"power_sensor_{data[CONF_POWER_SENSOR]}"
        subentry = self._changed_subentry
        if subentry is None:
            return self.async_create_entry(title=asset.name, data=data, unique_id=unique_id)
        title = subentry.title if subentry.unique_id == unique_id else asset.name
        return self.async_update_and_abort(
            self._entry, subentry, title=title, data=data, unique_id=unique_id
        )

    def _device_problems(
        self, entered: Mapping[str, Any], sensors: Mapping[str, list[SelectOptionDict]]
    ) -> Iterator[FormError]:
        if entered.get(CONF_POWER_SENSOR) not in offered(CONF_POWER_SENSOR, sensors):
            yield FormError(CONF_POWER_SENSOR, "power_sensor_used")
        yield from device_problems(self.hass, self._form, entered)

    def _setpoint_problems(self, entity: str) -> Iterator[FormError]:
        if is_used_for_setpoints(self.hass, entity, self._changed_subentry):
            yield FormError(CONF_SETPOINT_ENTITY, "setpoint_entity_used")
        elif problem := setpoint_problem(self.hass, self._device, entity):
            yield problem

    def _shown_device(self, sensors: Mapping[str, list[SelectOptionDict]]) -> dict[str, Any]:
        """Return what a form shows first: what is stored, or what most such devices are."""
        if self._changed_subentry is None:
            return {**self._form.suggested, **likely_sensors(self._entry, self._form, sensors)}
        return shown_device(self.hass, self._stored)

    def _shown_details(self, entity_id: str) -> dict[str, Any]:
        """Return what is stored for this entity, else what most such devices need.

        Earlier versions asked for less; what a person left empty since stays empty.
        """
        suggested = suggested_details(self.hass, self._device, entity_id)
        stored = shown_control(self.hass, self._stored)
        if stored.get(CONF_SETPOINT_ENTITY) != entity_id:
            return suggested
        return stored if CONF_SAFE_ACTION in stored else suggested | stored

    @property
    def _creates_sensors(self) -> list[str]:
        """Return the fields for which a sensor is to be created."""
        return [
            field
            for field in (CONF_POWER_SENSOR, CONF_PREDICTED_ENERGY_SENSOR)
            if self._entered.get(field) == NEW_SENSOR
        ]

    @property
    def _asset_of_power_sensor(self) -> Asset:
        sensors = self._entry.runtime_data.inventory.data.sensors
        return self._assets[sensors[self._device[CONF_POWER_SENSOR]].asset_id]

    @property
    def _entry(self) -> FlexMeasuresConfigEntry:
        return self._get_entry()

    @property
    def _assets(self) -> Mapping[int, Asset]:
        return self._entry.runtime_data.inventory.data.assets

    @property
    def _stored(self) -> Mapping[str, Any]:
        """Return the data of the device that is being changed; nothing for a new one."""
        changed = self._changed_subentry
        return MappingProxyType({}) if changed is None else changed.data

    @property
    def _changed_subentry(self) -> ConfigSubentry | None:
        return self._get_reconfigure_subentry() if self.source == SOURCE_RECONFIGURE else None
