"""Adding and changing the S2 devices of a site: a secret for one that is known, pairing for one that knocks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME, UnitOfEnergy, UnitOfPower
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    TextSelector,
)
import probatio

from .const import (
    CONF_ABNORMAL_CONDITIONS,
    CONF_ASSET,
    CONF_CONTROL_TYPE,
    CONF_CREDENTIAL,
    CONF_ENERGY_PER_UNIT,
    CONF_MOST_CONSUMPTION,
    CONF_MOST_PRODUCTION,
    CONF_RESOURCE_ID,
    CONTROL_TYPE_AUTOMATIC,
    CONTROL_TYPES,
)
from .device_creation import DeviceCreation
from .forms import BASE, FormError, dropdown, form_texts, refuse_empty
from .s2_secrets import new_secret
from .s2_setup import async_s2_server
from .s2_view import address_for

if TYPE_CHECKING:
    from .data import FlexMeasuresConfigEntry
    from .s2_server import S2Server, WaitingDevice

CONF_REPLACE: Final = "new_secret"
_DEVICE: Final = "device"

_LIMITS: Final = (CONF_MOST_CONSUMPTION, CONF_MOST_PRODUCTION)

# It only chooses the symbol that the server shows.
_USUAL_ASSET_TYPE: Final = "process"


class S2DeviceFlow(ConfigSubentryFlow):
    """Asks for an S2 device, creates its asset in FlexMeasures, and shows the secret with which it connects."""

    def __init__(self) -> None:
        """Start with an empty form."""
        self._name = ""
        self._data: dict[str, Any] = {}
        self._creation: DeviceCreation | None = None

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask whether the device gets a secret or waits already."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        return self.async_show_menu(step_id="user", menu_options=["add", "pair"])

    async def async_step_add(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new device, and make its secret."""
        problem = None
        if user_input is not None:
            try:
                check_form(user_input)
                name = user_input[CONF_NAME].strip()
                self._creation = self._creation or DeviceCreation(self._entry)
                asset = await self._creation.async_asset(name, _USUAL_ASSET_TYPE)
            except FormError as error:
                problem = error
            else:
                self._name = asset.name
                self._data = {
                    **stored_form(user_input),
                    CONF_ASSET: asset.id,
                    CONF_CREDENTIAL: new_secret(),
                }
                return await self.async_step_secret()
        return self._show("add", device_schema(), user_input, problem)

    async def async_step_pair(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show where a new device may introduce itself, and ask which of the waiting ones to accept."""
        if (server := await async_s2_server(self.hass, self._entry)) is None:
            return self.async_abort(reason="entry_not_loaded")
        options = [
            SelectOptionDict(value=name, label=item.title) for name, item in server.waiting.items()
        ]
        fields: dict[probatio.Marker, Any] = {}
        if options:
            fields[probatio.Required(_DEVICE)] = dropdown(options)
        schema = probatio.Schema(fields)
        problem = FormError(BASE, "nobody_waits") if user_input is not None else None
        if user_input is not None and user_input.get(_DEVICE) in server.waiting:
            waiting = server.waiting[user_input[_DEVICE]]
            try:
                data = await async_accept(self._entry, server, waiting)
            except FormError as error:
                problem = error
            else:
                return self.async_create_entry(title=waiting.title, data=data)
        address = address_for(self.hass, server.async_pairing_secret())
        return self.async_show_form(
            step_id="pair",
            data_schema=schema,
            **form_texts(schema, problem, address=address),
        )

    async def async_step_secret(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the secret, this once."""
        if user_input is None:
            schema = probatio.Schema({})
            secret = self._data[CONF_CREDENTIAL]
            addresses = {
                "address": address_for(self.hass),
                "whole_address": address_for(self.hass, secret),
            }
            return self.async_show_form(
                step_id="secret",
                data_schema=schema,
                **form_texts(schema, None, secret=secret, **addresses),
            )
        if self.source == SOURCE_RECONFIGURE:
            return self._changed()
        return self.async_create_entry(title=self._name, data=self._data)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for changes of a device, a new secret among them."""
        subentry = self._get_reconfigure_subentry()
        stored = {**subentry.data, CONF_NAME: subentry.title}
        schema = device_schema().extend(
            {probatio.Required(CONF_REPLACE, default=False): BooleanSelector()}
        )
        problem = None
        if user_input is not None:
            try:
                check_form(user_input)
            except FormError as error:
                problem = error
            else:
                return await self._async_change(user_input)
        return self._show("reconfigure", schema, user_input or stored, problem)

    async def _async_change(self, form: dict[str, Any]) -> SubentryFlowResult:
        kept = (CONF_ASSET, CONF_CREDENTIAL, CONF_RESOURCE_ID)
        before = self._get_reconfigure_subentry().data
        self._name = form[CONF_NAME].strip()
        self._data = {**{key: before[key] for key in kept if key in before}, **stored_form(form)}
        if not form[CONF_REPLACE]:
            return self._changed()
        # Another device may take this one's place, and this one cannot come back.
        self._data.pop(CONF_RESOURCE_ID, None)
        self._data[CONF_CREDENTIAL] = new_secret()
        return await self.async_step_secret()

    def _changed(self) -> SubentryFlowResult:
        return self.async_update_and_abort(
            self._entry, self._get_reconfigure_subentry(), title=self._name, data=self._data
        )

    def _show(
        self,
        step_id: str,
        schema: probatio.Schema,
        suggested: Mapping[str, Any] | None,
        problem: FormError | None,
    ) -> SubentryFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            **form_texts(schema, problem),
        )

    @property
    def _entry(self) -> FlexMeasuresConfigEntry:
        return self._get_entry()


def device_schema() -> probatio.Schema:
    """Return the form of an S2 device."""
    choices = [CONTROL_TYPE_AUTOMATIC, *CONTROL_TYPES]
    options = [SelectOptionDict(value=choice, label=choice) for choice in choices]
    return probatio.Schema(
        {
            probatio.Required(CONF_NAME): TextSelector(),
            probatio.Required(CONF_CONTROL_TYPE, default=CONTROL_TYPE_AUTOMATIC): dropdown(
                options, "s2_control_type"
            ),
            probatio.Optional(CONF_ENERGY_PER_UNIT): _number(UnitOfEnergy.KILO_WATT_HOUR),
            probatio.Optional(CONF_MOST_CONSUMPTION): _number(UnitOfPower.KILO_WATT),
            probatio.Optional(CONF_MOST_PRODUCTION): _number(UnitOfPower.KILO_WATT),
            probatio.Required(CONF_ABNORMAL_CONDITIONS, default=False): BooleanSelector(),
        }
    )


def _number(unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any", unit_of_measurement=unit)
    )


def check_form(form: Mapping[str, Any]) -> None:
    """Refuse what no device can be.

    Raises:
        FormError: names the field.
    """
    refuse_empty(form, CONF_NAME)
    if form.get(CONF_ENERGY_PER_UNIT, 1) <= 0:
        raise FormError(CONF_ENERGY_PER_UNIT, "not_positive")
    limits = {field: form[field] for field in _LIMITS if field in form}
    for field, limit in limits.items():
        if limit < 0:
            raise FormError(field, "negative")
    if len(limits) == len(_LIMITS) and not any(limits.values()):
        raise FormError(CONF_MOST_PRODUCTION, "no_power")


def stored_form(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a form."""
    return {key: value for key, value in form.items() if key not in {CONF_NAME, CONF_REPLACE}}


async def async_accept(
    entry: FlexMeasuresConfigEntry, server: S2Server, waiting: WaitingDevice
) -> dict[str, Any]:
    """Make a waiting device one of the site's: the secret that it came with becomes its own. Return its data.

    Raises:
        FormError: the server did not create its asset.
    """
    creation = DeviceCreation(entry)
    asset = await creation.async_asset(waiting.title, waiting.asset_type or _USUAL_ASSET_TYPE)
    return {
        CONF_ASSET: asset.id,
        CONF_CREDENTIAL: server.async_give_away_pairing_secret(),
        CONF_RESOURCE_ID: waiting.details.resource_id,
        CONF_CONTROL_TYPE: CONTROL_TYPE_AUTOMATIC,
        CONF_ABNORMAL_CONDITIONS: False,
    }
