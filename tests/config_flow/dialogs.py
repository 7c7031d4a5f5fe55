"""The dialogs of an entry, as tests go through them."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant

from custom_components.flexmeasures.const import DOMAIN

FLOW = "custom_components.flexmeasures.config_flow"


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the dialog."""
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def submit(
    hass: HomeAssistant, result: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Fill in the form and press the button."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], user_input)


def offered(result: ConfigFlowResult, field: str) -> list[tuple[str, str]]:
    """Return value and label of each choice in a dropdown."""
    schema = result["data_schema"]
    assert schema is not None
    return [(option["value"], option["label"]) for option in schema.schema[field].config["options"]]
