"""Adding the simulated home: there is nothing to ask."""

from typing import Any, override

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

from .const import DOMAIN


class SimulatedHomeConfigFlow(ConfigFlow, domain=DOMAIN):
    """Add the one simulated home."""

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add it without a question."""
        return self.async_create_entry(title="Simulated home", data={})
