"""Connecting to a FlexMeasures server: account, site, reauthentication and reconfiguration."""

from collections.abc import Iterable, Mapping
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import (
    CONF_EMAIL,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_URL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio

from .client import (
    Asset,
    Credentials,
    FlexMeasuresClient,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    User,
    normalise_url,
)
from .const import (
    CONF_SITE_ID,
    DOMAIN,
    SUBENTRY_FLEXIBLE_DEVICE,
    SUBENTRY_MEASUREMENT,
    SUBENTRY_S2_DEVICE,
)
from .forms import (
    BASE,
    FormError,
    dropdown,
    errors_for_forms,
    form_texts,
    refuse_empty,
)
from .late_flows import LateFeedFlow, LateFlexibleDeviceFlow, LateOptionsFlow, LateS2DeviceFlow
from .s2_discovery import S2DiscoverySteps

_NEW_SITE = "new"
_SITE_TYPE = "building"

_EMAIL = TextSelector(TextSelectorConfig(type=TextSelectorType.EMAIL, autocomplete="username"))
_PASSWORD = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)
_CONNECTION_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
        probatio.Required(CONF_EMAIL): _EMAIL,
        probatio.Required(CONF_PASSWORD): _PASSWORD,
        probatio.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
    }
)
_REAUTH_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_EMAIL): _EMAIL,
        probatio.Required(CONF_PASSWORD): _PASSWORD,
    }
)
_CREATE_SITE_SCHEMA = probatio.Schema({probatio.Required(CONF_NAME): TextSelector()})


class FlexMeasuresConfigFlow(S2DiscoverySteps, domain=DOMAIN):
    """Asks for a server, an account and a site; one entry per server and site."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Start without a connection."""
        self._connection: dict[str, Any] = {}
        self._client: FlexMeasuresClient
        self._user: User
        self._sites: tuple[Asset, ...] = ()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to a site."""
        return {
            SUBENTRY_FLEXIBLE_DEVICE: LateFlexibleDeviceFlow,
            SUBENTRY_MEASUREMENT: LateFeedFlow,
            SUBENTRY_S2_DEVICE: LateS2DeviceFlow,
        }

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> LateOptionsFlow:
        """Return the flow for a site's options."""
        return LateOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the server and the account, and sign in."""
        problem = None
        if user_input is not None:
            try:
                await self._async_connect(user_input)
                await self._async_read_sites()
            except FormError as error:
                problem = error
            else:
                return await self.async_step_site()
        return self._show_form("user", _CONNECTION_SCHEMA, user_input, problem)

    async def async_step_site(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer the account's sites that have no entry yet."""
        if user_input is not None and user_input[CONF_SITE_ID] != _NEW_SITE:
            chosen = int(user_input[CONF_SITE_ID])
            return await self._async_finish(next(site for site in self._sites if site.id == chosen))
        taken = {entry.unique_id for entry in self._async_current_entries()}
        free = [site for site in self._sites if self._unique_id_of(site.id) not in taken]
        if user_input is not None or not free:
            return await self.async_step_create_site()
        options = [SelectOptionDict(value=str(site.id), label=site.name) for site in free]
        options.append(SelectOptionDict(value=_NEW_SITE, label=_NEW_SITE))
        schema = probatio.Schema(
            {
                probatio.Required(CONF_SITE_ID, default=options[0]["value"]): dropdown(
                    options, translation_key="site"
                )
            }
        )
        return self.async_show_form(step_id="site", data_schema=schema)

    async def async_step_create_site(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the name of a new site, and create it where Home Assistant is."""
        problem = None
        if user_input is not None:
            try:
                site = await self._async_create_site(user_input)
            except FormError as error:
                problem = error
            else:
                return await self._async_finish(site)
        suggested = user_input or {CONF_NAME: self.hass.config.location_name}
        return self._show_form("create_site", _CREATE_SITE_SCHEMA, suggested, problem)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin again with the account, since the server no longer accepts it."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the account that may read the site from now on."""
        entry = self._get_reauth_entry()
        return await self._async_update_step("reauth_confirm", entry, _REAUTH_SCHEMA, user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the address and the account under which the same site is found from now on."""
        entry = self._get_reconfigure_entry()
        return await self._async_update_step("reconfigure", entry, _CONNECTION_SCHEMA, user_input)

    async def _async_update_step(
        self,
        step_id: str,
        entry: ConfigEntry,
        schema: probatio.Schema,
        user_input: dict[str, Any] | None,
    ) -> ConfigFlowResult:
        """Show the entry's connection; once the site is found with what was entered, store it."""
        problem = None
        if user_input is not None:
            try:
                await self._async_connect({**entry.data, **user_input})
                await self._async_check_site(entry.data[CONF_SITE_ID])
            except FormError as error:
                problem = error
            else:
                return await self._async_update_entry(entry)
        return self._show_form(step_id, schema, {**entry.data, **(user_input or {})}, problem)

    @callback
    def _show_form(
        self,
        step_id: str,
        schema: probatio.Schema,
        suggested: Mapping[str, Any] | None,
        problem: FormError | None,
    ) -> ConfigFlowResult:
        """Show a form with what was entered, except the password."""
        shown = {key: value for key, value in (suggested or {}).items() if key != CONF_PASSWORD}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            **form_texts(schema, problem),
        )

    async def _async_connect(self, connection: Mapping[str, Any]) -> None:
        """Sign in and keep the connection.

        Raises:
            FormError: the address is wrong, or the server or the account is not accepted.
        """
        refuse_empty(connection, CONF_EMAIL, CONF_PASSWORD)
        self._connection = {
            CONF_URL: _checked_url(connection[CONF_URL]),
            CONF_EMAIL: connection[CONF_EMAIL].strip(),
            CONF_PASSWORD: connection[CONF_PASSWORD],
            CONF_VERIFY_SSL: connection[CONF_VERIFY_SSL],
        }
        self._client = _client_for(self.hass, self._connection)
        with errors_for_forms():
            await self._client.ensure_supported()
            await self._client.sign_in()

    async def _async_read_sites(self) -> None:
        """Read the user and the top-level assets of the user's account."""
        with errors_for_forms():
            self._user = await self._client.get_user()
            assets = await self._client.get_assets(account_id=self._user.account_id)
        self._sites = tuple(
            sorted(
                (
                    asset
                    for asset in assets
                    if asset.parent_id is None and asset.account_id == self._user.account_id
                ),
                key=lambda asset: asset.name.casefold(),
            )
        )

    async def _async_create_site(self, user_input: Mapping[str, Any]) -> Asset:
        """Create a top-level asset and return it."""
        refuse_empty(user_input, CONF_NAME)
        with errors_for_forms():
            types = {kind.name: kind.id for kind in await self._client.get_asset_types()}
            if _SITE_TYPE not in types:
                raise FormError(BASE, "asset_type_missing", type=_SITE_TYPE)
            return await self._client.add_asset(
                name=user_input[CONF_NAME].strip(),
                type_id=types[_SITE_TYPE],
                account_id=self._user.account_id,
                latitude=self.hass.config.latitude,
                longitude=self.hass.config.longitude,
            )

    async def _async_check_site(self, site_id: int) -> None:
        """Refuse an account that cannot read the entry's site."""
        with errors_for_forms():
            try:
                site = await self._client.get_asset(site_id)
            except (NotFoundError, PermissionDeniedError) as error:
                raise FormError(BASE, "site_not_accessible") from error
        if site.parent_id is not None:
            raise FormError(BASE, "site_not_accessible")

    async def _async_finish(self, site: Asset) -> ConfigFlowResult:
        """Create the entry, unless the site got one in the meantime."""
        await self.async_set_unique_id(self._unique_id_of(site.id), raise_on_progress=False)
        self._abort_if_unique_id_configured()
        self._async_share_password()
        return self.async_create_entry(
            title=site.name, data={**self._connection, CONF_SITE_ID: site.id}
        )

    async def _async_update_entry(self, entry: ConfigEntry) -> ConfigFlowResult:
        """Store the connection in the entry, unless another entry has this site at this address."""
        unique_id = self._unique_id_of(entry.data[CONF_SITE_ID])
        if unique_id != entry.unique_id:
            await self.async_set_unique_id(unique_id, raise_on_progress=False)
            self._abort_if_unique_id_configured()
        self._async_store(entry, unique_id)
        self._async_share_password(besides=entry)
        return self.async_update_and_abort(entry)

    @callback
    def _async_share_password(self, besides: ConfigEntry | None = None) -> None:
        """Store the proven password in the other entries of the account; starting over ends their reauthentication."""
        siblings = [
            entry
            for entry in self._async_current_entries(include_ignore=False)
            if entry is not besides
            and all(entry.data[key] == self._connection[key] for key in (CONF_URL, CONF_EMAIL))
            and entry.data[CONF_PASSWORD] != self._connection[CONF_PASSWORD]
        ]
        for entry in siblings:
            self._async_store(entry, entry.unique_id, only=(CONF_PASSWORD,))

    @callback
    def _async_store(
        self, entry: ConfigEntry, unique_id: str | None, only: Iterable[str] | None = None
    ) -> None:
        """Store the connection, and have the entry start over with it.

        A loaded entry's update listener starts it over when something changed. An entry that failed to load has no
        listener, and one that is given the same password again sees no change; both would stay as they are.
        """
        updates = {key: self._connection[key] for key in only or self._connection}
        changed = self.hass.config_entries.async_update_entry(
            entry, data={**entry.data, **updates}, unique_id=unique_id
        )
        if not (changed and entry.update_listeners):
            self.hass.config_entries.async_schedule_reload(entry.entry_id)

    def _unique_id_of(self, site_id: int) -> str:
        return f"{self._connection[CONF_URL]}#{site_id}"


def _client_for(hass: HomeAssistant, connection: Mapping[str, Any]) -> FlexMeasuresClient:
    """Return a client for what was entered."""
    return FlexMeasuresClient(
        async_get_clientsession(hass, connection[CONF_VERIFY_SSL]),
        connection[CONF_URL],
        Credentials(connection[CONF_EMAIL], connection[CONF_PASSWORD]),
    )


def _checked_url(text: str) -> str:
    """Return the normalised address.

    Raises:
        FormError: tells what is wrong with it.
    """
    try:
        return normalise_url(text)
    except InvalidInputError as error:
        raise FormError(CONF_URL, _problem_with(text.strip())) from error


def _problem_with(url: str) -> str:
    """Return the translation key for why the client refused an address."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return "url_without_scheme"
    if "@" in rest.partition("/")[0]:
        return "url_with_user"
    if "?" in rest or "#" in rest:
        return "url_with_query"
    return "url_invalid"
