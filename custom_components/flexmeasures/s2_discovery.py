"""S2 devices that introduced themselves with the pairing secret: shown as discovered until a person decides."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers.typing import DiscoveryInfoType
import probatio

from .const import CONF_ENTRY, CONF_RESOURCE_ID, SUBENTRY_S2_DEVICE
from .data import FlexMeasuresConfigEntry
from .forms import FormError, form_texts
from .s2_setup import discovered_as

if TYPE_CHECKING:
    from .s2_server import S2Server, WaitingDevice


class S2DiscoverySteps(ConfigFlow):
    """The steps that turn a waiting S2 device into one of its site."""

    _site: FlexMeasuresConfigEntry
    _resource_id: str

    @override
    async def async_step_integration_discovery(
        self, discovery_info: DiscoveryInfoType
    ) -> ConfigFlowResult:
        """Show a device that waits, unless it is shown already or was ignored."""
        site = self.hass.config_entries.async_get_entry(discovery_info[CONF_ENTRY])
        if site is None:
            return self.async_abort(reason="device_gone")
        self._site = site
        self._resource_id = discovery_info[CONF_RESOURCE_ID]
        await self.async_set_unique_id(discovered_as(site, self._resource_id))
        self._abort_if_unique_id_configured()
        if (waiting := self._waiting()) is None:
            return self.async_abort(reason="device_gone")
        self.context["title_placeholders"] = {CONF_NAME: waiting.title}
        return await self.async_step_discovery_confirm()

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether the device belongs here, and add it to its site."""
        if (server := self._server()) is None or (waiting := self._waiting()) is None:
            return self.async_abort(reason="device_gone")
        problem = None
        if user_input is not None:
            try:
                data = await self._async_accept(server, waiting)
            except FormError as error:
                problem = error
            else:
                subentry = ConfigSubentry(
                    data=MappingProxyType(data),
                    subentry_type=SUBENTRY_S2_DEVICE,
                    title=waiting.title,
                    unique_id=None,
                )
                self.hass.config_entries.async_add_subentry(self._site, subentry)
                return self.async_abort(reason="s2_device_added")
        self._set_confirm_only()
        schema = probatio.Schema({})
        described = {
            CONF_NAME: waiting.title,
            "site": self._site.title,
            "manufacturer": waiting.details.manufacturer or "?",
            "model": waiting.details.model or "?",
        }
        return self.async_show_form(
            step_id="discovery_confirm",
            data_schema=schema,
            **form_texts(schema, problem, **described),
        )

    async def _async_accept(self, server: S2Server, waiting: WaitingDevice) -> dict[str, Any]:
        """Make a waiting device one of the site's, and return its data.

        Raises:
            FormError: the server did not create its asset.
        """

        def read() -> Callable[..., Awaitable[dict[str, Any]]]:
            from .s2_flow import async_accept  # noqa: PLC0415 - with the first device that waits

            return async_accept

        accept = await self.hass.async_add_import_executor_job(read)
        return await accept(self._site, server, waiting)

    def _server(self) -> S2Server | None:
        """Return what took the device's connection; None when it does not run any more."""
        is_loaded = self._site.state is ConfigEntryState.LOADED
        return self._site.runtime_data.s2 if is_loaded else None

    def _waiting(self) -> WaitingDevice | None:
        """Return the device; None when it does not wait any more."""
        server = self._server()
        return server.waiting.get(self._resource_id) if server else None
