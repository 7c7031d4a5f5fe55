"""S2 devices that introduced themselves with the pairing secret: shown as discovered until a person decides."""

from types import MappingProxyType
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers.typing import DiscoveryInfoType
import probatio

from .const import CONF_RESOURCE_ID, SUBENTRY_S2_DEVICE
from .data import FlexMeasuresConfigEntry
from .forms import FormError, form_texts
from .s2.messages.session import ResourceManagerDetails
from .s2_flow import async_accept, name_of
from .s2_server import CONF_ENTRY


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
        await self.async_set_unique_id(f"{site.entry_id}_{self._resource_id}")
        self._abort_if_unique_id_configured()
        if (details := self._waiting()) is None:
            return self.async_abort(reason="device_gone")
        self.context["title_placeholders"] = {CONF_NAME: name_of(details)}
        return await self.async_step_discovery_confirm()

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether the device belongs here, and add it to its site."""
        if (details := self._waiting()) is None:
            return self.async_abort(reason="device_gone")
        problem = None
        if user_input is not None:
            try:
                data = await async_accept(self._site, details)
            except FormError as error:
                problem = error
            else:
                subentry = ConfigSubentry(
                    data=MappingProxyType(data),
                    subentry_type=SUBENTRY_S2_DEVICE,
                    title=name_of(details),
                    unique_id=None,
                )
                self.hass.config_entries.async_add_subentry(self._site, subentry)
                return self.async_abort(reason="s2_device_added")
        self._set_confirm_only()
        schema = probatio.Schema({})
        described = {
            CONF_NAME: name_of(details),
            "site": self._site.title,
            "manufacturer": details.manufacturer or "?",
            "model": details.model or "?",
        }
        return self.async_show_form(
            step_id="discovery_confirm",
            data_schema=schema,
            **form_texts(schema, problem, **described),
        )

    def _waiting(self) -> ResourceManagerDetails | None:
        """Return what the device said of itself; None when it does not wait any more."""
        if self._site.state is not ConfigEntryState.LOADED:
            return None
        waiting = self._site.runtime_data.s2.waiting.get(self._resource_id)
        return waiting.details if waiting else None
