"""The plan card is served and loaded where there is a frontend, and nothing breaks where there is none."""

from pathlib import Path
from unittest.mock import AsyncMock, patch

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .test_init import set_up

CARD = Path(__file__).parents[1] / "custom_components/flexmeasures/frontend/plan-card.js"


async def test_the_card_is_served_and_loaded_by_the_frontend(
    hass: HomeAssistant,
    client: AsyncMock,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    hass.config.components.add("frontend")
    with patch("homeassistant.components.frontend.add_extra_js_url") as load:
        await set_up(hass, entry)

    (_, url), _ = load.call_args
    browser = await hass_client_no_auth()
    answer = await browser.get(url)

    assert url.startswith("/flexmeasures/plan-card.js?")
    assert answer.status == 200
    assert await answer.text() == CARD.read_text()


async def test_without_a_frontend_nothing_is_loaded(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    with patch("homeassistant.components.frontend.add_extra_js_url") as load:
        await set_up(hass, entry)

    load.assert_not_called()
