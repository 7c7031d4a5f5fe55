"""Serves the plan card and tells the frontend to load it."""

from hashlib import sha256
from pathlib import Path

from homeassistant.components.http.server import StaticPathConfig
from homeassistant.core import HomeAssistant

from .const import DOMAIN

_FILE = Path(__file__).parent / "frontend" / "plan-card.js"


async def async_register_card(hass: HomeAssistant) -> None:
    """Make the card ``custom:flexmeasures-plan-card`` available on every dashboard; does nothing without a frontend."""
    if "frontend" not in hass.config.components:
        return
    # Imported only here, because the integration shall load where the frontend is not installed.
    from homeassistant.components.frontend import add_extra_js_url  # noqa: PLC0415

    url = f"/{DOMAIN}/{_FILE.name}"
    version = await hass.async_add_executor_job(_version)
    await hass.http.async_register_static_paths(
        [StaticPathConfig(url, str(_FILE), cache_headers=True)]
    )
    add_extra_js_url(hass, f"{url}?{version}")


def _version() -> str:
    """Return a name of the file's content, so that browsers keep it until it changes, and not longer."""
    return sha256(_FILE.read_bytes()).hexdigest()[:12]
