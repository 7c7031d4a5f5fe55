"""The plan card is served and loaded where there is a frontend, and nothing breaks where there is none."""

from pathlib import Path
import re
from unittest.mock import AsyncMock, patch

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flexmeasures.card import _version

from .test_init import set_up

FILES = sorted((Path(__file__).parents[1] / "custom_components/flexmeasures/frontend").iterdir())


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
    folder, _, name = url.rpartition("/")
    browser = await hass_client_no_auth()
    answers = {file.name: await browser.get(f"{folder}/{file.name}") for file in FILES}

    assert re.fullmatch("/flexmeasures/[0-9a-f]{12}", folder)
    assert name == "plan-card.js"
    assert {answer.status for answer in answers.values()} == {200}
    assert {answer.headers["Cache-Control"] for answer in answers.values()} == {
        "public, max-age=2678400"
    }
    assert [await answers[file.name].text() for file in FILES] == [
        file.read_text() for file in FILES
    ]


def test_every_file_that_the_card_imports_is_beside_it() -> None:
    imported = {
        name
        for file in FILES
        for name in re.findall(r'^import .* from "(.*)";$', file.read_text(), re.MULTILINE)
    }

    assert imported == {f"./{file.name}" for file in FILES if file.name != "plan-card.js"}


def test_another_content_of_any_file_has_another_address(tmp_path: Path) -> None:
    for file in FILES:
        copy = tmp_path / file.name
        copy.write_bytes(file.read_bytes())
    with patch("custom_components.flexmeasures.card._FOLDER", tmp_path):
        versions = {_version()}
        for file in FILES:
            copy = tmp_path / file.name
            copy.write_text(copy.read_text() + "\n")
            versions.add(_version())

    assert len(versions) == 1 + len(FILES)


async def test_without_a_frontend_nothing_is_loaded(
    hass: HomeAssistant, client: AsyncMock, entry: MockConfigEntry
) -> None:
    with patch("homeassistant.components.frontend.add_extra_js_url") as load:
        await set_up(hass, entry)

    load.assert_not_called()
