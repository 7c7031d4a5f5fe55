"""Serves the plan card and tells the frontend to load it."""

from hashlib import sha256
from pathlib import Path

from homeassistant.components.http.server import StaticPathConfig
from homeassistant.core import HomeAssistant

from .const import DOMAIN

_FOLDER = Path(__file__).parent / "frontend"
_CARD = "plan-card.js"


async def async_register_card(hass: HomeAssistant) -> None:
    """Make the card ``custom:flexmeasures-plan-card`` available on every dashboard; does nothing without a frontend."""
    if "frontend" not in hass.config.components:
        return
    # Imported only here, because the integration shall load where the frontend is not installed.
    from homeassistant.components.frontend import add_extra_js_url  # noqa: PLC0415

    version = await hass.async_add_executor_job(_version)
    # In the path, so that what the card imports is known by it, too.
    url = f"/{DOMAIN}/{version}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(url, str(_FOLDER), cache_headers=True)]
    )
    add_extra_js_url(hass, f"{url}/{_CARD}")


def _version() -> str:
    """Return a name of the files' content, so that browsers keep them until one changes, and not longer."""
    content = sha256()
    for file in sorted(_FOLDER.iterdir()):
        content.update(file.read_bytes())
    return content.hexdigest()[:12]
